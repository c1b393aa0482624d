//! Ranges of numbers that a model may have.

use std::ops::RangeInclusive;

/// Says what a number is where it is outside of a range.
pub(crate) fn within(field: &str, value: f64, range: &RangeInclusive<f64>) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(format!(
        "{field} is {value:?}, and a number from {least} to {most} is expected"
    ))
}
