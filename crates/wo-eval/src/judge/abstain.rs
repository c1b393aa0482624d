//! When the model abstains: it is not confident enough, or cannot see enough.

use serde::{Deserialize, Serialize};
use wo_clip::AbstentionPolicy;
use wo_picture::{CutOff, DEFAULT_CUT_OFF, MovingPerson};
use wo_record::{AbstainReason, Name, UNCLEAR, Verdict};

use crate::judge::prediction::Prediction;

/// Makes the verdict `unclear` if there is a reason.
pub(crate) fn abstain(verdict: &mut Verdict, reasons: &[AbstainReason]) {
    if reasons.is_empty() {
        return;
    }
    verdict.leaning = Some(std::mem::replace(&mut verdict.label, UNCLEAR.into()));
    // Without a label there are no faults.
    verdict.faults.clear();
    verdict.reasons = reasons.to_vec();
}

/// What a model that has no abstention threshold does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WithoutThreshold {
    /// It says `unclear`: nothing bounds how many of its verdicts are wrong.
    #[default]
    Abstain,
    /// It answers all the same, since whoever runs it asks for that.
    Answer,
}

/// What a verdict is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub(crate) trust: Option<&'a AbstentionPolicy>,
    pub(crate) without_threshold: WithoutThreshold,
    pub(crate) n_exercises: usize,
}

impl Limits<'_> {
    /// The reasons to abstain.
    pub(crate) fn reasons(
        &self,
        prediction: &Prediction,
        person: Option<&MovingPerson>,
    ) -> Vec<AbstainReason> {
        let below = |number: Option<f64>, least: Option<f64>| {
            number
                .zip(least)
                .is_some_and(|(number, least)| number < least)
        };
        let facts = &prediction.facts;
        let exercise = Some(prediction.top.exercise_probability);
        let is_cut_off = person
            .and_then(|person| CutOff::of(&person.moved))
            .is_some_and(|cut| cut.worst() >= DEFAULT_CUT_OFF);
        let threshold = self.trust.and_then(|it| it.threshold);
        let is_unsure = threshold.is_some_and(|it| prediction.confidence() <= it);
        let is_unbounded =
            threshold.is_none() && self.without_threshold == WithoutThreshold::Abstain;
        let least = |of: fn(&AbstentionPolicy) -> Option<f64>| self.trust.and_then(of);
        let all = [
            (is_unbounded, AbstainReason::NoThreshold),
            (is_unsure, AbstainReason::LowConfidence),
            (
                below(exercise, self.min_exercise_probability()),
                AbstainReason::UnknownExercise,
            ),
            (is_cut_off, AbstainReason::PersonCutOff),
            (
                below(facts.sharpness, least(|it| it.min_sharpness)),
                AbstainReason::TooBlurry,
            ),
            (
                below(facts.brightness, least(|it| it.min_brightness)),
                AbstainReason::TooDark,
            ),
        ];
        let holds = |(holds, reason): (bool, AbstainReason)| holds.then_some(reason);
        all.into_iter().filter_map(holds).collect()
    }

    /// What the probability of the exercise must reach. Where too few groups set a threshold they know little of exercises
    /// either, and it must also be nearer to certainty than to chance. `None` for a model of one exercise: it gives all
    /// videos to that one.
    fn min_exercise_probability(&self) -> Option<f64> {
        if self.n_exercises < 2 {
            return None;
        }
        let midway = f64::midpoint(1.0 / self.n_exercises as f64, 1.0);
        let fitted = self.trust.and_then(|it| it.min_exercise_probability);
        let is_measured = self.trust.is_some_and(|it| it.threshold.is_some());
        match fitted {
            Some(fitted) if is_measured => Some(fitted),
            Some(fitted) => Some(fitted.max(midway)),
            None => Some(midway),
        }
    }
}

/// The label of a verdict, or the label that it leans to.
pub(crate) fn label_or_leaning(verdict: &Verdict) -> &Name {
    verdict.leaning.as_ref().unwrap_or(&verdict.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::squat;

    fn policy(threshold: Option<f64>, exercise: Option<f64>) -> AbstentionPolicy {
        AbstentionPolicy {
            temperature: None,
            wanted_risk: 0.1,
            threshold,
            n_groups: 5,
            measured_on: "validation".to_owned(),
            min_exercise_probability: exercise,
            min_sharpness: None,
            min_brightness: None,
        }
    }

    #[test]
    fn without_a_threshold_there_is_no_verdict_unless_it_is_forced() {
        use AbstainReason::{LowConfidence, NoThreshold, UnknownExercise};
        use WithoutThreshold::{Abstain, Answer};
        let (unset, set) = (policy(None, Some(0.3)), policy(Some(0.7), Some(0.3)));
        // The label has 0.75, the exercise as much as is given.
        let check = |trust: Option<&AbstentionPolicy>,
                     without_threshold,
                     exercise: f64,
                     expected: &[AbstainReason]| {
            let mut video = squat(0, 0, 0, 1000.0);
            video.top.exercise_probability = exercise;
            let limits = Limits {
                trust,
                without_threshold,
                n_exercises: 5,
            };
            assert_eq!(
                limits.reasons(&video, None),
                expected,
                "{trust:?} {exercise}"
            );
        };
        check(None, Abstain, 0.97, &[NoThreshold]);
        check(Some(&unset), Abstain, 0.97, &[NoThreshold]);
        check(Some(&unset), Answer, 0.97, &[]);
        check(None, Answer, 0.97, &[]);
        // Of five exercises chance gives 0.2; midway to certainty is 0.6.
        check(None, Answer, 0.59, &[UnknownExercise]);
        check(None, Abstain, 0.59, &[NoThreshold, UnknownExercise]);
        check(Some(&unset), Answer, 0.59, &[UnknownExercise]);
        check(None, Answer, 0.61, &[]);
        // What enough groups have measured counts.
        check(Some(&set), Abstain, 0.31, &[]);
        check(Some(&set), Abstain, 0.29, &[UnknownExercise]);
        check(
            Some(&policy(Some(0.75), None)),
            Abstain,
            0.61,
            &[LowConfidence],
        );
        check(Some(&policy(Some(0.0), None)), Abstain, 0.61, &[]);
    }

    #[test]
    fn a_model_of_one_exercise_knows_no_other() {
        let mut video = squat(0, 0, 0, 1000.0);
        // A sum of probabilities, which may miss 1 by the last digit.
        video.top.exercise_probability = 1.0 - 1e-12;
        let trust = policy(Some(0.5), Some(1.0));
        for trust in [None, Some(&trust)] {
            let limits = Limits {
                trust,
                without_threshold: WithoutThreshold::Answer,
                n_exercises: 1,
            };
            assert_eq!(limits.reasons(&video, None), []);
        }
    }

    #[test]
    fn an_unclear_verdict_leans_to_a_label_and_names_no_faults() {
        let told = Verdict {
            label: "bad_form".into(),
            faults: vec!["knees_cave".into()],
            ..Verdict::default()
        };
        let mut verdict = told.clone();
        abstain(&mut verdict, &[]);
        assert_eq!(verdict, told);
        abstain(&mut verdict, &[AbstainReason::TooDark]);
        assert_eq!((verdict.label.as_str(), verdict.faults.len()), (UNCLEAR, 0));
        assert_eq!(verdict.leaning, Some("bad_form".into()));
        assert_eq!(verdict.reasons, [AbstainReason::TooDark]);
    }
}
