//! Worst-group recall: the lowest recall of an exercise and label. A mean can be good while one kind is always wrong
//! (Koh et al. 2021, arXiv 2012.07421).

use std::collections::BTreeMap;

use wo_stats::{Bootstrap, GroupSums, Interval, numbered, proportion_of_several};

use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::evaluation::Evaluation;
use crate::score::key::{MetricName, Scope, ScoreKey, Whole};
use crate::score::measurement::Measurement;
use crate::score::support::Support;

/// The lowest recall of an exercise and label. `None` with fewer than two.
pub(crate) fn worst_group(videos: &[&Prediction], whole: Whole, seed: u64) -> Option<Measurement> {
    let mut cells: BTreeMap<(Option<usize>, usize), usize> = BTreeMap::new();
    let mut scored = Vec::new();
    for video in videos {
        if let GroundTruth::Scored { label, exercise } = video.ground_truth {
            let next = cells.len();
            let cell = *cells.entry((exercise, label)).or_insert(next);
            scored.push((*video, cell));
        }
    }
    if cells.len() < 2 {
        return None;
    }
    let (groups, n_groups) = numbered(scored.iter().map(|(video, _)| &video.group));
    // Right and all videos of each cell, by group.
    let mut counts = vec![vec![(0, 0); n_groups]; cells.len()];
    for ((video, cell), group) in scored.iter().zip(groups) {
        if let Some((right, all)) = counts.get_mut(*cell).and_then(|it| it.get_mut(group)) {
            *right += u64::from(video.is_right() == Some(true));
            *all += 1;
        }
    }
    let mut sums = GroupSums::new(2 * cells.len());
    for group in 0..n_groups {
        let of_cell = |(cell, counts): (usize, &Vec<(u64, u64)>)| {
            let (right, all) = counts.get(group).copied().unwrap_or_default();
            [(2 * cell, right as f64), (2 * cell + 1, all as f64)]
        };
        sums.push(counts.iter().enumerate().flat_map(of_cell));
    }
    let worst = |drawn: &[u64]| {
        let sums = sums.drawn(drawn);
        let recall = |pair: &[f64]| match pair {
            [right, all] if *all > 0.0 => Some(right / all),
            _ => None,
        };
        let recalls: Option<Vec<f64>> = sums.chunks(2).map(recall).collect();
        vec![recalls.and_then(|it| it.into_iter().reduce(f64::min))]
    };
    let bootstrap = Bootstrap::new(seed);
    let estimate = bootstrap.estimates(n_groups, worst).pop()?;
    let estimate = estimate.joined_with(interval_of_least(&counts), bootstrap.confidence);
    let key = ScoreKey {
        scope: Scope::Whole(whole),
        ..ScoreKey::of_labels(MetricName::WorstGroupRecall)
    };
    let support = Support::of_classes(scored.iter().map(|(video, cell)| (&video.group, *cell)));
    Some(Measurement::new(key, &estimate, support))
}

/// The interval of the least of several recalls, from right and all videos of each by group: it is at most the recall of
/// any of them, and at least the lowest of their low ends. All of them are looked at, so each has its interval at a level
/// that is corrected for their number. `None` where one of them has fewer than two groups.
fn interval_of_least(counts: &[Vec<(u64, u64)>]) -> Option<Interval> {
    let ends: Vec<Interval> = counts
        .iter()
        .map(|it| proportion_of_several(it, counts.len()))
        .collect::<Option<_>>()?;
    ends.into_iter().reduce(|one, other| Interval {
        low: one.low.min(other.low),
        high: one.high.min(other.high),
    })
}

/// Which exercise and label that is, as `squat, good form`. `None` for ties, and for videos without an exercise.
pub(crate) fn worst_kind(evaluation: &Evaluation, whole: Whole) -> Option<String> {
    let worst = evaluation.score(&ScoreKey {
        scope: Scope::Whole(whole),
        ..ScoreKey::of_labels(MetricName::WorstGroupRecall)
    })?;
    let value = worst.value?;
    let recalls = evaluation.scores().iter().filter_map(|it| {
        let Scope::Exercise(of, exercise) = &it.key.scope else {
            return None;
        };
        let key = ScoreKey {
            scope: it.key.scope.clone(),
            class: it.key.class.clone(),
            ..ScoreKey::of_labels(MetricName::Recall)
        };
        let is_it = *of == whole && it.key == key && it.value? <= value;
        is_it.then_some((exercise, it.key.class.as_ref()?))
    });
    match recalls.collect::<Vec<_>>()[..] {
        [(exercise, label)] => Some(format!("{}, {}", exercise.words(), label.words())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{evaluated, squat};

    #[test]
    fn the_least_recall_is_found() {
        // Of ten good videos two are taken for bad, of ten bad ones five for good.
        let videos: Vec<Prediction> = (0..20)
            .map(|i| {
                let (truth, number) = (i % 2, i / 2);
                let is_wrong = number < if truth == 1 { 2 } else { 5 };
                squat(i, truth, if is_wrong { 1 - truth } else { truth }, 1.0)
            })
            .collect();
        let named = worst_kind(&evaluated(&videos), Whole::HeldOut);
        assert_eq!(named.as_deref(), Some("squat, bad form"));
        let videos: Vec<&Prediction> = videos.iter().collect();
        let score = worst_group(&videos, Whole::HeldOut, 0).unwrap();
        assert_eq!((score.value, score.n, score.n_groups), (Some(0.5), 20, 20));
        assert!(
            score.low.unwrap() < 0.4 && score.high.unwrap() < 0.9,
            "{score:?}"
        );
        // Looked at alone, the recall of bad form would seem surer.
        let of_bad: Vec<(u64, u64)> = (0..10).map(|i| (u64::from(i >= 5), 1)).collect();
        let alone = proportion_of_several(&of_bad, 1).unwrap();
        assert!(
            alone.low > score.low.unwrap() && alone.high < score.high.unwrap(),
            "{alone:?} {score:?}"
        );
        let bad: Vec<&Prediction> = videos.into_iter().step_by(2).collect();
        assert_eq!(worst_group(&bad, Whole::HeldOut, 0), None, "one kind alone");
    }
}
