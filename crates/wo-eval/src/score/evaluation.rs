//! The scores of one set of videos, found by what they are about.

use wo_record::{Confusion, Name, Score};

use crate::score::key::VIDEO;

/// The figures of one set of videos.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evaluation {
    /// Each figure with its interval.
    pub(crate) scores: Vec<Score>,
    /// The model's confusions.
    pub(crate) confusions: Vec<Confusion>,
}

impl Evaluation {
    /// One figure, by what a record of it has.
    pub(crate) fn score(
        &self,
        task: &str,
        by: &str,
        unit: &str,
        scope: &str,
        name: &str,
        class: Option<&Name>,
    ) -> Option<&Score> {
        self.scores.iter().find(|score| {
            (score.task.as_str(), score.by.as_str(), score.unit.as_str()) == (task, by, unit)
                && (
                    score.scope.as_str(),
                    score.name.as_str(),
                    score.class.as_ref(),
                ) == (scope, name, class)
        })
    }

    /// The labels, or exercises, that scored videos have.
    pub(crate) fn shown_classes(&self, task: &str, scope: &str) -> Vec<&Name> {
        let confusion = self
            .confusions
            .iter()
            .find(|it| it.task == task && it.unit == VIDEO && it.scope == scope);
        confusion.map_or_else(Vec::new, |it| {
            let rows = it.classes.iter().zip(&it.counts);
            let with_videos = rows.filter(|(_, counts)| counts.iter().any(|n| *n > 0));
            with_videos.map(|(label, _)| label).collect()
        })
    }

    /// The balanced accuracy of always saying the same; `None` where that is always right.
    pub(crate) fn chance(&self, task: &str, scope: &str) -> Option<f64> {
        let n = self.shown_classes(task, scope).len();
        (n > 1).then(|| 1.0 / n as f64)
    }
}
