//! What must hold, and what did not.

use crate::Week;
use crate::plan::Plan;
use crate::say;
use crate::scores::{Judge, Score};

/// Reasons to fail.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    failed: Vec<String>,
}

impl Checks {
    pub(crate) fn require(&mut self, holds: bool, reason: impl FnOnce() -> String) {
        if !holds {
            self.failed.push(reason());
        }
    }

    pub(crate) fn into_failed(self) -> Vec<String> {
        self.failed
    }

    /// No promotion is a loss, poison is refused, and all promotions together are a gain.
    pub(crate) fn promotions(&mut self, plan: &Plan, weeks: &[Week], judge: &Judge<'_>) {
        self.poison(plan, weeks);
        let promoted: Vec<(usize, &str)> = weeks
            .iter()
            .filter(|week| week.outcome.is_promoted())
            .filter_map(|week| Some((week.number, week.outcome.in_use.as_deref()?)))
            .collect();
        for pair in promoted.windows(2) {
            let ((_, before), (week, after)) = (pair[0], pair[1]);
            let difference = judge.difference(after, before);
            self.no_loss(week, difference);
        }
        let (Some((_, first)), Some((_, last))) = (promoted.first(), promoted.last()) else {
            self.require(!plan.must_improve, || "no model was promoted".to_owned());
            return;
        };
        if first == last {
            let reason = || "no model took the place of the first".to_owned();
            self.require(!plan.must_improve, reason);
            return;
        }
        let gain = judge.difference(last, first);
        let text = gain.map_or_else(|| "not known".to_owned(), Score::text);
        say(&format!("the last model above the first: {text}"));
        let is_better = gain.is_some_and(|it| it.low > 0.0);
        self.require(is_better || !plan.must_improve, || {
            format!("the last model is not shown to be better than the first: {text}")
        });
    }

    /// The gate of `wo.toml` allows no loss: on the labels of the last week, which are mended, there is none.
    fn no_loss(&mut self, week: usize, difference: Option<Score>) {
        let text = difference.map_or_else(|| "not known".to_owned(), Score::text);
        say(&format!(
            "the model of week {week} above the one before: {text}"
        ));
        let is_loss = difference.is_none_or(|it| it.value < 0.0);
        self.require(!is_loss, || {
            format!("the promotion of week {week} is a loss: {text}")
        });
    }

    /// A model that was trained on swapped labels does not come into use.
    fn poison(&mut self, plan: &Plan, weeks: &[Week]) {
        let Some(poisoned) = plan.poisoned() else {
            return;
        };
        let outcome = &weeks[poisoned - 1].outcome;
        self.require(outcome.word == "refused", || {
            format!(
                "the model of the poisoned week {poisoned} was not refused but {}: {}",
                outcome.word, outcome.why
            )
        });
    }
}
