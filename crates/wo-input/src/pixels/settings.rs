//! Settings of a preprocessing: which numbers make pixels at all, and how others are refused.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};
use wo_cli::Error;

use crate::fields::Fields;

/// Sides of an image in pixels, in models that exist and somewhat beyond.
pub(crate) const SIDES: RangeInclusive<i64> = 1..=4096;
/// Means and standard deviations for which no pixel becomes infinite. Those of values from 0 to 1 are between 0 and 1.
pub(crate) const MEANS: RangeInclusive<f64> = -1000.0..=1000.0;
pub(crate) const STDS: RangeInclusive<f64> = 1e-6..=1000.0;
/// What bytes may be multiplied by.
pub(crate) const RESCALES: RangeInclusive<f64> = 1e-6..=1000.0;

/// The object without the fields that are null, which count as absent.
pub(crate) fn without_nulls(settings: &Value) -> Value {
    let Value::Object(map) = settings else {
        return settings.clone();
    };
    let set = map.iter().filter(|(_, value)| !value.is_null());
    let set: Map<String, Value> = set.map(|(k, v)| (k.clone(), without_nulls(v))).collect();
    Value::Object(set)
}

/// An error with what to do about it.
pub(crate) fn refuse<T>(why: String, cure: &str) -> anyhow::Result<T> {
    Err(Error::msg(why).hint(cure).into())
}

/// What was read of a field, or the message that it is wrong.
pub(crate) fn read<T>(field: Result<T, String>) -> anyhow::Result<T> {
    field.map_err(anyhow::Error::msg)
}

/// Refuses a field that is switched on and that is not known.
pub(crate) fn check_others(
    fields: &Fields<'_>,
    is_known: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let other = fields
        .iter()
        .find(|(name, value)| !is_known(name) && !is_off(value));
    match other {
        None => Ok(()),
        Some((name, _)) => refuse(
            format!(
                "{}, for it may change pixels",
                fields.wrong(name, "no such field")
            ),
            "take it out if the model sees its images without it",
        ),
    }
}

/// Whether the value of an unknown field switches nothing on.
fn is_off(value: &Value) -> bool {
    value.is_null()
        || *value == false
        || *value == json!({})
        || *value == json!([])
        || value.as_f64() == Some(0.0)
}
