//! How much of a model's skill can be had without looking at the lifter: probes that see only a shortcut, scored beside the
//! model on the same videos and folds (Geirhos et al. 2020, Shortcut Learning in Deep Neural Networks, arXiv 2004.07780).

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::bootstrap::{Bootstrap, Estimate, Interval, shuffle, standard_deviation};
use crate::grouped_confusions::GroupedConfusions;
use crate::grouped_confusions::Sample;
use crate::metrics::{Counts, Metric};
use crate::scoring::brier_score;

/// How often an audit of probes that know nothing may find one of them above chance: one in a hundred, as it is run with
/// each evaluation.
const LEVEL: f64 = 0.01;
/// How many refits to permuted labels: the fewest that can detect one in a hundred.
pub const MIN_PERMUTATIONS: usize = 99;
/// Scores of a few tens of videos differ by more than this, or not at all.
const LEAST_DEVIATION: f64 = 1e-6;
/// A model most of whose skill can be had without the lifter has failed.
const MOST: f64 = 0.5;

/// What is found of a shortcut, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditOutcome {
    /// Not found to be better than chance.
    Pass,
    /// Not tested: there are too few permutations.
    Untested,
    /// Significantly better than chance, with all probes taken together.
    Warn,
    /// That, and the lower end of its share of the model's skill lies above a half.
    Fail,
}

/// One probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audited {
    /// Its balanced accuracy.
    pub balanced_accuracy: Estimate,
    /// How probable it is that any of the probes stands out as much where labels are permuted: one-sided, corrected for the
    /// number of probes (Westfall & Young 1993, single-step max-T).
    pub p_value: Option<f64>,
    /// Its skill above chance over the model's, between 0 and 1. `None` if the model is not significantly better than
    /// chance.
    pub share: Option<f64>,
    /// The 95 % percentile interval of that, from the same resamples for both.
    pub share_interval: Option<Interval>,
    /// What is found.
    pub verdict: AuditOutcome,
}

/// All probes.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Chance: the balanced accuracy of always predicting the same class, one over the number of classes with samples.
    pub chance: f64,
    /// The model's balanced accuracy.
    pub model: Estimate,
    /// Whether the lower end of its interval lies above chance. Where it does not, there is no skill to have a share of.
    pub is_model_above_chance: bool,
    /// Each probe, in the order in which samples have them.
    pub probes: Vec<Audited>,
    /// The worst of their verdicts.
    pub verdict: AuditOutcome,
}

/// How well probes do on labels as they are, and where there is nothing to be found.
///
/// What tells the two apart is the Brier score of probabilities out of fold, not how many answers are right: of 48 videos a
/// probe that is a little surer of most of them stands out long before it is right on many more.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// For each probe one minus its Brier score: the greater, the better.
    observed: Vec<Option<f64>>,
    /// The same for each permutation of the labels.
    permuted: Vec<Vec<Option<f64>>>,
}

impl Evidence {
    /// `truth` and `groups` are those of the samples, of which labels are permuted over groups `n_permutations` times; `refit`
    /// is given labels, fits all probes to them on the same folds each time, and returns for each probe and each sample the
    /// probability of each class, from a probe that has not been fitted to the sample. `predicted` is that of the truth.
    ///
    /// Refits are needed: what is said out of fold depends on the labels of all other folds, so that probes that know
    /// nothing come out above chance far more often than a test of their predictions alone would have it.
    pub fn gather(
        truth: &[usize],
        groups: &[usize],
        predicted: &[Vec<Vec<f64>>],
        n_permutations: usize,
        seed: u64,
        mut refit: impl FnMut(&[usize]) -> Vec<Vec<Vec<f64>>>,
    ) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let permuted = (0..n_permutations)
            .map(|_| {
                let labels = permuted(&mut random, truth, groups);
                scores(&refit(&labels), &labels)
            })
            .collect();
        Self {
            observed: scores(predicted, truth),
            permuted,
        }
    }

    /// For each probe how often the probe that stands out most does so at least as much. `None` of too few permutations.
    fn p_values(&self) -> Vec<Option<f64>> {
        let Self { observed, permuted } = self;
        if permuted.len() < MIN_PERMUTATIONS {
            return vec![None; observed.len()];
        }
        let of_probe = |probe: usize| {
            let scores = permuted.iter().filter_map(|scores| *scores.get(probe)?);
            let scores: Vec<f64> = scores.collect();
            let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
            (mean, standard_deviation(&scores).unwrap_or(0.0))
        };
        let scales: Vec<(f64, f64)> = (0..observed.len()).map(of_probe).collect();
        // A probe that always predicts the same never varies, and never stands out.
        let standing_out = |score: Option<f64>, (mean, deviation): (f64, f64)| {
            score.map_or(f64::NEG_INFINITY, |score| {
                (score - mean) / deviation.max(LEAST_DEVIATION)
            })
        };
        let most = |scores: &Vec<Option<f64>>| {
            let each = scores.iter().zip(&scales);
            each.map(|(score, scale)| standing_out(*score, *scale))
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let most: Vec<f64> = permuted.iter().map(most).collect();
        let p_value = |(score, scale): (&Option<f64>, &(f64, f64))| {
            let here = standing_out(Some((*score)?), *scale);
            let n_as_much = most.iter().filter(|most| **most >= here).count();
            // The labels as they are count as one permutation of them.
            Some((n_as_much + 1) as f64 / (most.len() + 1) as f64)
        };
        observed.iter().zip(&scales).map(p_value).collect()
    }
}

