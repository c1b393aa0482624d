//! The smallest shortcut that an audit would have found: made-up ones of growing strength are planted beside the labels.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::data::{AuditData, AuditScope, Part};
use super::evidence::Scale;
use super::held_out::{Judged, out_of_fold, within_exercises};
use super::permutation::{Moves, permuted};

/// By how many standard deviations labels differ in a planted shortcut.
const STRENGTHS: [f64; 10] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0];
/// How often each strength is planted, and with how many permuted labels each draw without one is judged.
const N_DRAWS: usize = 20;
const N_PERMUTED: usize = 5;
/// A shortcut counts as found that is found in so many draws.
const POWER: f64 = 0.8;
/// The part of the variance of a planted number that videos of one group share.
const OF_GROUP: f64 = 0.5;

/// The balanced accuracy of the weakest planted shortcut that stands out by more than `bar` in four of five draws. A planted
/// shortcut is one number that follows the label, and of which the rest is half the group's and half the video's. `None`
/// where none does.
pub(super) fn smallest_detectable(
    data: &AuditData<'_>,
    part: &Part,
    bar: f64,
    seed: u64,
) -> Option<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let groups = data.groups_of(part.scope);
    let moves = match part.scope {
        AuditScope::EachSource | AuditScope::Source(_) => Moves::WithinSources,
        _ => Moves::WithinExercises,
    };
    let noises: Vec<Vec<f64>> = (0..N_DRAWS).map(|_| noise(&mut random, groups)).collect();
    let mut scores = Vec::with_capacity(N_DRAWS * N_PERMUTED);
    for noise in &noises {
        for _ in 0..N_PERMUTED {
            let labels = permuted(&mut random, data, moves);
            scores.extend(judged(noise, 0.0, &labels, data, part).score(&labels));
        }
    }
    let scale = Scale::of(&scores);
    let planted = |strength: f64| -> (f64, f64) {
        let (mut n_found, mut sum) = (0, 0.0);
        for noise in &noises {
            let judged = judged(noise, strength, data.truth, data, part);
            let score = judged.score(data.truth);
            n_found += usize::from(score.is_some_and(|it| scale.standing_out(it) > bar));
            sum += mean_recall(&judged, data);
        }
        let n = N_DRAWS as f64;
        (n_found as f64 / n, sum / n)
    };
    let weaker = STRENGTHS.partition_point(|strength| planted(*strength).0 < POWER);
    STRENGTHS.get(weaker).map(|strength| planted(*strength).1)
}

/// A number of each video with variance 1.
fn noise(random: &mut impl Rng, groups: &[usize]) -> Vec<f64> {
    let n_groups = groups.iter().max().map_or(0, |last| last + 1);
    let of_groups: Vec<f64> = (0..n_groups).map(|_| normal(random)).collect();
    let of_video = |group: &usize| {
        let shared = of_groups.get(*group).copied().unwrap_or(0.0);
        OF_GROUP.sqrt() * shared + (1.0 - OF_GROUP).sqrt() * normal(random)
    };
    groups.iter().map(of_video).collect()
}

/// Nearly normal: the sum of twelve uniform numbers.
fn normal(random: &mut impl Rng) -> f64 {
    (0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0
}

/// What a probe says of these videos that sees the noise, and the label as much as the shortcut is strong.
fn judged(
    noise: &[f64],
    strength: f64,
    labels: &[usize],
    data: &AuditData<'_>,
    part: &Part,
) -> Judged {
    let first = labels.iter().min();
    let shortcut = |(noise, label): (&f64, &usize)| {
        let is_first = f64::from(u8::from(Some(label) == first));
        vec![noise + strength * is_first]
    };
    let rows: Vec<Vec<f64>> = noise.iter().zip(labels).map(shortcut).collect();
    let rows = within_exercises(&rows, data.exercises);
    Judged {
        scope: part.scope,
        videos: part.videos.clone(),
        probabilities: out_of_fold(&rows, labels, data, part.scope, &part.videos),
    }
}

/// The mean over labels of the part that is right.
fn mean_recall(judged: &Judged, data: &AuditData<'_>) -> f64 {
    let mut of_labels: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (video, predicted) in judged.videos.iter().zip(judged.predicted()) {
        if let Some(label) = data.truth.get(*video) {
            let (n_right, n) = of_labels.entry(*label).or_default();
            *n_right += f64::from(u8::from(*label == predicted));
            *n += 1.0;
        }
    }
    let sum: f64 = of_labels.values().map(|(n_right, n)| n_right / n).sum();
    sum / of_labels.len().max(1) as f64
}
