//! Whether the model can be trusted, in one sentence with reasons. What is unknown counts against it.

mod unassessable;

use wo_cli::count;
use wo_record::{AbstainReason, AuditVerdict, BAD_FORM, GOOD_FORM, Name, Probe};
use wo_report::{Conclusion, TrustLevel};

use crate::findings::Findings;
use crate::render::format::{WIDE_INTERVAL, shown, signed};
use crate::render::html::answered::Answered;
use crate::render::html::conclusion::unassessable::{nothing_scored, one_label};
use crate::render::sentences::audit::{better_probe, better_than_model, named, summary};
use crate::render::sentences::base_model::reservation;
use crate::render::sentences::weak_spots::{in_words, too_few_groups, unknown};
use crate::render::sentences::{excluded, independence};
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task, Whole};
use crate::score::measurement::Measurement;
use crate::score::tally::Tally;
use crate::score::weak_spots::{WeakSpots, weak_spots};

/// Below this coverage a model mostly abstains.
const MOSTLY: f64 = 0.5;
/// Weak spots that are reasons, beside the one in the sentence.
const MAX_WEAK_SPOTS: usize = 4;
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
    let held_out = &grounds.findings.held_out;
    let case = Case {
        grounds,
        main,
        labels,
        weak: weak_spots(held_out, Whole::HeldOut),
        too_few: too_few_groups(held_out, &Scope::HELD_OUT),
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
    weak: WeakSpots<'a>,
    /// That a label has too few independent groups.
    too_few: Option<String>,
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
        if self.answered.n_answered() > 0 {
            return None;
        }
        let all = count(self.answered.n, "video");
        let abstentions = &self.grounds.findings.abstentions;
        Some(if abstentions.contains_key(&AbstainReason::NoThreshold) {
            Objection::new(
                format!(
                    "The model gives no verdict: without an abstention threshold all {all} are unclear."
                ),
                format!(
                    "Its best guess has balanced accuracy {}; wo-train sets a threshold with --folds 5, or with more \
                     validation groups.",
                    shown(Some(self.main))
                ),
            )
        } else {
            Objection {
                sentence: format!("Do not rely on this model: it abstains on all {all}."),
                reason: None,
            }
        })
    }

    fn no_better_than_chance(&self) -> Option<Objection> {
        let chance = 1.0 / self.labels.len().max(2) as f64;
        let metric = shown(Some(self.main));
        match self.main.low.filter(|_| self.main.high.is_some()) {
            Some(low) if low > chance => None,
            Some(_) => Some(Objection::new(
                format!(
                    "Do not rely on this model: {} it is not significantly better than chance.",
                    self.on_whom()
                ),
                format!(
                    "Its balanced accuracy is {metric}; always predicting the same label gives {chance:.2}."
                ),
            )),
            None => Some(Objection::new(
                format!(
                    "{} of {} are too few to assess the model.",
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
            unknown(&self.weak),
            self.mostly_unclear(),
            self.unbounded(),
            self.unknown_copies(),
            reservation(self.grounds.findings.caution.as_deref()),
        ];
        let last = [self.audited(), self.relabelled(), self.wide()];
        let first = self.weak_spots().into_iter().map(Some).chain(first);
        let all = first.chain(self.baselines()).chain(last);
        let dependent = independence::sentences(&self.grounds.findings.independence);
        all.flatten().chain(dependent).collect()
    }

    /// Duplicates of training videos are rejected or scored apart, if they can be detected.
    fn unknown_copies(&self) -> Option<String> {
        self.grounds.tally.has_no_hashes.then(|| {
            "Duplicates of training videos cannot be detected: the model has no image hashes of them."
                .to_owned()
        })
    }

    /// What may be no better than chance behind the mean.
    fn weak_spots(&self) -> Vec<String> {
        let spots = &self.weak.spots;
        let named = spots.iter().take(MAX_WEAK_SPOTS);
        let mut reasons: Vec<String> = named
            .map(|it| {
                format!(
                    "It is not shown to be better than chance for {}.",
                    in_words(it)
                )
            })
            .collect();
        let n_others = spots.len().saturating_sub(MAX_WEAK_SPOTS);
        if n_others > 0 {
            reasons.push(format!("The same holds for {n_others} more."));
        }
        reasons
    }

    fn few_groups(&self) -> Option<String> {
        let why = self.too_few.as_ref()?;
        Some(format!("The videos come from {why}."))
    }

    /// Whether it answers all videos, however unsure it is.
    fn unbounded(&self) -> Option<String> {
        let selection = self.grounds.findings.selection.as_ref()?;
        let is_unbounded = selection.threshold.is_none() && self.answered.n_answered() > 0;
        is_unbounded.then(|| {
            "Its verdicts have no abstention threshold, so nothing bounds how many of them are wrong."
                .to_owned()
        })
    }

    fn mostly_unclear(&self) -> Option<String> {
        let Answered { n, .. } = self.answered;
        let n_answered = self.answered.n_answered();
        (n_answered > 0 && (n_answered as f64) < MOSTLY * n as f64)
            .then(|| format!("It gives a verdict for only {n_answered} of {n}."))
    }

    fn baselines(&self) -> Vec<Option<String>> {
        let gains: Vec<(Baseline, &Measurement)> = Baseline::ALL
            .into_iter()
            .filter_map(|baseline| Some((baseline, self.gain(baseline)?)))
            .collect();
        if gains.is_empty() {
            return vec![Some(
                "It cannot be compared with baselines, such as the video's duration: no other labelled videos are known to fit \
                 them to."
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

    fn relabelled(&self) -> Option<String> {
        let relabelled = &self.grounds.tally.relabelled;
        (!relabelled.is_empty()).then(|| excluded::relabelled(relabelled))
    }

    fn wide(&self) -> Option<String> {
        let width = self.main.high? - self.main.low?;
        (width > WIDE_INTERVAL).then(|| format!("The confidence interval is {width:.2} wide."))
    }

    /// What the videos are, as far as that is known.
    fn on_whom(&self) -> &'static str {
        let known = &self.grounds.findings.independence;
        independence::unknown(known).unwrap_or_else(|| independence::held_out(known))
    }

    /// The claim about a model without objections.
    fn claim(&self, trust: TrustLevel) -> String {
        let is_few = self.too_few.is_some();
        let is_known = independence::unknown(&self.grounds.findings.independence).is_none();
        let on = if is_few && is_known {
            format!("on {}, held out", count(self.main.n_groups, "group"))
        } else {
            self.on_whom().to_owned()
        };
        let before = if is_few {
            "Too little to rely on: "
        } else {
            ""
        };
        let after = match (trust, self.weak.spots.first()) {
            (_, Some(worst)) => format!(", but not shown for {}", in_words(worst)),
            (TrustLevel::Trust, None) => String::new(),
            _ if is_few => String::new(),
            _ => ", with reservations".to_owned(),
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
        if value >= 1.0 {
            return format!(
                "judges all {} right, with balanced accuracy 1.00 [{low:.2}, {high:.2}]",
                count(self.main.n, "video")
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

#[cfg(test)]
mod tests;
