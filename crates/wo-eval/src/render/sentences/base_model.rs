//! What the base model of a model means for its metrics.

use wo_record::DRAWN_BASE;

/// What to keep in mind with each metric and verdict of a model with such a caution.
pub(crate) fn caution_in_words(code: &str) -> String {
    if code == DRAWN_BASE {
        return "its base model has only seen drawn lifters, and it was trained on photographs"
            .to_owned();
    }
    // A newer version wrote it.
    code.replace('_', " ")
}

/// The same as a reason not to rely on the model.
pub(crate) fn reservation(caution: Option<&str>) -> Option<String> {
    caution.map(|it| format!("Caution with the model: {}.", caution_in_words(it)))
}
