use wo_clip::SplitVideo;
use wo_record::{Audit, Independence, Selection};

use super::*;
use crate::fixtures::{classes, squat, training};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::evaluate::{Baselines, evaluate};
use crate::score::key::Whole;

mod cases;
mod sentences;

/// An evaluation, as it would come to the page.
struct Given {
    findings: Findings,
    tally: Tally,
    trained_on: Vec<SplitVideo>,
}

impl Given {
    /// Of videos that the model was not trained on, with baselines and an audit that passes.
    fn of(videos: &[Prediction]) -> Self {
        Self::with_labels(videos, &LabelSpace::new(&classes()))
    }

    fn with_labels(videos: &[Prediction], space: &LabelSpace) -> Self {
        let trained_on = training();
        let mut this = Self {
            findings: Findings::default(),
            tally: Tally {
                n_scored: videos.len() as u64,
                ..Tally::default()
            },
            trained_on,
        };
        this.findings.audit = vec![audit(AuditVerdict::Pass)];
        this.evaluate(videos, space);
        this
    }

    fn evaluate(&mut self, videos: &[Prediction], space: &LabelSpace) {
        let baselines = Baselines::fit(&self.trained_on, space);
        let videos: Vec<&Prediction> = videos.iter().collect();
        self.findings.held_out = evaluate(&videos, space, &baselines, Whole::HeldOut, 0);
    }

    fn abstaining(mut self, n_unclear: u64) -> Self {
        let n = self.tally.n_scored;
        self.findings.selection = Some(Selection {
            scope: "all".to_owned(),
            wanted_risk: Some(0.1),
            threshold: Some(0.9),
            n_fit_groups: 20,
            coverage: Some((n - n_unclear) as f64 / n as f64),
            risk: Some(0.0),
            answered_risk: None,
            answered_risk_low: None,
            answered_risk_high: None,
            area: None,
            accuracy_at: Vec::new(),
            curve: Vec::new(),
            n,
            n_groups: n,
        });
        self
    }

    fn concluded(&self) -> Conclusion {
        let held_out = &self.findings.held_out;
        let main = held_out.score(&ScoreKey::of_labels(MetricName::BalancedAccuracy));
        let grounds = Grounds {
            findings: &self.findings,
            tally: &self.tally,
        };
        conclusion(grounds, main)
    }
}

fn audit(verdict: AuditVerdict) -> Audit {
    Audit {
        probe: Probe::All,
        scope: "all".to_owned(),
        verdict,
        value: Some(0.5),
        low: Some(0.4),
        high: Some(0.6),
        model: Some(0.9),
        better_than_model: false,
        p_value: Some(0.5),
        detectable: Some(0.7),
        detectable_in_part: None,
        share: Some(0.8),
        share_low: Some(0.6),
        share_high: Some(1.0),
        n: 40,
        n_groups: 40,
    }
}

/// A video of each of `n` persons; every tenth is judged wrong.
fn good_model(n: usize) -> Vec<Prediction> {
    (0..n)
        .map(|i| {
            let truth = i % 2;
            let predicted = if i % 10 == 9 { 1 - truth } else { truth };
            squat(i, truth, predicted, 2000.0)
        })
        .collect()
}

