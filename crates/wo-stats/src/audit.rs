//! How much of a model's skill can be had without looking at the form: probes that see only a shortcut, scored beside the
//! model on the same videos and folds (Geirhos et al. 2020, Shortcut Learning in Deep Neural Networks, arXiv 2004.07780).
//!
//! It tells three things apart: a shortcut that was found, one that was not found though it would have been, and videos
//! that are too few to tell.

mod data;
mod detectable;
mod evidence;
mod held_out;
mod permutation;
mod skill;

pub use data::{AuditData, AuditScope, Compared, ProbeFeatures};

use crate::bootstrap::{Bootstrap, Estimate, Interval};
use data::{Part, Parts};
use detectable::smallest_detectable;
use evidence::Evidence;
use held_out::{Judged, within_exercises};
use skill::{Skill, contexts};

/// How often an audit of probes that know nothing may find one of them: one in a hundred, as it is run with each evaluation.
const LEVEL: f64 = 0.01;
/// How many refits to permuted labels: the fewest that can detect one in a hundred.
pub const MIN_PERMUTATIONS: usize = 99;
/// A model most of whose skill can be had without the form has failed; a shortcut of most of all possible skill must not go
/// unseen.
const MOST: f64 = 0.5;

/// What is found of a shortcut, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditOutcome {
    /// Not found, though one that matters would have been.
    Pass,
    /// Not found, and the videos are too few to say that there is none; or the probe does better than the model.
    CannotTell,
    /// Significantly better than chance, with all probes taken together.
    Warn,
    /// That, and most of the model's skill.
    Fail,
}

/// One probe in one scope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audited {
    /// Its place among the probes.
    pub probe: usize,
    /// The videos that it was fitted to and judged on.
    pub scope: AuditScope,
    /// Its balanced accuracy: the mean over labels of each exercise that shows two, so that it is that within exercises.
    pub balanced_accuracy: Estimate,
    /// The model's, of the same videos.
    pub model: Estimate,
    /// Whether the probe is better than the model, and better than chance by its interval.
    pub is_better_than_model: bool,
    /// How probable it is that any of the probes stands out as much where labels are permuted: one-sided, corrected for the
    /// number of probes.
    pub p_value: Option<f64>,
    /// Its skill above chance over the model's, between 0 and 1. `None` if the model is not significantly better than
    /// chance.
    pub share: Option<f64>,
    /// The 95 % percentile interval of that, from the same resamples for both.
    pub share_interval: Option<Interval>,
    /// What is found.
    pub verdict: AuditOutcome,
    /// How many videos.
    pub n: usize,
    /// How many groups they come from.
    pub n_groups: usize,
}

/// All probes.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Each probe in all videos, and after it each part of them in which it was found alone.
    pub probes: Vec<Audited>,
    /// The worst of their verdicts.
    pub verdict: AuditOutcome,
    /// The balanced accuracy of the weakest shortcut in all videos that would have been found in four of five cases. `None`
    /// where none would.
    pub detectable: Option<f64>,
    /// The same of a shortcut in one exercise or source alone, of that in which it is hardest to find. `None` where none
    /// would in one of them, and where there are no such parts.
    pub detectable_in_part: Option<f64>,
}

/// Audits a model by its held-out predictions and by probes, which are fitted on the same folds, to the labels and to
/// `n_permutations` permutations of them. `None` without probes, without two labels, or where slices differ in length.
///
/// A probe is found where it stands out from its scores on permuted labels more than any probe in any scope does in 99 of
/// 100 permutations, however many are tried.
pub fn audit(
    data: &AuditData<'_>,
    probes: &[ProbeFeatures],
    n_permutations: usize,
    bootstrap: &Bootstrap,
) -> Option<Audit> {
    let n = data.truth.len();
    if !data.is_valid() || probes.is_empty() || probes.iter().any(|it| it.rows.len() != n) {
        return None;
    }
    let probes: Vec<ProbeFeatures> = probes.iter().map(|it| seen(it, data)).collect();
    let [by_exercise, by_source] = [data.by_exercise(), data.by_source()];
    let detect = |bar: f64| Detectable::of(data, bar, [&by_exercise, &by_source], bootstrap.seed);
    let families = [
        (AuditScope::EachExercise, by_exercise.parts.clone()),
        (AuditScope::EachSource, by_source.parts.clone()),
    ];
    let evidence = Evidence::gather(data, &probes, &families, n_permutations, bootstrap.seed);
    let detectable = evidence.bar(LEVEL).map_or(Detectable::default(), detect);
    let mut found = Vec::new();
    for (place, probe) in probes.iter().enumerate() {
        let case = Case {
            data,
            evidence: &evidence,
            bootstrap,
            detectable: detectable.in_all,
            compared: probe.compared,
        };
        found.extend(case.of_probe(place));
    }
    let verdict = found.iter().map(|it| it.verdict).max()?;
    Some(Audit {
        probes: found,
        verdict,
        detectable: detectable.in_all,
        detectable_in_part: detectable.in_part,
    })
}

