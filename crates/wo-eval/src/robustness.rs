//! What is left of the accuracy when pictures get worse.

use image::RgbImage;
use rayon::prelude::*;
use wo_clip::Judge;
use wo_picture::grid;
use wo_record::Score;
use wo_stats::Figure;

use crate::answers::Answers;
use crate::prediction::Prediction;
use crate::question::label_figure;

/// Every so many frames are left in place of all: a lower frame rate.
const EVERY: [usize; 2] = [2, 4];

/// The label that is said of a video after each change of its pictures, such as `blur=0.01`.
pub(crate) fn changed(
    judge: &Judge,
    answers: &Answers,
    pictures: &[RgbImage],
) -> Vec<(String, usize)> {
    let label = |pictures: &[RgbImage]| {
        let call = answers.call(&judge.score(pictures).video);
        call.map_or(0, |call| call.label)
    };
    let changes = grid().iter().flat_map(|curve| curve.changes);
    let mut said: Vec<(String, usize)> = changes
        .map(|change| {
            let pictures: Vec<RgbImage> = pictures.par_iter().map(|it| change.apply(it)).collect();
            let name = format!("{}={}", change.name(), change.strength());
            (name, label(&pictures))
        })
        .collect();
    said.extend(EVERY.map(|every| {
        let fewer: Vec<RgbImage> = pictures.iter().step_by(every).cloned().collect();
        (format!("frame_rate=1/{every}"), label(&fewer))
    }));
    said
}

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