fn check(conclusion: &Conclusion, trust: TrustLevel, words: &[&str]) {
    let text = format!("{} {}", conclusion.sentence, conclusion.reasons.join(" "));
    assert_eq!(conclusion.trust, trust, "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn a_model_that_beats_the_baselines_is_trusted() {
    let found = Given::of(&good_model(80)).concluded();
    check(
        &found,
        TrustLevel::Trust,
        &[
            "On held-out people and sources",
            "tells good from bad form with balanced accuracy 0.90 [",
        ],
    );
    assert_eq!(found.reasons, Vec::<String>::new());
}

#[test]
fn nothing_scored_is_nothing_said() {
    let found = Given::of(&[]).concluded();
    check(
        &found,
        TrustLevel::DoNotTrust,
        &["no labelled video is held out"],
    );
}

#[test]
fn few_groups_are_too_little() {
    // Two persons with twenty videos each.
    let videos: Vec<_> = (0..40)
        .map(|i| squat(i % 2, i / 2 % 2, i / 2 % 2, 2000.0))
        .collect();
    let found = Given::of(&videos).concluded();
    check(
        &found,
        TrustLevel::DoNotTrust,
        &[
            "not significantly better than chance",
            "The videos come from too few independent groups (effective: 2.0 with bad form; 10 are needed)",
        ],
    );
    let of_one: Vec<_> = (0..40).map(|i| squat(0, i % 2, i % 2, 2000.0)).collect();
    let found = Given::of(&of_one).concluded();
    check(
        &found,
        TrustLevel::DoNotTrust,
        &[
            "40 videos of 1 group are too few to assess",
            "1.00 [-], without a confidence interval",
        ],
    );
    let text = format!("{found:?}");
    assert!(!text.contains("[0.00, 1.00]"), "an interval was made up");
}

#[test]
fn one_label_says_nothing_of_telling_two_apart() {
    let videos: Vec<_> = (0..40).map(|i| squat(i, 1, 1, 2000.0)).collect();
    let found = Given::of(&videos).concluded();
    check(
        &found,
        TrustLevel::DoNotTrust,
        &["cannot be assessed: all 40 videos are labelled good form"],
    );
}

#[test]
fn without_a_baseline_or_an_audit_there_is_no_trust() {
    let mut given = Given::of(&good_model(80));
    given.trained_on.clear();
    given.evaluate(&good_model(80), &LabelSpace::new(&classes()));
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &[
            "compared with baselines",
            "no other labelled videos are known",
        ],
    );
    let mut given = Given::of(&good_model(80));
    given.findings.audit.clear();
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["The shortcut audit could not run"],
    );
}

#[test]
fn a_baseline_that_does_better_is_said() {
    // The lengths tell the labels, and better than the model does.
    let videos: Vec<_> = (0..80)
        .map(|i| {
            let truth = i % 2;
            let predicted = if i % 10 < 3 { 1 - truth } else { truth };
            squat(i, truth, predicted, 900.0 + 3000.0 * truth as f64)
        })
        .collect();
    check(
        &Given::of(&videos).concluded(),
        TrustLevel::DoNotTrust,
        &[
            "the baseline duration only is better",
            "Its difference to duration only is -0.",
        ],
    );
}

#[test]
fn a_shortcut_is_an_objection() {
    let mut given = Given::of(&good_model(80));
    given.findings.audit = vec![audit(AuditVerdict::Fail)];
    check(
        &given.concluded(),
        TrustLevel::DoNotTrust,
        &["from shortcuts"],
    );
    given.findings.audit = vec![audit(AuditVerdict::Warn)];
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["with reservations"],
    );
    given.findings.audit = vec![audit(AuditVerdict::CannotTell)];
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["The audit cannot tell whether there is a shortcut."],
    );
}

#[test]
fn a_probe_that_beats_the_model_is_in_the_headline() {
    let mut given = Given::of(&good_model(80));
    let container = Audit {
        probe: Probe::Container,
        value: Some(0.67),
        low: Some(0.53),
        high: Some(0.79),
        model: Some(0.48),
        better_than_model: true,
        ..audit(AuditVerdict::CannotTell)
    };
    given.findings.audit = vec![container, audit(AuditVerdict::CannotTell)];
    let found = given.concluded();
    check(
        &found,
        TrustLevel::DoNotTrust,
        &["balanced accuracy 0.67 [0.53, 0.79], the model 0.48."],
    );
    let sentence = "Do not rely on this model: container alone predicts the label better.";
    assert_eq!(found.sentence, sentence);
}

