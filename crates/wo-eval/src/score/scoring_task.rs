//! One task of several predictors, with the metrics of each and their confidence intervals.

use wo_record::{Group, Name, Predictor, UNCLEAR};
use wo_stats::{Bootstrap, Estimate, GroupedConfusions, Metric, Ranking, Sample, roc_area};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::evaluation::{ConfusionMatrix, Evaluation};
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task, Unit};
use crate::score::measurement::Measurement;
use crate::score::support::Support;

/// Samples that are scored together.
pub(crate) struct ScoringTask<'a> {
    pub(crate) task: Task,
    pub(crate) unit: Unit,
    pub(crate) scope: Scope,
    pub(crate) classes: &'a [Name],
    /// Who predicts, the model first.
    pub(crate) predictors: Vec<Predictor>,
    /// What each of them predicts of each sample.
    pub(crate) samples: Vec<Sample<'a>>,
    /// The model's probability of each class, for each sample, where areas under curves are wanted; else empty.
    pub(crate) probabilities: Vec<&'a [f64]>,
}

impl ScoringTask<'_> {
    /// Adds the scores of all predictors.
    pub(crate) fn score_into(&self, evaluation: &mut Evaluation, seed: u64) {
        let confusions = self.confusions();
        let metrics = Metric::all(self.classes.len());
        let bootstrap = Bootstrap::new(seed);
        let compared = confusions.compare(&metrics, &bootstrap);
        for (place, scores) in compared.scores.iter().enumerate() {
            let scores = metrics.iter().zip(scores);
            for (metric, estimate) in scores.filter(|(metric, _)| !self.is_of_unclear(**metric)) {
                if let Some(score) = self.measure(place, *metric, estimate) {
                    evaluation.push(score);
                }
            }
        }
        let balanced = metrics
            .iter()
            .position(|it| *it == Metric::BalancedAccuracy);
        for (predictor, gains) in self.predictors.iter().zip(&compared.gains) {
            let gain = balanced.and_then(|place| gains.get(place));
            if let (Some(baseline), Some(gain)) = (Baseline::of(predictor), gain) {
                let key = self.key(Predictor::Model, MetricName::GainOver(baseline), None);
                evaluation.push(Measurement::new(key, gain, self.support()));
            }
        }
        self.areas(&bootstrap, evaluation);
        evaluation.confusions.push(ConfusionMatrix {
            task: self.task,
            unit: self.unit,
            scope: self.scope.clone(),
            classes: self.classes.to_vec(),
            counts: confusions.counts().into_iter().next().unwrap_or_default(),
        });
    }

    /// One metric of the first predictor, where there are samples.
    pub(crate) fn metric(&self, metric: Metric, seed: u64) -> Option<Measurement> {
        let confusions = self.confusions();
        let compared = confusions.compare(&[metric], &Bootstrap::new(seed));
        self.measure(0, metric, compared.scores.first()?.first()?)
    }

    /// A metric of one predictor, with the samples that it rests on: of a class those of that class alone.
    fn measure(
        &self,
        predictor: usize,
        metric: Metric,
        estimate: &Estimate,
    ) -> Option<Measurement> {
        let by = self.predictors.get(predictor)?;
        let class = metric.class().and_then(|class| self.classes.get(class));
        let samples = self.samples.iter();
        let predicted =
            samples.map(|it| (it.group, it.truth, it.predicted.get(predictor).copied()));
        let key = self.key(by.clone(), metric.into(), class);
        Some(Measurement::new(
            key,
            estimate,
            Support::of(metric, predicted),
        ))
    }

    /// `unclear` is predicted, but never true.
    fn is_of_unclear(&self, metric: Metric) -> bool {
        let class = metric.class().and_then(|class| self.classes.get(class));
        class.is_some_and(|class| class.as_str() == UNCLEAR)
    }

    fn confusions(&self) -> GroupedConfusions {
        GroupedConfusions::new(&self.samples, self.classes.len())
    }

    /// How well the model's probabilities rank samples, for each class: the areas under the ROC and precision–recall curves.
    fn areas(&self, bootstrap: &Bootstrap, evaluation: &mut Evaluation) {
        let mut distinct: Vec<&Group> = self.samples.iter().map(|sample| sample.group).collect();
        distinct.sort();
        distinct.dedup();
        let groups: Vec<usize> = self
            .samples
            .iter()
            .filter_map(|sample| distinct.binary_search(&sample.group).ok())
            .collect();
        let classes = self.classes.iter().enumerate();
        for (class, name) in classes.filter(|(_, name)| name.as_str() != UNCLEAR) {
            let scores: Vec<f64> = self
                .probabilities
                .iter()
                .filter_map(|of_sample| of_sample.get(class).copied())
                .collect();
            let is_of: Vec<bool> = self.samples.iter().map(|it| it.truth == class).collect();
            let Some(ranking) = Ranking::new(&scores, &is_of, &groups) else {
                continue;
            };
            let estimates = bootstrap.estimates(ranking.n_groups(), |drawn| {
                vec![ranking.roc_auc(drawn), ranking.average_precision(drawn)]
            });
            let area = roc_area(&scores, &is_of, &groups);
            let of_samples = self.samples.iter().zip(&is_of);
            let support = Support::of_classes(of_samples.map(|(it, is_of)| (it.group, *is_of)));
            let metrics = [MetricName::RocAuc, MetricName::AveragePrecision];
            for (metric, estimate) in metrics.into_iter().zip(&estimates) {
                // A resample of a perfect order is perfect, so that only a mistake would give average precision an interval.
                let interval = area.filter(|_| metric == MetricName::RocAuc);
                let estimate = estimate.joined_with(interval, bootstrap.confidence);
                let key = self.key(Predictor::Model, metric, Some(name));
                evaluation.push(Measurement::new(key, &estimate, support));
            }
        }
    }

    fn key(&self, by: Predictor, name: MetricName, class: Option<&Name>) -> ScoreKey {
        ScoreKey {
            task: self.task,
            by,
            unit: self.unit,
            scope: self.scope.clone(),
            name,
            class: class.cloned(),
        }
    }

    /// All samples, by their true classes.
    fn support(&self) -> Support {
        Support::of_classes(self.samples.iter().map(|it| (it.group, it.truth)))
    }
}

/// One metric of the label over some videos, each with its prediction. `None` if none has a label.
pub(crate) fn label_metric<'a>(
    predicted: impl Iterator<Item = (&'a Prediction, usize)>,
    metric: Metric,
    scope: Scope,
    space: &LabelSpace,
    seed: u64,
) -> Option<Measurement> {
    let samples = predicted.filter_map(|(video, label)| {
        Some(Sample {
            group: &video.group,
            truth: video.truth()?,
            predicted: vec![label],
        })
    });
    let task = ScoringTask {
        task: Task::Label,
        unit: Unit::Video,
        scope,
        classes: &space.labels,
        predictors: vec![Predictor::Model],
        samples: samples.collect(),
        probabilities: Vec::new(),
    };
    task.metric(metric, seed)
}