fn scores(predicted: &[Vec<Vec<f64>>], labels: &[usize]) -> Vec<Option<f64>> {
    let scores = predicted
        .iter()
        .map(|predicted| brier_score(predicted, labels));
    scores.map(|score| Some(1.0 - score?)).collect()
}

/// The labels of whole groups in the order of shuffled groups, so that labels of one group stay next to each other.
fn permuted(random: &mut ChaCha8Rng, truth: &[usize], groups: &[usize]) -> Vec<usize> {
    let mut samples_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (sample, group) in groups.iter().enumerate().take(truth.len()) {
        samples_of.entry(*group).or_default().push(sample);
    }
    let places: Vec<usize> = samples_of.values().flatten().copied().collect();
    let mut from: Vec<Vec<usize>> = samples_of.into_values().collect();
    shuffle(random, &mut from);
    for samples in &mut from {
        shuffle(random, samples);
    }
    let mut labels = truth.to_vec();
    for (place, sample) in places.iter().zip(from.iter().flatten()) {
        if let (Some(label), Some(of_sample)) = (labels.get_mut(*place), truth.get(*sample)) {
            *label = *of_sample;
        }
    }
    labels
}

/// Audits a model by its held-out predictions and those of probes: of each sample first the model's prediction, then
/// each probe's. `None` without samples or with fewer than two classes.
///
/// A probe is better than chance where it stands out from its scores on permuted labels, in their standard deviations, more
/// than all probes do in 99 of 100 permutations, however many are tried. A share is a ratio of two skills; the model's has to
/// be above chance for it to be one.
pub fn audit(
    samples: &[Sample<'_>],
    n_classes: usize,
    evidence: &Evidence,
    bootstrap: &Bootstrap,
) -> Option<Audit> {
    let confusions = GroupedConfusions::new(samples, n_classes);
    let classes = confusions.present();
    if classes.len() < 2 {
        return None;
    }
    let chance = 1.0 / classes.len() as f64;
    let score = |counts: &Counts| Metric::BalancedAccuracy.of(counts, &classes);
    let metrics = |times_drawn: &[u64]| -> Vec<Option<f64>> {
        let scores: Vec<Option<f64>> = confusions.drawn(times_drawn).iter().map(score).collect();
        let model = scores.first().copied().flatten();
        let shares = scores.iter().skip(1);
        let shares: Vec<Option<f64>> = shares
            .map(|probe| share_of_skill(model?, (*probe)?, chance))
            .collect();
        [scores, shares].concat()
    };
    let mut estimates = bootstrap
        .estimates(confusions.n_groups(), metrics)
        .into_iter();
    let model = estimates.next()?;
    let rest: Vec<Estimate> = estimates.collect();
    let (scores, shares) = rest.split_at(rest.len() / 2);
    let model_interval = model.intervals.interval;
    let is_model_above_chance = model_interval.is_some_and(|interval| interval.low > chance);
    let p_values = evidence.p_values().into_iter();
    let of_probe = |((score, share), p_value): ((&Estimate, &Estimate), Option<f64>)| {
        let share = if is_model_above_chance {
            *share
        } else {
            Estimate::default()
        };
        audited(*score, share, p_value)
    };
    let probes: Vec<Audited> = scores
        .iter()
        .zip(shares)
        .zip(p_values)
        .map(of_probe)
        .collect();
    let worst = probes.iter().map(|probe| probe.verdict).max();
    Some(Audit {
        chance,
        model,
        is_model_above_chance,
        verdict: worst.unwrap_or(AuditOutcome::Pass),
        probes,
    })
}

fn audited(balanced_accuracy: Estimate, share: Estimate, p_value: Option<f64>) -> Audited {
    let share_interval = share.intervals.interval;
    Audited {
        balanced_accuracy,
        p_value,
        share: share.value,
        share_interval,
        verdict: verdict(p_value, share_interval),
    }
}

/// `None` where the model has no skill.
fn share_of_skill(model: f64, probe: f64, chance: f64) -> Option<f64> {
    (model > chance).then(|| ((probe - chance) / (model - chance)).clamp(0.0, 1.0))
}

fn verdict(p_value: Option<f64>, share: Option<Interval>) -> AuditOutcome {
    match p_value {
        None => AuditOutcome::Untested,
        Some(p_value) if p_value > LEVEL => AuditOutcome::Pass,
        Some(_) if share.is_some_and(|share| share.low > MOST) => AuditOutcome::Fail,
        Some(_) => AuditOutcome::Warn,
    }
}

#[cfg(test)]
mod tests {
    use wo_record::Group;

    use super::*;

    /// Forty groups of two samples, one of each class; each predictor is right on all samples of so many groups, and on every
    /// other sample of the rest.
    fn audit_of(n_right: &[usize]) -> Audit {
        let groups: Vec<Group> = (0..40)
            .map(|i| Group::of_video_id(&format!("v{i:02}")))
            .collect();
        let sample = |place: usize| {
            let (group, truth) = (place / 2, place % 2);
            let predicted = |n_right: &usize| if group < *n_right { truth } else { group % 2 };
            Sample {
                group: &groups[group],
                truth,
                predicted: n_right.iter().map(predicted).collect(),
            }
        };
        let samples: Vec<Sample<'_>> = (0..80).map(sample).collect();
        // What the probes reach by luck: a half, give or take a twentieth.
        let luck = |place: usize| Some(0.5 + 0.05 * ((place * 37 % 101) as f64 / 50.0 - 1.0));
        let reached = |n_right: &usize| Some(0.5 + 0.5 * *n_right as f64 / 40.0);
        let observed = n_right.iter().skip(1).map(reached).collect();
        let permuted: Vec<Vec<Option<f64>>> = (0..200)
            .map(|place| {
                (1..n_right.len())
                    .map(|probe| luck(place + 17 * probe))
                    .collect()
            })
            .collect();
        let evidence = Evidence { observed, permuted };
        audit(&samples, 3, &evidence, &Bootstrap::new(0)).unwrap()
    }

    #[test]
    fn a_shortcut_that_has_most_of_the_skill_fails() {
        let audit = audit_of(&[32, 0, 12, 30]);
        assert_eq!((audit.chance, audit.is_model_above_chance), (0.5, true));
        let verdicts: Vec<AuditOutcome> = audit.probes.iter().map(|probe| probe.verdict).collect();
        assert_eq!(
            verdicts,
            [AuditOutcome::Pass, AuditOutcome::Warn, AuditOutcome::Fail]
        );
        assert_eq!(audit.verdict, AuditOutcome::Fail);
        assert!((audit.probes[1].share.unwrap() - 0.375).abs() < 1e-12);
        assert!(audit.probes[0].p_value.unwrap() > 0.9);
    }

    #[test]
    fn a_model_without_skill_has_none_to_share() {
        let audit = audit_of(&[0, 12]);
        assert!(!audit.is_model_above_chance);
        assert_eq!(
            (audit.probes[0].share, audit.probes[0].share_interval),
            (None, None)
        );
        assert_eq!(audit.probes[0].verdict, AuditOutcome::Warn);
    }

    #[test]
    fn without_permutations_nothing_is_tested() {
        let groups = ["a", "b"].map(Group::of_video_id);
        let sample = |class: usize| Sample {
            group: &groups[class],
            truth: class,
            predicted: vec![class, class],
        };
        let none = Evidence {
            observed: vec![Some(0.9)],
            permuted: Vec::new(),
        };
        let of = |samples: &[Sample<'_>]| audit(samples, 2, &none, &Bootstrap::new(0));
        let untested = of(&[sample(0), sample(1)]).unwrap();
        assert_eq!(untested.verdict, AuditOutcome::Untested);
        assert_eq!(of(&[sample(0)]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn labels_of_a_group_move_together() {
        // Groups of two, both of one class.
        let groups: Vec<usize> = (0..40).map(|sample| sample / 2).collect();
        let truth: Vec<usize> = (0..40).map(|sample| sample / 2 % 2).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let labels = permuted(&mut random, &truth, &groups);
        assert_ne!(labels, truth);
        assert!(labels.chunks(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(labels.iter().sum::<usize>(), 20);
    }
}