#[test]
fn unknown_persons_are_not_called_new() {
    let mut given = Given::of(&good_model(80));
    given.findings.independence = Independence {
        n: 80,
        n_ungrouped: 80,
        ..Independence::default()
    };
    let found = given.concluded();
    check(
        &found,
        TrustLevel::Caution,
        &[
            "On videos of unknown people",
            "No scored video has a person or a source",
            "only a lower bound on the uncertainty",
        ],
    );
    assert!(!found.sentence.contains("held-out"), "{}", found.sentence);
    given.findings.independence.n_ungrouped = 1;
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["1 of 80 scored videos has neither"],
    );
}

#[test]
fn what_gets_no_answer_is_in_the_headline() {
    let some = Given::of(&good_model(80)).abstaining(8).concluded();
    check(&some, TrustLevel::Trust, &[]);
    let tail = "It abstains (unclear) on 8 of 80";
    assert!(some.sentence.contains(tail), "{}", some.sentence);
    let most = Given::of(&good_model(80)).abstaining(78).concluded();
    check(
        &most,
        TrustLevel::Caution,
        &[
            "(unclear) on 78 of 80",
            "It gives a verdict for only 2 of 80",
        ],
    );
    let all = Given::of(&good_model(80)).abstaining(80).concluded();
    check(&all, TrustLevel::DoNotTrust, &["it abstains on all"]);
    let mut given = Given::of(&good_model(80)).abstaining(8);
    given
        .findings
        .abstentions
        .insert(AbstainReason::SaysUnclear, 8);
    check(
        &given.concluded(),
        TrustLevel::Trust,
        &["count these as wrong"],
    );
}

#[test]
fn chance_is_a_third_with_three_labels() {
    let mut three = classes();
    if let Some(class) = three.last_mut() {
        class.label = "half_form".into();
    }
    let space = LabelSpace::new(&three);
    let of_three = |i: usize, is_right: bool| {
        let (truth, predicted) = (i % 3, if is_right { i % 3 } else { (i + 1) % 3 });
        let mut video = squat(i, 0, 0, 2000.0);
        video.ground_truth = GroundTruth::Scored {
            label: truth,
            exercise: Some(1),
        };
        video.top.label = predicted;
        video.labels = vec![0.2; 3];
        if let Some(probability) = video.labels.get_mut(predicted) {
            *probability = 0.6;
        }
        video.calibrated = video.labels.clone();
        video
    };
    let half: Vec<_> = (0..150).map(|i| of_three(i, i / 3 % 2 == 0)).collect();
    let mut given = Given::with_labels(&half, &space);
    given.trained_on.clear();
    given.evaluate(&half, &space);
    assert_eq!(
        given
            .findings
            .held_out
            .chance(Task::Label, &Scope::HELD_OUT),
        Some(1.0 / 3.0)
    );
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["tells 3 labels apart with balanced accuracy 0.50 ["],
    );
    let third: Vec<_> = (0..150).map(|i| of_three(i, i / 3 % 3 == 0)).collect();
    given.evaluate(&third, &space);
    check(
        &given.concluded(),
        TrustLevel::DoNotTrust,
        &[
            "not significantly better than chance",
            "always predicting the same label gives 0.33",
        ],
    );
}

#[test]
fn no_mistake_is_not_no_mistakes_to_come() {
    let videos: Vec<_> = (0..30).map(|i| squat(i, i % 2, i % 2, 2000.0)).collect();
    let found = Given::of(&videos).concluded();
    let words = "judges all 30 videos right, with balanced accuracy 1.00 [0.";
    check(&found, TrustLevel::Trust, &[words]);
}

#[test]
fn copies_that_cannot_be_known_are_a_reservation() {
    let mut given = Given::of(&good_model(80));
    given.tally.has_no_hashes = true;
    check(
        &given.concluded(),
        TrustLevel::Caution,
        &["Duplicates of training videos cannot be detected"],
    );
}
