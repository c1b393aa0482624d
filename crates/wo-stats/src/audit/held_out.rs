//! What probes say of videos that they were not fitted to.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{AuditData, AuditScope, Compared, Part, ProbeFeatures};
use crate::probe::{Probe, ProbeData, balanced_weights};
use crate::scoring::brier_score;

/// Penalty of the probes: scikit-learn's C.
const INVERSE_PENALTY: f64 = 0.1;

/// Labels, as they are or permuted in each way that a null needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Labels {
    pub(super) within_exercises: Vec<usize>,
    pub(super) within_sources: Vec<usize>,
    pub(super) anywhere: Vec<usize>,
}

impl Labels {
    pub(super) fn of(&self, compared: Compared, scope: AuditScope) -> &[usize] {
        match (compared, scope) {
            (Compared::Exercises, _) => &self.anywhere,
            (_, AuditScope::EachSource | AuditScope::Source(_)) => &self.within_sources,
            _ => &self.within_exercises,
        }
    }
}

/// What one probe says of the videos of a scope.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub(super) scope: AuditScope,
    pub(super) videos: Vec<usize>,
    /// Of each of these videos how probable each label is.
    pub(super) probabilities: Vec<Vec<f64>>,
}

impl Judged {
    /// One minus the Brier score: the greater, the better. It tells a probe that is a little surer of most videos long before
    /// it is right on many more.
    pub(super) fn score(&self, labels: &[usize]) -> Option<f64> {
        let labels = self.videos.iter().map(|it| labels.get(*it).copied());
        let labels: Vec<usize> = labels.collect::<Option<_>>()?;
        Some(1.0 - brier_score(&self.probabilities, &labels)?)
    }

    /// The most probable label of each of its videos.
    pub(super) fn predicted(&self) -> Vec<usize> {
        let most = |probabilities: &Vec<f64>| {
            let all = probabilities.iter().enumerate();
            let best = all.reduce(|best, next| if next.1 > best.1 { next } else { best });
            best.map_or(0, |(label, _)| label)
        };
        self.probabilities.iter().map(most).collect()
    }
}

/// What a probe says of each scope, fitted to the labels of that scope. `families` are the parts by exercise and by source.
pub(super) fn judged(
    probe: &ProbeFeatures,
    labels: &Labels,
    data: &AuditData<'_>,
    families: &[(AuditScope, Vec<Part>)],
) -> Vec<Judged> {
    let of = |scope, videos: &[usize]| {
        let labels = labels.of(probe.compared, scope);
        Judged {
            scope,
            videos: videos.to_vec(),
            probabilities: out_of_fold(&probe.rows, labels, data, scope, videos),
        }
    };
    let all: Vec<usize> = (0..data.truth.len()).collect();
    let mut found = vec![of(AuditScope::All, &all)];
    if probe.compared == Compared::Exercises {
        return found;
    }
    for (scope, parts) in families.iter().filter(|(_, parts)| !parts.is_empty()) {
        let of_parts: Vec<Judged> = parts.iter().map(|it| of(it.scope, &it.videos)).collect();
        found.push(Judged {
            scope: *scope,
            videos: of_parts.iter().flat_map(|it| it.videos.clone()).collect(),
            probabilities: of_parts
                .iter()
                .flat_map(|it| it.probabilities.clone())
                .collect(),
        });
        found.extend(of_parts);
    }
    found
}

/// How probable each label of these videos is to probes that were fitted to the others of them in other folds.
pub(super) fn out_of_fold(
    rows: &[Vec<f64>],
    labels: &[usize],
    data: &AuditData<'_>,
    scope: AuditScope,
    videos: &[usize],
) -> Vec<Vec<f64>> {
    let folds = data.folds_of(scope);
    let fold = |video: &usize| folds.get(*video).copied();
    let folds: BTreeSet<Option<usize>> = videos.iter().map(fold).collect();
    let mut of_video: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for held_out in folds {
        let (mut features, mut classes) = (Vec::new(), Vec::new());
        for video in videos.iter().filter(|video| fold(video) != held_out) {
            if let (Some(row), Some(label)) = (rows.get(*video), labels.get(*video)) {
                features.push(row.clone());
                classes.push(*label);
            }
        }
        let examples = ProbeData {
            features: &features,
            classes: &classes,
            weights: &balanced_weights(&classes),
            n_classes: data.n_classes,
        };
        let probe = Probe::fit(&examples, INVERSE_PENALTY);
        // Where all others have one label, nothing is known of what tells labels apart.
        let unknown = || vec![1.0 / data.n_classes as f64; data.n_classes];
        for video in videos.iter().filter(|video| fold(video) == held_out) {
            let row = rows.get(*video).map_or(&[][..], Vec::as_slice);
            let probabilities = probe.as_ref().map(|it| it.probabilities(row));
            of_video.insert(*video, probabilities.unwrap_or_else(unknown));
        }
    }
    let all = videos.iter().map(|it| of_video.get(it).cloned());
    all.map(Option::unwrap_or_default).collect()
}

/// The features as distances from the mean of their exercise, in its standard deviations: what is left when the exercise is
/// known. A number that is not known, or does not vary in its exercise, is 0.
pub(super) fn within_exercises(rows: &[Vec<f64>], exercises: &[usize]) -> Vec<Vec<f64>> {
    let width = rows.first().map_or(0, Vec::len);
    let mut moments: BTreeMap<usize, Vec<Moments>> = BTreeMap::new();
    for (row, exercise) in rows.iter().zip(exercises) {
        let of_exercise = moments
            .entry(*exercise)
            .or_insert_with(|| vec![Moments::default(); width]);
        for (moments, value) in of_exercise.iter_mut().zip(row) {
            moments.add(*value);
        }
    }
    let standardised = |(row, exercise): (&Vec<f64>, &usize)| {
        let moments = moments.get(exercise).into_iter().flatten();
        let values = row.iter().zip(moments);
        values.map(|(value, it)| it.standardised(*value)).collect()
    };
    rows.iter().zip(exercises).map(standardised).collect()
}

/// A running mean and variance (Welford 1962).
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.n += 1.0;
            let distance = value - self.mean;
            self.mean += distance / self.n;
            self.squares += distance * (value - self.mean);
        }
    }

    fn standardised(&self, value: f64) -> f64 {
        let deviation = (self.squares / self.n.max(1.0)).sqrt();
        // What varies by rounding alone does not vary.
        let varies = deviation > self.mean.abs() * 1e-12;
        if value.is_finite() && varies {
            (value - self.mean) / deviation
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_that_is_longer_looks_like_any_other() {
        let rows = [3.0, 5.0, f64::NAN, 30.0, 50.0, 7.0].map(|value| vec![value, 1.0]);
        let found = within_exercises(&rows, &[0, 0, 0, 1, 1, 2]);
        let expected = [-1.0, 1.0, 0.0, -1.0, 1.0, 0.0];
        for (row, expected) in found.iter().zip(expected) {
            assert!((row[0] - expected).abs() < 1e-12 && row[1].abs() < 1e-12);
        }
    }
}
