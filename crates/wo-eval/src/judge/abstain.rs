//! When the model abstains: it is not confident enough, or cannot see enough.

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

/// The reasons to abstain.
pub(crate) fn reasons(
    prediction: &Prediction,
    trust: &AbstentionPolicy,
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
    let is_sure = trust
        .threshold
        .is_none_or(|threshold| prediction.confidence() > threshold);
    let all = [
        (!is_sure, AbstainReason::LowConfidence),
        (
            below(exercise, trust.min_exercise_probability),
            AbstainReason::UnknownExercise,
        ),
        (is_cut_off, AbstainReason::PersonCutOff),
        (
            below(facts.sharpness, trust.min_sharpness),
            AbstainReason::TooBlurry,
        ),
        (
            below(facts.brightness, trust.min_brightness),
            AbstainReason::TooDark,
        ),
    ];
    let holds = |(holds, reason): (bool, AbstainReason)| holds.then_some(reason);
    all.into_iter().filter_map(holds).collect()
}

/// The label of a verdict, or the label that it leans to.
pub(crate) fn label_or_leaning(verdict: &Verdict) -> &Name {
    verdict.leaning.as_ref().unwrap_or(&verdict.label)
}

#[cfg(test)]
mod tests {
    use super::*;

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
