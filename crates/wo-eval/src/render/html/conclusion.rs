//! Whether the model can be trusted, in one sentence with reasons. What is unknown counts against it.

use wo_cli::count;
use wo_record::{AbstainReason, AuditVerdict, BAD_FORM, GOOD_FORM, Name, Probe};
use wo_report::{Conclusion, TrustLevel};

use crate::findings::Findings;
use crate::render::format::{FEW_GROUPS, RULE_OF_THREE, WIDE_INTERVAL, shown};
use crate::render::html::answered::Answered;
use crate::render::sentences::audit::{better_probe, better_than_model, named, summary};
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task};
use crate::score::measurement::Measurement;
use crate::score::tally::Tally;

/// Below this coverage a model mostly abstains.
const MOSTLY: f64 = 0.5;
/// 0.29 is 29 of 100 and not 28, though 100 times it is a little less than 29.
const ROUNDING: f64 = 1e-9;

/// What the conclusion rests on, beside the main metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grounds<'a> {
    pub(super) findings: &'a Findings,
    pub(super) tally: &'a Tally,
}

/// The conclusion. `main` is the balanced accuracy.
pub(super) fn conclusion(grounds: Grounds<'_>, main: Option<&Measurement>) -> Conclusion {
    let Some(main) = main else {
        return nothing_scored();
    };
    let labels = grounds
        .findings
        .held_out
        .shown_classes(Task::Label, &Scope::HELD_OUT);
    if let [label] = labels[..] {
        return one_label(label, main);
    }
    let case = Case {
        grounds,
        main,
        labels,
        answered: Answered::of(grounds.findings, main),
    };
    let (objections, reservations) = (case.objections(), case.reservations());
    let trust = match (objections.is_empty(), reservations.is_empty()) {
        (false, _) => TrustLevel::DoNotTrust,
        (true, false) => TrustLevel::Caution,
        (true, true) => TrustLevel::Trust,
    };
    let sentence = objections
        .first()
        .map_or_else(|| case.claim(trust), |it| it.sentence.clone());
    let reasons = objections.into_iter().filter_map(|it| it.reason);
    Conclusion {
        trust,
        sentence: format!("{sentence}{}", case.unanswered()),
        reasons: reasons.chain(reservations).collect(),
    }
}

fn nothing_scored() -> Conclusion {
    Conclusion {
        trust: TrustLevel::DoNotTrust,
        sentence: "There is no result: no labelled video is held out.".to_owned(),
        reasons: vec![
            "Evaluate on people and sources that are not in the training data.".to_owned(),
        ],
    }
}

/// With one label there is nothing to tell apart.
fn one_label(label: &Name, main: &Measurement) -> Conclusion {
    let videos = match main.n {
        1 => "the only video is".to_owned(),
        n => format!("all {n} videos are"),
    };
    Conclusion {
        trust: TrustLevel::DoNotTrust,
        sentence: format!(
            "The model cannot be assessed: {videos} labelled {}.",
            label.words()
        ),
        reasons: vec![
            "Always predicting that label would be right on all of them.".to_owned(),
            "Evaluate on videos of every label.".to_owned(),
        ],
    }
}

/// Whether no scored video has a person or source.
pub(super) fn is_anonymous(tally: &Tally) -> bool {
    tally.n_without_group_key > 0 && tally.n_without_group_key >= tally.n_scored
}

/// A reason not to rely on a model.
struct Objection {
    sentence: String,
    reason: Option<String>,
}

impl Objection {
    fn new(sentence: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            reason: Some(reason.into()),
        }
    }
}

/// A model that can be assessed.
struct Case<'a> {
    grounds: Grounds<'a>,
    main: &'a Measurement,
    labels: Vec<&'a Name>,
    answered: Answered,
}

