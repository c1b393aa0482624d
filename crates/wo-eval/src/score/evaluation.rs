//! The scores of one set of videos, found by what they are about.

use std::collections::BTreeMap;

use wo_record::{Confusion, Name};

use crate::score::key::{MetricName, Scope, ScoreKey, Task, Unit, Whole};
use crate::score::measurement::Measurement;

/// Scores and confusions, in the order in which they were measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evaluation {
    scores: Vec<Measurement>,
    /// The place of each score.
    places: BTreeMap<ScoreKey, usize>,
    /// The model's confusions.
    pub(crate) confusions: Vec<ConfusionMatrix>,
}

/// How often each true class was taken for each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfusionMatrix {
    pub(crate) task: Task,
    pub(crate) unit: Unit,
    pub(crate) scope: Scope,
    pub(crate) classes: Vec<Name>,
    /// A row for each true class, a column for each predicted one.
    pub(crate) counts: Vec<Vec<u64>>,
}

impl Evaluation {
    /// Adds a score.
    pub(crate) fn push(&mut self, score: Measurement) {
        let place = self.scores.len();
        self.places.entry(score.key.clone()).or_insert(place);
        self.scores.push(score);
    }

    /// All scores.
    pub(crate) fn scores(&self) -> &[Measurement] {
        &self.scores
    }

    /// One score; `None` where it was not measured.
    pub(crate) fn score(&self, key: &ScoreKey) -> Option<&Measurement> {
        self.scores.get(*self.places.get(key)?)
    }

    /// One confusion of videos.
    pub(crate) fn confusion(&self, task: Task, scope: &Scope) -> Option<&ConfusionMatrix> {
        self.confusions
            .iter()
            .find(|it| (it.task, it.unit, &it.scope) == (task, Unit::Video, scope))
    }

    /// The labels, or exercises, that scored videos have.
    pub(crate) fn shown_classes(&self, task: Task, scope: &Scope) -> Vec<&Name> {
        self.confusion(task, scope).map_or_else(Vec::new, |it| {
            let rows = it.classes.iter().zip(&it.counts);
            let with_videos = rows.filter(|(_, counts)| counts.iter().any(|n| *n > 0));
            with_videos.map(|(label, _)| label).collect()
        })
    }

    /// The exercises whose labels were scored.
    pub(crate) fn exercises(&self, whole: Whole) -> Vec<&Name> {
        let confusions = self.confusions.iter();
        let of_labels = confusions.filter(|it| (it.task, it.unit) == (Task::Label, Unit::Video));
        of_labels
            .filter_map(|it| match &it.scope {
                Scope::Exercise(of, exercise) if *of == whole => Some(exercise),
                _ => None,
            })
            .collect()
    }

    /// The balanced accuracy of always predicting the same class; `None` where that is always right.
    pub(crate) fn chance(&self, task: Task, scope: &Scope) -> Option<f64> {
        let n = self.shown_classes(task, scope).len();
        (n > 1).then(|| 1.0 / n as f64)
    }

    /// Whether the model's labels are shown to be better than chance, by the interval of their balanced accuracy.
    pub(crate) fn is_better_than_chance(&self, scope: &Scope) -> bool {
        let key = ScoreKey {
            scope: scope.clone(),
            ..ScoreKey::of_labels(MetricName::BalancedAccuracy)
        };
        let chance = self.chance(Task::Label, scope);
        let score = self.score(&key).zip(chance);
        score.is_some_and(|(score, chance)| score.is_above(chance))
    }

    /// The recall of each label that scored videos have.
    pub(crate) fn recalls(&self, scope: &Scope) -> Vec<(&Name, &Measurement)> {
        let recall = |label| {
            let key = ScoreKey {
                scope: scope.clone(),
                class: Some(Name::clone(label)),
                ..ScoreKey::of_labels(MetricName::Recall)
            };
            Some((label, self.score(&key)?))
        };
        let labels = self.shown_classes(Task::Label, scope).into_iter();
        labels.filter_map(recall).collect()
    }

    /// The label with the fewest independent groups, with its recall.
    pub(crate) fn scarcest_label(&self, scope: &Scope) -> Option<(&Name, &Measurement)> {
        let recalls = self.recalls(scope).into_iter();
        recalls.min_by(|a, b| a.1.n_effective.total_cmp(&b.1.n_effective))
    }
}

impl ConfusionMatrix {
    /// The record of it.
    pub(crate) fn record(&self) -> Confusion {
        Confusion {
            task: self.task.as_str().to_owned(),
            unit: self.unit.as_str().to_owned(),
            scope: self.scope.to_string(),
            classes: self.classes.clone(),
            counts: self.counts.clone(),
        }
    }
}
