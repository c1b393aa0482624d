//! Paired differences of two models, resampled over groups.

use wo_record::{Comparison, Name, UNCLEAR};
use wo_stats::{
    Bootstrap, Estimate, GroupedConfusions, McNemar, Metric, Sample, smallest_detectable,
};

use crate::compare::difference::Difference;
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::key::{MetricName, Scope, ScoreKey, Task, Whole};
use crate::score::support::Support;

/// The differences of all metrics of labels, in all and by exercise, and of exercises.
pub(crate) fn differences(
    candidate: &[Prediction],
    champion: &[Prediction],
    space: &LabelSpace,
    bootstrap: Bootstrap,
) -> Vec<Difference> {
    let pairs: Vec<(&Prediction, &Prediction)> = candidate.iter().zip(champion).collect();
    let all = Pairs {
        task: Task::Label,
        scope: Scope::HELD_OUT,
        classes: &space.labels,
        bootstrap,
    };
    let mut found = all.differences(&pairs);
    for (number, exercise) in space.exercises.iter().enumerate() {
        let of_it: Vec<_> = pairs
            .iter()
            .filter(|(it, _)| it.true_exercise() == Some(number))
            .copied()
            .collect();
        if !of_it.is_empty() && of_it.len() < pairs.len() {
            let scope = Scope::Exercise(Whole::HeldOut, exercise.clone());
            found.extend(
                Pairs {
                    scope,
                    ..all.clone()
                }
                .differences(&of_it),
            );
        }
    }
    let is_told = |it: &Prediction| it.predicted_exercise().is_some();
    if pairs.iter().all(|(a, b)| is_told(a) && is_told(b)) {
        let exercises = Pairs {
            task: Task::Exercise,
            classes: &space.exercises,
            ..all
        };
        found.extend(exercises.differences(&pairs));
    }
    found
}

/// What pairs of predictions are compared on.
#[derive(Debug, Clone)]
struct Pairs<'a> {
    task: Task,
    scope: Scope,
    classes: &'a [Name],
    bootstrap: Bootstrap,
}

impl Pairs<'_> {
    fn differences(&self, pairs: &[(&Prediction, &Prediction)]) -> Vec<Difference> {
        let samples: Vec<Sample<'_>> = pairs
            .iter()
            .filter_map(|(new, old)| self.sample(new, old))
            .collect();
        let confusions = GroupedConfusions::new(&samples, self.classes.len());
        let metrics = Metric::all(self.classes.len());
        let compared = confusions.compare(&metrics, &self.bootstrap);
        let [new, old, gains] = [
            compared.scores.first(),
            compared.scores.get(1),
            compared.gains.get(1),
        ];
        let estimates = new.into_iter().flatten().zip(old.into_iter().flatten());
        metrics
            .iter()
            .zip(estimates.zip(gains.into_iter().flatten()))
            .filter(|(metric, _)| {
                let class = metric.class().and_then(|class| self.classes.get(class));
                class.is_none_or(|class| class.as_str() != UNCLEAR)
            })
            .map(|(metric, ((new, old), gain))| {
                self.difference(*metric, [new, old, gain], &samples)
            })
            .collect()
    }

    fn sample<'p>(&self, new: &'p Prediction, old: &Prediction) -> Option<Sample<'p>> {
        let (truth, predicted) = match self.task {
            Task::Exercise => (new.true_exercise()?, [new, old].map(|it| it.top.exercise)),
            _ => (new.truth()?, [new, old].map(|it| it.top.label)),
        };
        Some(Sample {
            group: &new.group,
            truth,
            predicted: predicted.to_vec(),
        })
    }

    fn difference(
        &self,
        metric: Metric,
        [new, old, gain]: [&Estimate; 3],
        samples: &[Sample<'_>],
    ) -> Difference {
        let test = mcnemar(metric, samples);
        let (n, n_groups) = counted_of_either(metric, samples);
        let class = metric.class().and_then(|class| self.classes.get(class));
        let name = MetricName::from(metric);
        let confidence = self.bootstrap.confidence;
        let record = Comparison {
            task: self.task.as_str().to_owned(),
            scope: self.scope.to_string(),
            name: name.as_str().to_owned(),
            class: class.cloned(),
            candidate: new.value,
            champion: old.value,
            difference: gain.value,
            low: gain.intervals.interval.map(|it| it.low),
            high: gain.intervals.interval.map(|it| it.high),
            confidence: Some(confidence.share()),
            detectable: smallest_detectable(gain.intervals.standard_error, confidence),
            only_candidate_right: test.as_ref().map(|it| it.only_first),
            only_champion_right: test.as_ref().map(|it| it.only_second),
            p_value: test.as_ref().map(|it| it.p_value),
            n,
            n_groups,
            effective_groups: Some(fewest_groups(metric, samples)),
            // Written with the record, as in all of a model's.
            caution: None,
        };
        let key = ScoreKey {
            task: self.task,
            scope: self.scope.clone(),
            class: class.cloned(),
            ..ScoreKey::of_labels(name)
        };
        Difference { key, record }
    }
}

/// The effective number of groups of the class that has the fewest, among those that a metric rests on.
fn fewest_groups(metric: Metric, samples: &[Sample<'_>]) -> f64 {
    let is_of = |it: &&Sample<'_>| match metric {
        Metric::Recall(class) => it.truth == class,
        _ => true,
    };
    let counted = samples.iter().filter(is_of);
    Support::of_classes(counted.map(|it| (it.group, it.truth))).n_effective
}

/// How many samples a metric of either model rests on, and of how many groups.
fn counted_of_either(metric: Metric, samples: &[Sample<'_>]) -> (u64, u64) {
    let class = match metric {
        Metric::Precision(class) | Metric::F1(class) => Some(class),
        _ => None,
    };
    let of_sample = |it: &Sample<'_>| {
        // If one of the two predicts the class, the sample counts for both.
        let predicted = it.predicted.iter().copied();
        predicted.reduce(|first, next| if Some(next) == class { next } else { first })
    };
    let told = samples.iter().map(|it| (it.group, it.truth, of_sample(it)));
    let support = Support::of(metric, told);
    (support.n, support.n_groups)
}

/// McNemar's test: for accuracy over all samples, for a recall over those of the class.
fn mcnemar(metric: Metric, samples: &[Sample<'_>]) -> Option<McNemar> {
    let is_asked = |sample: &&Sample<'_>| match metric {
        Metric::Accuracy => true,
        Metric::Recall(class) => sample.truth == class,
        _ => false,
    };
    let asked: Vec<&Sample<'_>> = samples.iter().filter(is_asked).collect();
    let right = |place: usize| -> Vec<bool> {
        let is_right = |it: &&Sample<'_>| it.predicted.get(place) == Some(&it.truth);
        asked.iter().map(is_right).collect()
    };
    (!asked.is_empty()).then(|| McNemar::of(&right(0), &right(1)))
}
