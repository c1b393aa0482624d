//! What can be had without fine-tuning: printed first, stored in the model, and what "better" means.
//!
//! Three look at no picture; where they are good, the labels leak. Two look at pictures with the model as it starts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wo_cli::count;
use wo_clip::tch::Tensor;
use wo_clip::{Pooling, Split};
use wo_record::{Group, Name, Score};
use wo_stats::{
    DurationOnly, Example as Fact, Facts, FileFacts, Majority, PairedComparison, Sample,
    paired_comparisons,
};

use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::validation::metrics::{
    LEAST_PROBABILITY, Probabilities, figure, judge, labels_of, predicted_label, summarise,
};
use crate::validation::probe::{self, Probe, Videos};

/// Learning rate of the linear probe where it is a baseline.
pub(crate) const PROBE_LR: f64 = 1e-3;

/// A start is too sure of itself where its loss is more than so many times that of guessing.
const OVERCONFIDENT: f64 = 2.0;

/// What one of them says of each held-out video.
#[derive(Serialize, Deserialize)]
struct Baseline {
    /// In records.
    name: String,
    /// For people.
    words: String,
    /// Places of labels.
    said: Vec<usize>,
}

/// A held-out video.
#[derive(Serialize, Deserialize)]
struct Case {
    group: Group,
    /// The place of its label.
    truth: usize,
}

/// All of them on the same held-out videos.
#[derive(Serialize, Deserialize)]
pub(crate) struct Baselines {
    cases: Vec<Case>,
    labels: Vec<Name>,
    all: Vec<Baseline>,
    seed: u64,
}

/// What the start of a run knows of its videos, which both picture baselines and the method `probe` are made of.
pub(crate) struct BaseFeatures {
    /// `[classes, width]` of length one: what the captions say.
    pub(crate) class_features: Tensor,
    pub(crate) scale: f64,
    /// `[frames, width]` of each training video.
    pub(crate) train: Vec<Tensor>,
    /// The same of each held-out video.
    pub(crate) held_out: Vec<Tensor>,
}

impl BaseFeatures {
    /// The scale at which the captions fit the training videos best, where at its own the start is so sure of what is wrong
    /// that nothing could be learnt from it: one that has only ever seen other pictures, such as drawings.
    pub(crate) fn rescaled_logit_scale(&self, dataset: &Dataset, pooling: Pooling) -> Option<f64> {
        let train = dataset.of(Split::Train);
        let classes: Vec<usize> = train
            .iter()
            .filter_map(|it| dataset.class_index(&it.class))
            .collect();
        let loss = |scale: f64| {
            let judged = judge(&self.train, &(&self.class_features * scale), pooling);
            let of_truth = judged.iter().zip(&classes).map(|(said, class)| {
                let probability = said.get(*class).copied().unwrap_or(0.0);
                -probability.max(LEAST_PROBABILITY).ln()
            });
            of_truth.sum::<f64>() / judged.len().max(1) as f64
        };
        best_lower_scale(self.scale, dataset.classes.len(), loss)
    }

    /// Fits a linear probe.
    pub(crate) fn probe(
        &self,
        dataset: &Dataset,
        held_out: &[&Example],
        lr: f64,
        pooling: Pooling,
        seed: u64,
    ) -> Probe {
        let train = dataset.of(Split::Train);
        let classes: Vec<usize> = train
            .iter()
            .filter_map(|it| dataset.class_index(&it.class))
            .collect();
        let weights = balanced_weights(&train);
        let videos = Videos {
            features: &self.train,
            classes: &classes,
            weights: &weights,
        };
        let badness =
            |said: &[Probabilities]| summarise(&dataset.classes, held_out, said, seed).loss;
        // Without videos to choose by, it is chosen by none.
        let features = if held_out.is_empty() {
            &[]
        } else {
            self.held_out.as_slice()
        };
        probe::fit(
            &self.class_features,
            self.scale,
            lr,
            &videos,
            features,
            pooling,
            badness,
        )
    }
}

/// The scale of least loss of those below `scale`, where that itself is too sure.
fn best_lower_scale(scale: f64, n_classes: usize, loss: impl Fn(f64) -> f64) -> Option<f64> {
    let chance = (n_classes as f64).ln();
    if loss(scale) <= OVERCONFIDENT * chance {
        return None;
    }
    let scales = std::iter::successors(Some(scale), |scale| Some(scale / 2.0));
    let scored = scales
        .take_while(|scale| *scale >= 1.0)
        .map(|scale| (loss(scale), scale));
    let best = scored.reduce(|best, next| if next.0 < best.0 { next } else { best });
    best.map(|(_, scale)| scale)
}