impl Case<'_> {
    fn objections(&self) -> Vec<Objection> {
        let all = [
            self.never_answers(),
            self.worse_than_a_probe(),
            self.no_better_than_chance(),
            self.worse_than_a_baseline(),
            self.takes_a_shortcut(),
        ];
        all.into_iter().flatten().collect()
    }

    fn never_answers(&self) -> Option<Objection> {
        (self.answered.n_answered() == 0).then(|| Objection {
            sentence: format!(
                "Do not rely on this model: it abstains on all {}.",
                count(self.answered.n, "video")
            ),
            reason: None,
        })
    }

    fn no_better_than_chance(&self) -> Option<Objection> {
        let chance = 1.0 / self.labels.len().max(2) as f64;
        let metric = shown(Some(self.main));
        match self.main.low.filter(|_| self.main.high.is_some()) {
            Some(low) if low > chance => None,
            Some(_) => Some(Objection::new(
                "Do not rely on this model: on new people it is not significantly better than chance.",
                format!(
                    "Its balanced accuracy is {metric}; always predicting the same label gives {chance:.2}."
                ),
            )),
            None => Some(Objection::new(
                format!(
                    "{} of {} are too few to assess the model on new people.",
                    count(self.main.n, "video"),
                    count(self.main.n_groups, "group")
                ),
                format!("Its balanced accuracy is {metric}, without a confidence interval."),
            )),
        }
    }

    fn gain(&self, baseline: Baseline) -> Option<&Measurement> {
        let held_out = &self.grounds.findings.held_out;
        held_out.score(&ScoreKey::of_labels(MetricName::GainOver(baseline)))
    }

    fn worse_than_a_baseline(&self) -> Option<Objection> {
        Baseline::ALL.into_iter().find_map(|baseline| {
            let gain = self.gain(baseline)?;
            let name = baseline.predictor().words();
            (gain.high? < 0.0).then(|| {
                Objection::new(
                    format!("Do not rely on this model: the baseline {name} is better."),
                    format!("Its difference to {name} is {}.", signed(gain)),
                )
            })
        })
    }

    fn worse_than_a_probe(&self) -> Option<Objection> {
        let probe = better_probe(&self.grounds.findings.audit)?;
        Some(Objection::new(
            format!(
                "Do not rely on this model: {} alone predicts the label better.",
                named(probe)
            ),
            better_than_model(probe)?,
        ))
    }

    fn takes_a_shortcut(&self) -> Option<Objection> {
        let audit = &self.grounds.findings.audit;
        let all = audit.iter().find(|it| it.probe == Probe::All)?;
        (all.verdict == AuditVerdict::Fail).then(|| {
            Objection::new(
                "Do not rely on this model: its predictions may come from shortcuts that ignore the lifter.",
                summary(all, audit),
            )
        })
    }

    fn reservations(&self) -> Vec<String> {
        let first = [
            self.few_groups(),
            self.mostly_unclear(),
            self.unknown_copies(),
        ];
        let last = [self.audited(), self.unknown_groups(), self.wide()];
        let all = first.into_iter().chain(self.baselines()).chain(last);
        all.flatten().collect()
    }

    /// Duplicates of training videos are rejected or scored apart, if they can be detected.
    fn unknown_copies(&self) -> Option<String> {
        self.grounds.tally.has_no_hashes.then(|| {
            "Duplicates of training videos cannot be detected: the model has no image hashes of them."
                .to_owned()
        })
    }

    fn few_groups(&self) -> Option<String> {
        let n = self.main.n_groups;
        (n < FEW_GROUPS).then(|| {
            format!(
                "The videos come from {}; fewer than {FEW_GROUPS} say little about others.",
                count(n, "group")
            )
        })
    }

    fn mostly_unclear(&self) -> Option<String> {
        let Answered { n, .. } = self.answered;
        let n_answered = self.answered.n_answered();
        (n_answered > 0 && (n_answered as f64) < MOSTLY * n as f64).then(|| {
            format!("It predicts a label for only {n_answered} of {n}, too few to measure their accuracy.")
        })
    }

    fn baselines(&self) -> Vec<Option<String>> {
        let gains: Vec<(Baseline, &Measurement)> = Baseline::ALL
            .into_iter()
            .filter_map(|baseline| Some((baseline, self.gain(baseline)?)))
            .collect();
        if gains.is_empty() {
            return vec![Some(
                "It cannot be compared with baselines, such as the video's duration: its training videos are \
                 unknown."
                    .to_owned(),
            )];
        }
        let doubtful = gains.into_iter().filter(|(_, gain)| {
            let is_worse = gain.high.is_some_and(|high| high < 0.0);
            gain.low.is_none_or(|low| low <= 0.0) && !is_worse
        });
        doubtful
            .map(|(baseline, gain)| {
                Some(format!(
                    "It is not significantly better than {}: the difference is {}.",
                    baseline.predictor().words(),
                    signed(gain)
                ))
            })
            .collect()
    }

    fn audited(&self) -> Option<String> {
        let audit = &self.grounds.findings.audit;
        match audit.iter().find(|it| it.probe == Probe::All) {
            Some(all) => {
                let is_said = matches!(all.verdict, AuditVerdict::Pass | AuditVerdict::Fail)
                    || better_probe(audit).is_some();
                (!is_said).then(|| summary(all, audit))
            }
            None => {
                Some("The shortcut audit could not run: the videos have too few fields.".to_owned())
            }
        }
    }

    fn unknown_groups(&self) -> Option<String> {
        let tally = self.grounds.tally;
        (tally.n_without_group_key > 0).then(|| {
            format!(
                "{} of {} have neither person nor source: the model may have seen the same person, and the \
                 confidence interval may be too narrow.",
                tally.n_without_group_key,
                count(tally.n_scored, "video")
            )
        })
    }

    fn wide(&self) -> Option<String> {
        let width = self.main.high? - self.main.low?;
        (width > WIDE_INTERVAL).then(|| format!("The confidence interval is {width:.2} wide."))
    }

    /// The claim about a model without objections.
    fn claim(&self, trust: TrustLevel) -> String {
        let is_few = self.main.n_groups < FEW_GROUPS;
        let on = if is_anonymous(self.grounds.tally) {
            "on videos of unknown people".to_owned()
        } else if is_few {
            format!("on {}, held out", count(self.main.n_groups, "group"))
        } else {
            "on held-out people and sources".to_owned()
        };
        let (before, after) = match trust {
            TrustLevel::Trust => ("", ""),
            _ if is_few => ("Too little to rely on: ", ""),
            _ => ("", ", with reservations"),
        };
        let sentence = format!("{before}{on}, the model {}{after}.", self.success());
        let mut letters = sentence.chars();
        let first = letters.next().map(|it| it.to_uppercase().collect());
        first.unwrap_or_else(String::new) + letters.as_str()
    }

    /// `tells good from bad form with balanced accuracy 0.87 [0.79, 0.94]`.
    fn success(&self) -> String {
        let (Some(value), Some(low), Some(high)) = (self.main.value, self.main.low, self.main.high)
        else {
            return "is of unknown use".to_owned();
        };
        let n_groups = self.main.n_groups.max(1) as f64;
        if value >= 1.0 {
            let missed = (1.0 - low).max((RULE_OF_THREE / n_groups).min(1.0));
            return format!(
                "judges all {} right; up to {:.0} of 100 new videos may still be judged wrong",
                count(self.main.n, "video"),
                100.0 * missed
            );
        }
        // Rounded down, so that no model with a mistake has 1.00.
        let value = (100.0 * value + ROUNDING).floor() / 100.0;
        format!(
            "{} with balanced accuracy {value:.2} [{low:.2}, {high:.2}]",
            self.task()
        )
    }

    fn task(&self) -> String {
        match self.labels[..] {
            [one, other] if one.as_str() == BAD_FORM && other.as_str() == GOOD_FORM => {
                "tells good from bad form".to_owned()
            }
            [one, other] => format!("tells {} from {}", one.words(), other.words()),
            _ => format!("tells {} labels apart", self.labels.len()),
        }
    }

    /// On how many videos the model abstains.
    fn unanswered(&self) -> String {
        let Answered { n, n_unclear, .. } = self.answered;
        if n_unclear == 0 || n_unclear == n {
            return String::new();
        }
        let abstentions = &self.grounds.findings.abstentions;
        let counted = if abstentions.contains_key(&AbstainReason::SaysUnclear) {
            "metrics count these as wrong"
        } else {
            "metrics count its best guess there"
        };
        format!(" It abstains (unclear) on {n_unclear} of {n}; {counted}.")
    }
}

/// `+0.12 [-0.03, +0.25]`, or `+0.12, without an interval`.
fn signed(gain: &Measurement) -> String {
    match (gain.value, gain.low, gain.high) {
        (Some(value), Some(low), Some(high)) => format!("{value:+.2} [{low:+.2}, {high:+.2}]"),
        (Some(value), ..) => format!("{value:+.2}, without a confidence interval"),
        _ => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests;
