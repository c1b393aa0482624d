//! Likely label errors, duplicates and outliers.

use std::collections::BTreeMap;

use wo_record::{Suspect, SuspectReason};
use wo_stats::{LabelErrors, Selection, Suspicion};

use crate::data_quality::duplicate_index::{Duplicate, DuplicateIndex};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};

/// The score of a label that is as probable as another one.
const EVEN: f64 = 0.5;
/// Fewer videos of an exercise than this have no outliers.
const MIN_VIDEOS: usize = 12;
/// An outlier's distance is the mean over so many nearest videos.
const N_NEAREST: usize = 5;
/// An outlier is so many spreads of the middle half beyond its upper end.
const OUTER_FENCE: f64 = 3.0;

/// Most suspicious first: label errors (Northcutt et al. 2021, arXiv 1911.00068), then duplicates within the input,
/// then outliers of their exercise.
pub(crate) fn suspects(videos: &[&Prediction], space: &LabelSpace) -> Vec<Suspect> {
    let mut suspects = mislabelled(videos, space);
    suspects.extend(duplicates(videos, space));
    suspects.extend(outliers(videos, space));
    suspects
}

fn suspect(video: &Prediction, space: &LabelSpace) -> Suspect {
    let record = video.record(space);
    Suspect {
        video_id: record.video_id,
        path: record.path,
        index: None,
        exercise: record.exercise,
        label: record.label,
        suggested_label: None,
        score: 1.0,
        reason: SuspectReason::Label,
        alike: None,
    }
}

/// A duplicate of the video `alike`.
pub(crate) fn duplicate(
    video: &Prediction,
    space: &LabelSpace,
    part: f64,
    alike: String,
) -> Suspect {
    Suspect {
        score: part.min(1.0),
        reason: SuspectReason::NearDuplicate,
        alike: Some(alike),
        ..suspect(video, space)
    }
}

/// Label errors by confident learning, and doubts: the model leans to another label.
fn mislabelled(videos: &[&Prediction], space: &LabelSpace) -> Vec<Suspect> {
    let scored: Vec<(&Prediction, usize)> = videos
        .iter()
        .filter_map(|it| Some((*it, it.truth()?)))
        .collect();
    let labels: Vec<usize> = scored.iter().map(|(_, label)| *label).collect();
    // No label should be `unclear`, however probable that is.
    let predicted: Vec<Vec<f64>> = scored
        .iter()
        .map(|(it, _)| {
            let probabilities = it.calibrated.iter().copied();
            probabilities.take(space.n_true_labels()).collect()
        })
        .collect();
    let Some(errors) = LabelErrors::new(&labels, &predicted) else {
        return Vec::new();
    };
    errors
        .ranked(Suspicion::NormalizedMargin, Selection::NoiseRate)
        .into_iter()
        .filter(|it| it.is_selected || it.score > EVEN)
        .filter_map(|found| {
            let (video, _) = scored.get(found.sample)?;
            Some(Suspect {
                suggested_label: space.labels.get(found.suggested).cloned(),
                score: found.score.clamp(0.0, 1.0),
                reason: if found.is_selected {
                    SuspectReason::Label
                } else {
                    SuspectReason::Doubt
                },
                ..suspect(video, space)
            })
        })
        .collect()
}

/// Those that are far from the others of their exercise, in what the model sees: the distance to the nearest of them is
/// beyond Tukey's outer fence (1977).
fn outliers(videos: &[&Prediction], space: &LabelSpace) -> Vec<Suspect> {
    let mut by_exercise: BTreeMap<Option<usize>, Vec<(&Prediction, &[f64])>> = BTreeMap::new();
    for video in videos {
        let whole = video.regions.as_ref().and_then(|it| it.whole.as_ref());
        let (Some(whole), GroundTruth::Scored { exercise, .. }) = (whole, &video.ground_truth)
        else {
            continue;
        };
        let of_exercise = by_exercise.entry(*exercise).or_default();
        of_exercise.push((video, whole));
    }
    let mut found = Vec::new();
    for of_exercise in by_exercise.values().filter(|it| it.len() >= MIN_VIDEOS) {
        let distances: Vec<f64> = of_exercise
            .iter()
            .map(|(video, seen)| distance_to_others(video, seen, of_exercise))
            .collect();
        let mut sorted = distances.clone();
        sorted.sort_by(f64::total_cmp);
        let quartile = |n: usize| sorted.get(sorted.len() * n / 4).copied().unwrap_or(0.0);
        let fence = quartile(3) + OUTER_FENCE * (quartile(3) - quartile(1));
        let beyond = of_exercise.iter().zip(distances);
        let mut beyond: Vec<Suspect> = beyond
            .filter(|(_, distance)| *distance > fence)
            .map(|((video, _), distance)| Suspect {
                score: 1.0 - fence / distance,
                reason: SuspectReason::Outlier,
                ..suspect(video, space)
            })
            .collect();
        beyond.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.extend(beyond);
    }
    found
}

