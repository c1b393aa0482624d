//! What is left of the accuracy when pictures get worse, and when the classes are called by other words.

use wo_record::Score;
use wo_stats::Figure;

use crate::judge::label_space::Answers;
use crate::judge::prediction::Prediction;
use crate::score::scoring_task::label_figure;

/// The balanced accuracy after each change, which is the scope.
pub(crate) fn robustness(videos: &[&Prediction], answers: &Answers, seed: u64) -> Vec<Score> {
    let n_changes = videos.first().map_or(0, |video| video.changed.len());
    let of_change = |number: usize| {
        let (scope, _) = videos.first()?.changed.get(number)?;
        let said = videos
            .iter()
            .filter_map(|video| Some((*video, video.changed.get(number)?.1)));
        label_figure(said, Figure::BalancedAccuracy, scope.clone(), answers, seed)
    };
    (0..n_changes).filter_map(of_change).collect()
}