/// What a probe sees: within exercises nothing of the exercise.
fn seen(probe: &ProbeFeatures, data: &AuditData<'_>) -> ProbeFeatures {
    let rows = match probe.compared {
        Compared::WithinExercises => within_exercises(&probe.rows, data.exercises),
        Compared::Exercises => probe.rows.clone(),
    };
    ProbeFeatures {
        rows,
        compared: probe.compared,
    }
}

/// The weakest shortcuts that would have been found.
#[derive(Debug, Clone, Copy, Default)]
struct Detectable {
    in_all: Option<f64>,
    in_part: Option<f64>,
}

impl Detectable {
    fn of(data: &AuditData<'_>, bar: f64, families: [&Parts; 2], seed: u64) -> Self {
        let all = Part {
            scope: AuditScope::All,
            videos: (0..data.truth.len()).collect(),
        };
        let of_part = |it: &Part| smallest_detectable(data, it, bar, seed);
        let parts = || families.into_iter().flat_map(|it| &it.parts);
        let is_known = families.iter().all(|it| it.n_too_small == 0) && parts().next().is_some();
        let in_parts = || parts().map(of_part).collect::<Option<Vec<f64>>>();
        let in_parts = if is_known { in_parts() } else { None };
        Self {
            in_all: smallest_detectable(data, &all, bar, seed),
            in_part: in_parts.and_then(|it| it.into_iter().reduce(f64::max)),
        }
    }
}

/// What the verdicts on one probe rest on.
struct Case<'a> {
    data: &'a AuditData<'a>,
    evidence: &'a Evidence,
    bootstrap: &'a Bootstrap,
    detectable: Option<f64>,
    compared: Compared,
}

impl Case<'_> {
    /// The probe in all videos, and the parts where it was found if that was not enough to find it.
    fn of_probe(&self, probe: usize) -> Vec<Audited> {
        let judged = self.evidence.judged.get(probe).into_iter().flatten();
        let mut found: Vec<Audited> = Vec::new();
        for (place, judged) in judged.enumerate() {
            let p_value = self.p_value(probe, place);
            let is_found = p_value.is_some_and(|it| it <= LEVEL);
            let is_found_in_all = found
                .first()
                .is_some_and(|it| it.verdict >= AuditOutcome::Warn);
            if place == 0 || (is_found && !is_found_in_all) {
                found.extend(self.audited(probe, judged, p_value));
            }
        }
        found
    }

    fn p_value(&self, probe: usize, scope: usize) -> Option<f64> {
        let is_enough = self.evidence.n_permutations() >= MIN_PERMUTATIONS;
        is_enough
            .then(|| self.evidence.p_value(probe, scope))
            .flatten()
    }

    fn audited(&self, probe: usize, judged: &Judged, p_value: Option<f64>) -> Option<Audited> {
        let skill = self.skill(judged, self.compared)?;
        let (share, share_interval) = skill.share();
        Some(Audited {
            probe,
            scope: judged.scope,
            balanced_accuracy: skill.probe,
            model: skill.model,
            is_better_than_model: skill.is_probe_better(),
            p_value,
            share,
            share_interval,
            verdict: self.verdict(judged, &skill, p_value),
            n: judged.videos.len(),
            n_groups: self.data.n_groups(judged.scope, &judged.videos),
        })
    }

    fn skill(&self, judged: &Judged, compared: Compared) -> Option<Skill> {
        Skill::of(self.data, judged, compared, self.bootstrap)
    }

    fn verdict(&self, judged: &Judged, skill: &Skill, p_value: Option<f64>) -> AuditOutcome {
        if p_value.is_none_or(|it| it > LEVEL) {
            // A probe that is above chance by its own interval may be what the permutations are too blunt for.
            let cannot_tell = !self.would_be_found(skill) || skill.is_probe_above_chance();
            return if cannot_tell {
                AuditOutcome::CannotTell
            } else {
                AuditOutcome::Pass
            };
        }
        let has_most = match self.compared {
            Compared::WithinExercises => skill.share().1.is_some_and(|share| share.low > MOST),
            // Nothing is wrong with exercises of which one is more often bad, as long as the model tells labels of one apart.
            Compared::Exercises => !self.is_above_chance_within_exercises(judged),
        };
        if has_most {
            AuditOutcome::Fail
        } else {
            AuditOutcome::Warn
        }
    }

    /// Whether a shortcut that matters would have been found: one of half of all possible skill, or of all that the model has.
    fn would_be_found(&self, skill: &Skill) -> bool {
        let half = skill.chance + MOST * (1.0 - skill.chance);
        let model = skill.model.value.filter(|_| skill.is_model_above_chance());
        let most = model.map_or(half, |it| it.min(half));
        self.detectable.is_some_and(|it| it <= most)
    }

    fn is_above_chance_within_exercises(&self, judged: &Judged) -> bool {
        let has_labels = contexts(self.data, judged).is_some();
        let within = self.skill(judged, Compared::WithinExercises);
        has_labels && within.is_some_and(|it| it.is_model_above_chance())
    }
}

#[cfg(test)]
mod tests;
