//! The words that tell one score from another: task, predictor, unit and scope.

use wo_record::Name;

/// The task of telling good form from bad.
pub(crate) const LABEL: &str = "label";
/// The task of telling the exercise.
pub(crate) const EXERCISE: &str = "exercise";
/// A whole video is one unit.
pub(crate) const VIDEO: &str = "video";
/// Each frame is a unit.
pub(crate) const FRAME: &str = "frame";
/// Predicted by the model.
pub(crate) const MODEL: &str = "model";
/// Predicted by `wo_stats::Majority`.
pub(crate) const MAJORITY: &str = "majority";
/// Predicted by `wo_stats::DurationOnly`.
pub(crate) const DURATION_ONLY: &str = "duration_only";
/// The scope of all held-out videos.
pub(crate) const ALL: &str = "all";
/// The scope of all videos that the model has seen; `seen/squat` is that of one exercise.
pub(crate) const SEEN: &str = "seen";

/// The name of the figure by how much the model's balanced accuracy is above that of a baseline.
pub(crate) fn gain_over(baseline: &str) -> String {
    format!("balanced_accuracy_over_{baseline}")
}

/// The scope of one exercise within `scope`.
pub(crate) fn scope_of_exercise(scope: &str, exercise: &Name) -> String {
    if scope == ALL {
        exercise.to_string()
    } else {
        format!("{scope}/{exercise}")
    }
}
