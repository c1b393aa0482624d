//! Baselines: what is reached without fine-tuning. They are printed first, stored in the model, and define "better".
//!
//! Three see no frame; where they are good, the labels leak. Two see frames through the base model.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wo_cli::{Message, count};
use wo_clip::Split;
use wo_clip::tch::Tensor;
use wo_record::{Group, Name, Score};
use wo_stats::{
    DurationOnly, Example as Fact, Facts, FileFacts, Majority, PairedComparison, Sample,
    paired_comparisons,
};

use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::validation::base_features::{BaseFeatures, PROBE_LR};
use crate::validation::metrics::{
    Probabilities, fewest_groups, judge, labels_of, predicted_label, with_interval,
};

/// What one baseline predicts for each held-out video.
#[derive(Serialize, Deserialize)]
struct Baseline {
    /// Its name in records.
    name: String,
    /// Its name in messages.
    words: String,
    /// Indices of labels.
    #[serde(alias = "said")]
    predicted: Vec<usize>,
}

/// A held-out video.
#[derive(Serialize, Deserialize)]
struct HeldOutVideo {
    group: Group,
    /// The index of its label.
    truth: usize,
}

/// All baselines on the same held-out videos.
#[derive(Serialize, Deserialize)]
pub(crate) struct Baselines {
    #[serde(alias = "cases")]
    samples: Vec<HeldOutVideo>,
    labels: Vec<Name>,
    all: Vec<Baseline>,
    seed: u64,
}

fn facts(example: &Example) -> Facts<'_> {
    Facts {
        exercise: Some(&example.class.exercise),
        duration_ms: example.video.duration_ms,
    }
}

impl Baselines {
    /// Fits the baselines to the training videos and lets them predict the `held_out` ones. `base` holds features of
    /// both by the base model.
    pub(crate) fn of(
        dataset: &Dataset,
        held_out: &[&Example],
        base: &BaseFeatures,
        hyper: &Hyperparameters,
    ) -> Self {
        let labels = labels_of(&dataset.classes);
        let mut all = blind(dataset, held_out, &labels);
        all.extend(seeing(dataset, &labels, base, hyper));
        let samples = held_out.iter().map(|example| HeldOutVideo {
            group: example.video.group.clone(),
            truth: label_index(&labels, example),
        });
        Self {
            samples: samples.collect(),
            labels,
            all,
            seed: hyper.seed,
        }
    }

    /// The same baselines on these and on other videos, without those that one of the two lacks.
    pub(crate) fn and(mut self, other: Self) -> Self {
        let mut others: BTreeMap<String, Vec<usize>> = other
            .all
            .into_iter()
            .map(|it| (it.name, it.predicted))
            .collect();
        self.all.retain_mut(|baseline| {
            let predicted = others.remove(&baseline.name);
            let is_in_both = predicted.is_some();
            baseline.predicted.extend(predicted.into_iter().flatten());
            is_in_both
        });
        self.samples.extend(other.samples);
        self
    }

    /// The indices of the labels that a model predicts.
    pub(crate) fn predicted(&self, dataset: &Dataset, judged: &[Probabilities]) -> Vec<usize> {
        let labels = judged
            .iter()
            .map(|judged| predicted_label(&dataset.classes, &self.labels, judged));
        labels.collect()
    }

    /// The model, which predicts these labels, beside the baselines: the model first.
    fn compare(&self, model: &[usize]) -> Vec<PairedComparison> {
        let samples: Vec<Sample<'_>> = self
            .samples
            .iter()
            .zip(model)
            .enumerate()
            .map(|(i, (video, model))| {
                let of_baselines = self.all.iter().map(|baseline| baseline.predicted[i]);
                Sample {
                    group: &video.group,
                    truth: video.truth,
                    predicted: std::iter::once(*model).chain(of_baselines).collect(),
                }
            })
            .collect();
        paired_comparisons(&samples, self.labels.len(), self.seed)
    }

