//! Balanced accuracy on degraded images and with reworded classes.

use wo_stats::Metric;

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::key::Scope;
use crate::score::measurement::Measurement;
use crate::score::scoring_task::label_metric;

/// The balanced accuracy after each change, which is the scope.
pub(crate) fn robustness(
    videos: &[&Prediction],
    space: &LabelSpace,
    seed: u64,
) -> Vec<Measurement> {
    let n_changes = videos.first().map_or(0, |video| video.perturbed.len());
    let of_change = |number: usize| {
        let change = videos.first()?.perturbed.get(number)?;
        let scope = Scope::Part {
            field: change.kind.clone(),
            value: change.strength.clone(),
        };
        let predicted = videos
            .iter()
            .filter_map(|video| Some((*video, video.perturbed.get(number)?.label)));
        label_metric(predicted, Metric::BalancedAccuracy, scope, space, seed)
    };
    (0..n_changes).filter_map(of_change).collect()
}