/// The mean distance to the nearest videos of other groups.
fn distance_to_others(video: &Prediction, seen: &[f64], all: &[(&Prediction, &[f64])]) -> f64 {
    let mut distances: Vec<f64> = all
        .iter()
        .filter(|(other, _)| other.group != video.group)
        .map(|(_, other)| {
            let squares = seen.iter().zip(*other).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f64>().sqrt()
        })
        .collect();
    distances.sort_by(f64::total_cmp);
    distances.truncate(N_NEAREST);
    distances.iter().sum::<f64>() / distances.len().max(1) as f64
}

/// Duplicates of an earlier video, each listed once.
fn duplicates(videos: &[&Prediction], space: &LabelSpace) -> Vec<Suspect> {
    let all = DuplicateIndex::new(videos.iter().map(|it| (it.video_id.clone(), &it.facts)));
    let paths: BTreeMap<&str, &Prediction> = videos
        .iter()
        .map(|it| (it.video_id.as_str(), *it))
        .collect();
    let name = |video_id: &str| {
        let path = paths.get(video_id).and_then(|it| it.path.as_ref());
        path.map_or_else(|| video_id.to_owned(), ToString::to_string)
    };
    let of_video = |(place, video): (usize, &&Prediction)| {
        let Duplicate { video_id, part } =
            all.duplicate_of(&video.video_id, &video.facts, place)?;
        Some(duplicate(video, space, part, name(video_id)))
    };
    videos.iter().enumerate().filter_map(of_video).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};
    use crate::judge::region_features::RegionFeatures;

    #[test]
    fn a_label_that_is_contradicted_is_a_suspect() {
        let space = LabelSpace::new(&classes());
        let mut videos: Vec<Prediction> = (0..40)
            .map(|person| {
                let mut video = squat(person, person % 2, person % 2, 1000.0);
                video.calibrated = vec![0.1, 0.1];
                video.calibrated[person % 2] = 0.9;
                video
            })
            .collect();
        videos[7].calibrated = vec![0.97, 0.03];
        let found = suspects(&videos.iter().collect::<Vec<_>>(), &space);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].video_id, videos[7].video_id);
        assert_eq!(found[0].suggested_label.as_ref(), space.labels.first());
        assert!(found[0].score > 0.9 && found[0].reason == SuspectReason::Label);
    }

    #[test]
    fn what_looks_like_no_other_is_an_outlier() {
        let mut videos: Vec<Prediction> = (0..30)
            .map(|person| {
                let mut video = squat(person, person % 2, person % 2, 1.0);
                let (angle, radius) = (0.2 * person as f64, 1.0 + 0.1 * (person % 4) as f64);
                let whole = vec![radius * angle.cos(), radius * angle.sin()];
                video.regions = Some(RegionFeatures {
                    whole: Some(whole),
                    first_frame: Vec::new(),
                    background: None,
                    appearance: None,
                });
                video
            })
            .collect();
        videos[9].regions.as_mut().unwrap().whole = Some(vec![40.0, 40.0]);
        let found = outliers(
            &videos.iter().collect::<Vec<_>>(),
            &LabelSpace::new(&classes()),
        );
        let ids: Vec<&str> = found.iter().map(|it| it.video_id.as_str()).collect();
        assert_eq!(ids, [videos[9].video_id.as_str()]);
        assert!(found[0].score > 0.5 && found[0].reason == SuspectReason::Outlier);
    }

    #[test]
    fn the_same_pictures_are_told_with_the_video_that_came_first() {
        let space = LabelSpace::new(&classes());
        let mut videos: Vec<Prediction> = (0..3).map(|i| squat(i, 0, 0, 1.0)).collect();
        videos[0].path = Some("first.mp4".into());
        videos[0].facts.hashes = vec![0xaaaa_0f0f_3333_5555, 0x1234_5678_9abc_def0];
        videos[1].facts.hashes = vec![0xaaaa_0f0f_3333_5554, 0x0f0f_0f0f_0f0f_0f0f];
        videos[2].facts.hashes = vec![0x7777_6666_5555_4444];
        let found = suspects(&videos.iter().collect::<Vec<_>>(), &space);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].video_id, videos[1].video_id);
        assert_eq!(found[0].alike.as_deref(), Some("first.mp4"));
        assert_eq!(
            (found[0].score, &found[0].reason),
            (0.5, &SuspectReason::NearDuplicate)
        );
    }
}
