//! How much of a model's skill can be had without looking at the lifter: probes that see only a shortcut, scored beside the
//! model on the same videos and folds (Geirhos et al. 2020, Shortcut Learning in Deep Neural Networks, arXiv 2004.07780).

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::bootstrap::{Bootstrap, Estimate, Interval};
use crate::metrics::{Counts, Figure};
use crate::panel::Panel;
use crate::standing::Unit;

/// How often an audit of probes that know nothing may find one of them above chance.
const LEVEL: f64 = 0.05;
/// A model most of whose skill can be had without the lifter has failed.
const MOST: f64 = 0.5;

/// What is found of a shortcut, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Not found to be better than chance.
    Pass,
    /// Not tested: a class has fewer than two groups.
    Untested,
    /// Better than chance beyond doubt, all probes taken together.
    Warn,
    /// That, and the lower end of its share of the model's skill lies above a half.
    Fail,
}

/// One probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audited {
    /// Its balanced accuracy.
    pub balanced_accuracy: Estimate,
    /// How probable a balanced accuracy as high is for a probe that knows nothing: one-sided, corrected for the number of
    /// probes (Holm 1979).
    pub p_value: Option<f64>,
    /// Its skill above chance over the model's, between 0 and 1. `None` where the model has none beyond doubt.
    pub share: Option<f64>,
    /// The 95 % percentile interval of that, from the same resamples for both.
    pub share_interval: Option<Interval>,
    /// What is found.
    pub verdict: Verdict,
}

/// All probes.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The balanced accuracy of a predictor that always says the same: one over the number of classes that have units.
    pub chance: f64,
    /// The model's balanced accuracy.
    pub model: Estimate,
    /// Whether the lower end of its interval lies above chance. Where it does not, there is no skill to have a share of.
    pub is_model_above_chance: bool,
    /// Each probe, in the order in which units have them.
    pub probes: Vec<Audited>,
    /// The worst of their verdicts.
    pub verdict: Verdict,
}

