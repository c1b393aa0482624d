//! The labels and exercises that a model predicts, and how class probabilities add up to theirs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use wo_clip::Class;
use wo_record::{Name, UNCLEAR};

/// The labels and exercises of a model's classes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LabelSpace {
    /// The labels, sorted; `unclear` last, where predictions give it a probability.
    pub(crate) labels: Vec<Name>,
    /// The exercises, sorted.
    pub(crate) exercises: Vec<Name>,
    classes: Vec<Class>,
}

/// The most probable label and exercise. Both are indices into [`LabelSpace`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct TopPrediction {
    /// The label.
    pub(crate) label: usize,
    /// Its probability.
    pub(crate) label_probability: f64,
    /// The exercise.
    pub(crate) exercise: usize,
    /// Its probability.
    pub(crate) exercise_probability: f64,
}

impl TopPrediction {
    /// The most probable label and exercise; the first of each where there is none.
    pub(crate) fn of(labels: &[f64], exercises: &[f64]) -> Self {
        let (label, label_probability) = most_probable(labels.iter().copied()).unwrap_or_default();
        let (exercise, exercise_probability) =
            most_probable(exercises.iter().copied()).unwrap_or_default();
        Self {
            label,
            label_probability,
            exercise,
            exercise_probability,
        }
    }
}

impl LabelSpace {
    /// The labels and exercises of these classes.
    pub(crate) fn new(classes: &[Class]) -> Self {
        let distinct = |name: fn(&Class) -> &Name| -> Vec<Name> {
            classes
                .iter()
                .map(name)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .cloned()
                .collect()
        };
        Self {
            labels: distinct(|c| &c.label),
            exercises: distinct(|c| &c.exercise),
            classes: classes.to_vec(),
        }
    }

    /// The index of a label.
    pub(crate) fn label(&self, name: &Name) -> Option<usize> {
        self.labels.iter().position(|label| label == name)
    }

    /// The index of an exercise.
    pub(crate) fn exercise(&self, name: &Name) -> Option<usize> {
        self.exercises.iter().position(|exercise| exercise == name)
    }

    /// How many true labels there are: all but `unclear`.
    pub(crate) fn n_true_labels(&self) -> usize {
        let is_true = |label: &&Name| label.as_str() != UNCLEAR;
        self.labels.iter().filter(is_true).count()
    }

    /// Labels and exercises without classes.
    pub(crate) fn of_names(labels: BTreeSet<Name>, exercises: BTreeSet<Name>) -> Self {
        let mut labels: Vec<Name> = labels.into_iter().collect();
        labels.sort_by_key(|label| label.as_str() == UNCLEAR);
        Self {
            labels,
            exercises: exercises.into_iter().collect(),
            classes: Vec::new(),
        }
    }

    /// All labels and exercises of two.
    pub(crate) fn union(one: &Self, other: &Self) -> Self {
        let labels = one.labels.iter().chain(&other.labels);
        let exercises = one.exercises.iter().chain(&other.exercises);
        Self::of_names(labels.cloned().collect(), exercises.cloned().collect())
    }

    /// Whether a label is `unclear`.
    pub(crate) fn is_unclear(&self, label: usize) -> bool {
        let name = self.labels.get(label);
        name.is_some_and(|name| name.as_str() == UNCLEAR)
    }

    /// The probability of each label.
    pub(crate) fn label_probabilities(&self, of_classes: &[f64]) -> Vec<f64> {
        (0..self.labels.len())
            .map(|label| self.label_probability(of_classes, label))
            .collect()
    }

    /// The probability of each exercise.
    pub(crate) fn exercise_probabilities(&self, of_classes: &[f64]) -> Vec<f64> {
        let of = |name: &Name| self.sum(of_classes, |class| class.exercise == *name);
        self.exercises.iter().map(of).collect()
    }

    /// The probability of a label: the sum over its classes.
    pub(crate) fn label_probability(&self, of_classes: &[f64], label: usize) -> f64 {
        self.sum(of_classes, |class| {
            self.labels.get(label) == Some(&class.label)
        })
    }

    /// The most probable label and, apart from it, the most probable exercise. `None` for a model without classes.
    pub(crate) fn top(&self, of_classes: &[f64]) -> Option<TopPrediction> {
        let labels = (0..self.labels.len()).map(|label| self.label_probability(of_classes, label));
        let exercises = self
            .exercises
            .iter()
            .map(|name| self.sum(of_classes, |class| class.exercise == *name));
        let (label, label_probability) = most_probable(labels)?;
        let (exercise, exercise_probability) = most_probable(exercises)?;
        Some(TopPrediction {
            label,
            label_probability,
            exercise,
            exercise_probability,
        })
    }

    /// The faults of the most probable class with this label and exercise.
    pub(crate) fn faults(&self, of_classes: &[f64], top: TopPrediction) -> &[Name] {
        let exercise = self.exercises.get(top.exercise);
        let named = exercise.zip(self.labels.get(top.label));
        named.map_or(&[], |(exercise, label)| {
            Class::faults_of(&self.classes, of_classes, exercise, label)
        })
    }

    fn sum(&self, of_classes: &[f64], belongs: impl Fn(&Class) -> bool) -> f64 {
        let parts = self
            .classes
            .iter()
            .zip(of_classes)
            .filter(|(class, _)| belongs(class))
            .map(|(_, probability)| probability);
        // A softmax may add up to one and a last digit.
        parts.sum::<f64>().clamp(0.0, 1.0)
    }
}

/// Of equally probable ones the first.
pub(crate) fn most_probable(probabilities: impl Iterator<Item = f64>) -> Option<(usize, f64)> {
    probabilities
        .enumerate()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::classes;

    #[test]
    fn classes_add_up() {
        let space = LabelSpace::new(&classes());
        assert_eq!(
            space.labels,
            [Name::new("bad_form"), Name::new("good_form")]
        );
        assert_eq!(space.exercises, [Name::new("row"), Name::new("squat")]);
        // Good squats are the most probable class, bad form is the most probable label.
        let scores = [0.375, 0.25, 0.1875, 0.0625, 0.125];
        let top = space.top(&scores).unwrap();
        let expected = TopPrediction {
            label: 0,
            label_probability: 0.5625,
            exercise: 1,
            exercise_probability: 0.8125,
        };
        assert_eq!(top, expected);
        assert_eq!(space.faults(&scores, top), [Name::new("knees_cave")]);
    }

    #[test]
    fn faults_are_those_of_the_exercise_and_only_of_bad_form() {
        let space = LabelSpace::new(&classes());
        let scores = [0.125, 0.1875, 0.25, 0.0625, 0.375];
        let top = space.top(&scores).unwrap();
        assert_eq!(space.exercises[top.exercise].as_str(), "squat");
        assert_eq!(space.faults(&scores, top), [Name::new("rounded_back")]);
        let good = [0.75, 0.25, 0.0, 0.0, 0.0];
        assert_eq!(space.faults(&good, space.top(&good).unwrap()), []);
    }

    #[test]
    fn no_classes_no_call() {
        assert_eq!(LabelSpace::new(&[]).top(&[]), None);
    }
}
