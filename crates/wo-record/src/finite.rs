//! Floats on the wire are finite. `serde_json` writes NaN as `null` without a word; these refuse it.

use serde::{Serialize, Serializer, ser::Error};

/// For `#[serde(serialize_with)]` on a float.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
pub(crate) fn one<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        Err(S::Error::custom(format!("{value} is not a finite number")))
    }
}

/// For `#[serde(serialize_with)]` on a float that may be absent.
#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(crate) fn option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => one(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// For `#[serde(serialize_with)]` on named floats.
pub(crate) fn map<K: Serialize + std::fmt::Display, S: Serializer>(
    values: &std::collections::BTreeMap<K, f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if let Some((name, value)) = values.iter().find(|(_, value)| !value.is_finite()) {
        return Err(S::Error::custom(format!(
            "{name} is {value}, not a finite number"
        )));
    }
    values.serialize(serializer)
}

/// For `#[serde(serialize_with)]` on a list of floats that may be absent.
#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(crate) fn list<S: Serializer>(
    values: &Option<Vec<f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut all = values.iter().flatten();
    if let Some(value) = all.find(|value| !value.is_finite()) {
        return Err(S::Error::custom(format!("{value} is not a finite number")));
    }
    values.serialize(serializer)
}