/// Audits a model by what it and probes say of units that none of them has seen in training: of each unit first what the
/// model says, then what each probe does. `None` without units or without two classes.
///
/// A probe is better than chance where Student's t of its balanced accuracy, over the bootstrap's standard error, is larger
/// than chance would have it in one of twenty audits, however many probes are tried; the degrees of freedom are those of the
/// class with the fewest groups.
pub fn audit(units: &[Unit<'_>], n_classes: usize, bootstrap: &Bootstrap) -> Option<Audit> {
    let panel = Panel::new(units, n_classes);
    let classes = panel.present();
    if classes.len() < 2 {
        return None;
    }
    let chance = 1.0 / classes.len() as f64;
    let score = |counts: &Counts| Figure::BalancedAccuracy.of(counts, &classes);
    let figures = |times_drawn: &[u64]| -> Vec<Option<f64>> {
        let scores: Vec<Option<f64>> = panel.drawn(times_drawn).iter().map(score).collect();
        let model = scores.first().copied().flatten();
        let shares = scores.iter().skip(1);
        let shares: Vec<Option<f64>> = shares
            .map(|probe| share_of_skill(model?, (*probe)?, chance))
            .collect();
        [scores, shares].concat()
    };
    let mut estimates = bootstrap.estimates(panel.n_groups(), figures).into_iter();
    let model = estimates.next()?;
    let rest: Vec<Estimate> = estimates.collect();
    let (scores, shares) = rest.split_at(rest.len() / 2);
    let model_interval = model.intervals.percentile;
    let is_model_above_chance = model_interval.is_some_and(|interval| interval.low > chance);
    let fewest = panel.groups_of_class().iter().filter(|n| **n > 0).min();
    let n_groups = *fewest?;
    let p_values: Vec<Option<f64>> = scores
        .iter()
        .map(|score| p_value_above(score, chance, n_groups))
        .collect();
    let of_probe = |((score, share), p_value): ((&Estimate, &Estimate), Option<f64>)| {
        let share = is_model_above_chance.then_some(*share).unwrap_or_default();
        let share_interval = share.intervals.percentile;
        Audited {
            balanced_accuracy: *score,
            p_value,
            share: share.value,
            share_interval,
            verdict: verdict(p_value, share_interval),
        }
    };
    let corrected = holm(&p_values).into_iter();
    let probes: Vec<Audited> = scores
        .iter()
        .zip(shares)
        .zip(corrected)
        .map(of_probe)
        .collect();
    let worst = probes.iter().map(|probe| probe.verdict).max();
    Some(Audit {
        chance,
        model,
        is_model_above_chance,
        verdict: worst.unwrap_or(Verdict::Pass),
        probes,
    })
}

/// `None` where the model has no skill.
fn share_of_skill(model: f64, probe: f64, chance: f64) -> Option<f64> {
    (model > chance).then(|| ((probe - chance) / (model - chance)).clamp(0.0, 1.0))
}

fn verdict(p_value: Option<f64>, share: Option<Interval>) -> Verdict {
    match p_value {
        None => Verdict::Untested,
        Some(p_value) if p_value > LEVEL => Verdict::Pass,
        Some(_) if share.is_some_and(|share| share.low > MOST) => Verdict::Fail,
        Some(_) => Verdict::Warn,
    }
}

/// One-sided. `None` with fewer than two groups of a class.
fn p_value_above(score: &Estimate, chance: f64, n_groups: usize) -> Option<f64> {
    let above = score.value? - chance;
    let error = score.intervals.standard_error?;
    let freedom = n_groups.checked_sub(1).filter(|n| *n > 0)?;
    if above <= 0.0 {
        return Some(1.0);
    }
    let student = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
    // A probe that is right in each group has no error to divide by.
    Some(if error > 0.0 {
        student.sf(above / error)
    } else {
        0.0
    })
}

/// P-values such that the chance of any at or below a level where nothing is to be found is at most the level (Holm 1979).
/// Those that are not known do not count.
pub fn holm(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p_values
        .iter()
        .enumerate()
        .filter_map(|(place, p_value)| Some((place, (*p_value)?)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let n = order.len();
    let mut corrected = vec![None; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, (place, p_value)) in order.into_iter().enumerate() {
        largest = largest.max((n - rank) as f64 * p_value).min(1.0);
        if let Some(corrected) = corrected.get_mut(place) {
            *corrected = Some(largest);
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use wo_record::Group;

    use super::*;

    /// Forty groups of two units, one of each class; each predictor is right on all units of so many groups, and on every
    /// other unit of the rest.
    fn audit_of(n_right: &[usize]) -> Audit {
        let groups: Vec<Group> = (0..40)
            .map(|i| Group::of_video_id(&format!("v{i:02}")))
            .collect();
        let unit = |place: usize| {
            let (group, truth) = (place / 2, place % 2);
            let said = |n_right: &usize| if group < *n_right { truth } else { group % 2 };
            Unit {
                group: &groups[group],
                truth,
                said: n_right.iter().map(said).collect(),
            }
        };
        let units: Vec<Unit<'_>> = (0..80).map(unit).collect();
        audit(&units, 3, &Bootstrap::new(0)).unwrap()
    }

    #[test]
    fn a_shortcut_that_has_most_of_the_skill_fails() {
        let audit = audit_of(&[32, 0, 12, 30]);
        assert_eq!((audit.chance, audit.is_model_above_chance), (0.5, true));
        let verdicts: Vec<Verdict> = audit.probes.iter().map(|probe| probe.verdict).collect();
        assert_eq!(verdicts, [Verdict::Pass, Verdict::Warn, Verdict::Fail]);
        assert_eq!(audit.verdict, Verdict::Fail);
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
        assert_eq!(audit.probes[0].verdict, Verdict::Warn);
    }

    #[test]
    fn one_group_of_a_class_tests_nothing() {
        let groups = ["a", "b"].map(Group::of_video_id);
        let unit = |class: usize| Unit {
            group: &groups[class],
            truth: class,
            said: vec![class, class],
        };
        let audit = audit(&[unit(0), unit(1)], 2, &Bootstrap::new(0)).unwrap();
        assert_eq!(audit.verdict, Verdict::Untested);
        assert_eq!(super::audit(&[unit(0)], 2, &Bootstrap::new(0)), None);
        assert_eq!(super::audit(&[], 2, &Bootstrap::new(0)), None);
    }

    #[test]
    fn holm_by_hand() {
        let corrected = holm(&[Some(0.01), None, Some(0.04), Some(0.03)]);
        let expected = [Some(0.03), None, Some(0.06), Some(0.06)];
        for (value, expected) in corrected.iter().zip(expected) {
            assert_eq!(value.is_some(), expected.is_some());
            assert!((value.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
    }
}