    fn n_groups(&self) -> usize {
        self.samples
            .iter()
            .map(|sample| &sample.group)
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// Independent groups of the label that has the fewest.
    fn n_effective(&self) -> f64 {
        fewest_groups(self.samples.iter().map(|it| (&it.group, it.truth)))
    }

    /// The baselines as a table to print, with this behind its title.
    pub(crate) fn table(&self, caution: &str) -> Message {
        let nothing = vec![0; self.samples.len()];
        let comparisons = self.compare(&nothing);
        let n_effective = self.n_effective();
        let lines = self
            .all
            .iter()
            .zip(comparisons.iter().skip(1))
            .map(|(baseline, compared)| {
                format!(
                    "{:<38} {}",
                    baseline.words,
                    with_interval(compared.balanced_accuracy, compared.interval, n_effective)
                )
            });
        let title = format!(
            "baselines: balanced accuracy of form on {} of {}, with 95 % confidence interval{caution}:",
            count(self.samples.len(), "validation video"),
            count(self.n_groups(), "group")
        );
        Message::new(title).items(lines)
    }

    /// Compares the model, which predicts these labels, with the baselines. `scope` says which videos these are.
    pub(crate) fn comparison(&self, model: &[usize], scope: &str) -> Comparison {
        let comparisons = self.compare(model);
        let mut comparison = Comparison {
            n_effective: self.n_effective(),
            ..Comparison::default()
        };
        let names =
            std::iter::once("model").chain(self.all.iter().map(|baseline| baseline.name.as_str()));
        for (name, compared) in names.zip(&comparisons) {
            comparison.scores.push(Score {
                task: "label".to_owned(),
                by: name.into(),
                unit: "video".to_owned(),
                scope: scope.to_owned(),
                name: "balanced_accuracy".to_owned(),
                class: None,
                value: compared.balanced_accuracy,
                low: compared.interval.map(|it| it.low),
                high: compared.interval.map(|it| it.high),
                n: self.samples.len() as u64,
                n_groups: self.n_groups() as u64,
                effective_groups: Some(self.n_effective()),
                ..Score::default()
            });
            if let Some(value) = compared.balanced_accuracy {
                comparison
                    .metrics
                    .insert(format!("{scope}_balanced_accuracy_of_{name}"), value);
            }
        }
        let beaten = self.all.iter().zip(comparisons.iter().skip(1));
        let best = beaten.reduce(|best, next| {
            if next.1.balanced_accuracy > best.1.balanced_accuracy {
                next
            } else {
                best
            }
        });
        if let Some((baseline, compared)) = best {
            let gain = with_interval(
                compared.gain,
                compared.gain_interval,
                comparison.n_effective,
            );
            comparison.words = if compared.is_beaten() {
                format!(
                    "better than the best baseline ({}) by {gain}",
                    baseline.words
                )
            } else {
                format!(
                    "not shown to be better than the best baseline ({}): difference {gain}",
                    baseline.words
                )
            };
        }
        comparison
    }
}

/// Those that see no frame.
fn blind(dataset: &Dataset, held_out: &[&Example], labels: &[Name]) -> Vec<Baseline> {
    let train = dataset.videos(Split::Train);
    let classes: Vec<usize> = train.iter().map(|it| label_index(labels, it)).collect();
    let known: Vec<Fact<'_>> = train
        .iter()
        .zip(&classes)
        .map(|(example, &class)| Fact {
            facts: facts(example),
            class,
        })
        .collect();
    let file_facts: Vec<_> = train.iter().map(|it| it.file_facts.clone()).collect();
    let predict = |of: &dyn Fn(&Example) -> usize| held_out.iter().map(|it| of(it)).collect();
    let majority = Majority::fit(&known).map(|fitted| predict(&|it| fitted.predict(facts(it))));
    let duration = DurationOnly::fit(&known, labels.len())
        .map(|fitted| predict(&|it| fitted.predict(facts(it))));
    let metadata = FileFacts::fit(&file_facts, &classes, labels.len())
        .map(|fitted| predict(&|it| fitted.predict(&it.file_facts)));
    [
        ("majority", "always the most frequent label", majority),
        ("duration_only", "video length only", duration),
        ("metadata_only", "container metadata only", metadata),
    ]
    .into_iter()
    .filter_map(|(name, words, predicted)| Some(baseline(name, words, predicted?)))
    .collect()
}

/// Those that see frames through the base model.
fn seeing(
    dataset: &Dataset,
    labels: &[Name],
    base: &BaseFeatures,
    hyper: &Hyperparameters,
) -> [Baseline; 2] {
    let predict = |head: &Tensor| {
        let judged = judge(&base.held_out, head, hyper.pooling);
        let of_videos = judged
            .iter()
            .map(|judged| predicted_label(&dataset.classes, labels, judged));
        of_videos.collect()
    };
    let zero_shot = predict(&(&base.class_features * base.scale));
    let probe = base.probe(dataset, &[], PROBE_LR, hyper.pooling, hyper.seed);
    [
        baseline("zero_shot", "base model, zero-shot", zero_shot),
        baseline(
            "linear_probe",
            "linear head on the base model",
            predict(&probe.head),
        ),
    ]
}

fn baseline(name: &str, words: &str, predicted: Vec<usize>) -> Baseline {
    Baseline {
        name: name.to_owned(),
        words: words.to_owned(),
        predicted,
    }
}

fn label_index(labels: &[Name], example: &Example) -> usize {
    labels.binary_search(&example.class.label).unwrap_or(0)
}

/// A model beside the baselines.
#[derive(Debug, Default, Clone)]
pub(crate) struct Comparison {
    /// In words; empty where there is nothing to compare on.
    pub(crate) words: String,
    /// As records, the model first.
    pub(crate) scores: Vec<Score>,
    /// By name, for the model.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// Independent groups of the label that has the fewest.
    n_effective: f64,
}

impl Comparison {
    /// The model's balanced accuracy, to print.
    pub(crate) fn balanced_accuracy(&self) -> String {
        self.scores.first().map_or("-".to_owned(), |score| {
            let interval = score.low.zip(score.high);
            with_interval(
                score.value,
                interval.map(|(low, high)| wo_stats::Interval { low, high }),
                self.n_effective,
            )
        })
    }
}