fn facts(example: &Example) -> Facts<'_> {
    Facts {
        exercise: Some(&example.class.exercise),
        duration_ms: example.video.duration_ms,
    }
}

/// A weight for each video, so that each exercise and label counts alike.
pub(crate) fn balanced_weights(videos: &[&Example]) -> Vec<f32> {
    let mut counts: BTreeMap<(&Name, &Name), f32> = BTreeMap::new();
    for video in videos {
        *counts
            .entry((&video.class.exercise, &video.class.label))
            .or_default() += 1.0;
    }
    videos
        .iter()
        .map(|video| 1.0 / counts[&(&video.class.exercise, &video.class.label)])
        .collect()
}

impl Baselines {
    /// Fits them to the training videos and asks them about the `held_out` ones. `start` is what the model makes of both
    /// before it is fitted.
    pub(crate) fn of(
        dataset: &Dataset,
        held_out: &[&Example],
        start: &BaseFeatures,
        hyper: &Hyperparameters,
    ) -> Self {
        let labels = labels_of(&dataset.classes);
        let train = dataset.videos(Split::Train);
        let place = |example: &Example| labels.binary_search(&example.class.label).unwrap_or(0);
        let known: Vec<Fact<'_>> = train
            .iter()
            .map(|&example| Fact {
                facts: facts(example),
                class: place(example),
            })
            .collect();
        let mut all = Vec::new();
        let mut add = |name, words, said: Option<Vec<usize>>| {
            all.extend(said.map(|said| Baseline {
                name: str::to_owned(name),
                words: str::to_owned(words),
                said,
            }));
        };
        let majority = Majority::fit(&known).map(|fitted| {
            held_out
                .iter()
                .map(|it| fitted.predict(facts(it)))
                .collect()
        });
        add("majority", "always the same answer", majority);
        let duration = DurationOnly::fit(&known, labels.len()).map(|fitted| {
            held_out
                .iter()
                .map(|it| fitted.predict(facts(it)))
                .collect()
        });
        add("duration_only", "looking at duration only", duration);
        let numbers: Vec<_> = train
            .iter()
            .map(|example| example.file_facts.clone())
            .collect();
        let classes: Vec<usize> = train.iter().map(|example| place(example)).collect();
        let files = FileFacts::fit(&numbers, &classes, labels.len()).map(|fitted| {
            held_out
                .iter()
                .map(|it| fitted.predict(&it.file_facts))
                .collect()
        });
        add(
            "metadata_only",
            "looking at the file, not the pictures",
            files,
        );
        let said = |head: &Tensor| {
            let judged = judge(&start.held_out, head, hyper.pooling);
            let labels = judged
                .iter()
                .map(|said| predicted_label(&dataset.classes, &labels, said));
            Some(labels.collect())
        };
        add(
            "zero_shot",
            "the start, captions only",
            said(&(&start.class_features * start.scale)),
        );
        let probe = start.probe(dataset, &[], PROBE_LR, hyper.pooling, hyper.seed);
        add(
            "linear_probe",
            "a linear head on the start",
            said(&probe.head),
        );
        Self {
            cases: held_out
                .iter()
                .map(|example| Case {
                    group: example.video.group.clone(),
                    truth: place(example),
                })
                .collect(),
            labels,
            all,
            seed: hyper.seed,
        }
    }

    /// The same baselines on these and on other videos; those that one of the two lacks are left out.
    pub(crate) fn and(mut self, other: Self) -> Self {
        let mut others: BTreeMap<String, Vec<usize>> =
            other.all.into_iter().map(|it| (it.name, it.said)).collect();
        self.all.retain_mut(|baseline| {
            let said = others.remove(&baseline.name);
            let is_there = said.is_some();
            baseline.said.extend(said.into_iter().flatten());
            is_there
        });
        self.cases.extend(other.cases);
        self
    }

    /// The place of the label that a model says.
    pub(crate) fn said(&self, dataset: &Dataset, judged: &[Probabilities]) -> Vec<usize> {
        let places = judged
            .iter()
            .map(|said| predicted_label(&dataset.classes, &self.labels, said));
        places.collect()
    }

    /// How all of them stand beside the model, which says these labels: the model first.
    fn standings(&self, model: &[usize]) -> Vec<PairedComparison> {
        let units: Vec<Sample<'_>> = self
            .cases
            .iter()
            .zip(model)
            .enumerate()
            .map(|(i, (case, model))| {
                let of_baselines = self.all.iter().map(|baseline| baseline.said[i]);
                Sample {
                    group: &case.group,
                    truth: case.truth,
                    predicted: std::iter::once(*model).chain(of_baselines).collect(),
                }
            })
            .collect();
        paired_comparisons(&units, self.labels.len(), self.seed)
    }

    fn n_groups(&self) -> usize {
        self.cases
            .iter()
            .map(|case| &case.group)
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// A line for each, for people.
    pub(crate) fn table(&self) -> String {
        let nothing = vec![0; self.cases.len()];
        let standings = self.standings(&nothing);
        let lines = self
            .all
            .iter()
            .zip(standings.iter().skip(1))
            .map(|(baseline, standing)| {
                format!(
                    "  {:<38} {}",
                    baseline.words,
                    figure(standing.balanced_accuracy, standing.interval)
                )
            });
        let title = format!(
            "without fine-tuning, balanced accuracy of form on {} of {}, with its 95 % interval:",
            count(self.cases.len(), "validation video"),
            count(self.n_groups(), "group")
        );
        std::iter::once(title)
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// What the model, which says these labels, is worth beside them: in words, as records, and as figures by name. `scope` is
    /// what the videos are.
    pub(crate) fn comparison(&self, model: &[usize], scope: &str) -> Comparison {
        let standings = self.standings(model);
        let mut comparison = Comparison::default();
        let names =
            std::iter::once("model").chain(self.all.iter().map(|baseline| baseline.name.as_str()));
        for (name, standing) in names.zip(&standings) {
            comparison.scores.push(Score {
                task: "label".to_owned(),
                by: name.into(),
                unit: "video".to_owned(),
                scope: scope.to_owned(),
                name: "balanced_accuracy".to_owned(),
                class: None,
                value: standing.balanced_accuracy,
                low: standing.interval.map(|it| it.low),
                high: standing.interval.map(|it| it.high),
                n: self.cases.len() as u64,
                n_groups: self.n_groups() as u64,
                ..Score::default()
            });
            if let Some(value) = standing.balanced_accuracy {
                comparison
                    .figures
                    .insert(format!("{scope}_balanced_accuracy_of_{name}"), value);
            }
        }
        let beaten = self.all.iter().zip(standings.iter().skip(1));
        let best = beaten.reduce(|best, next| {
            if next.1.balanced_accuracy > best.1.balanced_accuracy {
                next
            } else {
                best
            }
        });
        if let Some((baseline, standing)) = best {
            let gain = figure(standing.gain, standing.gain_interval);
            comparison.words = if standing.is_beaten() {
                format!(
                    "better than the best without fine-tuning ({}) by {gain}",
                    baseline.words
                )
            } else {
                format!(
                    "not shown to be better than the best without fine-tuning ({}): {gain} above it",
                    baseline.words
                )
            };
        }
        comparison
    }
}

/// What a model is worth beside the baselines.
#[derive(Debug, Default, Clone)]
pub(crate) struct Comparison {
    pub(crate) words: String,
    pub(crate) scores: Vec<Score>,
    pub(crate) figures: BTreeMap<String, f64>,
}

impl Comparison {
    /// The model's own figure, for people.
    pub(crate) fn figure(&self) -> String {
        self.scores.first().map_or("-".to_owned(), |score| {
            let interval = score.low.zip(score.high);
            figure(
                score.value,
                interval.map(|(low, high)| wo_stats::Interval { low, high }),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_is_sure_of_what_is_wrong_is_cooled() {
        // Wrong about one video of three, by a tenth of the scale each.
        let loss = |scale: f64| {
            let said = |margin: f64| (1.0 + (-margin * scale).exp()).ln();
            (2.0 * said(0.1) + said(-0.1)) / 3.0
        };
        assert_eq!(
            best_lower_scale(4.0, 2, loss),
            None,
            "not sure enough to harm"
        );
        let scale = best_lower_scale(80.0, 2, loss).expect("too sure");
        assert!((scale - 5.0).abs() < 1e-9, "{scale}");
        assert!(loss(scale) < 2.0_f64.ln() && loss(80.0) > OVERCONFIDENT * 2.0_f64.ln());
        // About one that is always wrong nothing is worth saying.
        let wrong = |scale: f64| (1.0 + (0.1 * scale).exp()).ln();
        let least = best_lower_scale(64.0, 2, wrong).expect("too sure");
        assert!((least - 1.0).abs() < 1e-9, "{least}");
    }
}
