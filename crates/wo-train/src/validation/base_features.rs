//! Features of the dataset by the base model, the logit scale that suits them, and a linear probe on them.

use std::collections::BTreeMap;

use wo_clip::tch::{Kind, Tensor};
use wo_clip::{Pooling, Split};
use wo_record::Name;

use crate::data::dataset::{Dataset, Example};
use crate::validation::metrics::{LEAST_PROBABILITY, Probabilities, judge, summarise};
use crate::validation::probe::{self, Probe, Videos};

/// Learning rate of the linear probe where it is a baseline.
pub(crate) const PROBE_LR: f64 = 1e-3;

/// A base model is overconfident where its loss exceeds that of guessing by this factor.
const OVERCONFIDENT: f64 = 2.0;
/// Where a logit bias is looked for: logits are cosines times a scale of a few hundred at most.
const BIASES: (f64, f64) = (-1e3, 1e3);
/// Halvings of that range: enough for ten digits.
const N_HALVINGS: usize = 50;

/// Features by the base model, for the two baselines that see frames and for the method `probe`.
pub(crate) struct BaseFeatures {
    /// `[classes, width]`, unit vectors: the mean directions of the captions. All features are on the CPU.
    pub(crate) class_features: Tensor,
    /// The logit scale.
    pub(crate) scale: f64,
    /// `[frames, width]` of each training video.
    pub(crate) train: Vec<Tensor>,
    /// The same of each held-out video.
    pub(crate) held_out: Vec<Tensor>,
}

impl BaseFeatures {
    /// The logit scale with the lowest training loss, where the base model is overconfident at its own. So is one that
    /// has only seen other images, such as drawings; training would learn nothing from it.
    pub(crate) fn rescaled_logit_scale(&self, dataset: &Dataset, pooling: Pooling) -> Option<f64> {
        let train = dataset.of(Split::Train);
        let classes: Vec<usize> = train
            .iter()
            .filter_map(|it| dataset.class_index(&it.class))
            .collect();
        let loss = |scale: f64| {
            let judged = judge(&self.train, &(&self.class_features * scale), pooling);
            let of_truth = judged.iter().zip(&classes).map(|(predicted, class)| {
                let probability = predicted.get(*class).copied().unwrap_or(0.0);
                -probability.max(LEAST_PROBABILITY).ln()
            });
            of_truth.sum::<f64>() / judged.len().max(1) as f64
        };
        best_lower_scale(self.scale, dataset.classes.len(), loss)
    }

    /// The logit bias with the lowest sigmoid loss of the training videos over the classes, at this logit scale: that by
    /// which they have one class each, on average. The base model's own fits one right text among thousands.
    pub(crate) fn fitted_logit_bias(&self, pooling: Pooling, scale: f64) -> f64 {
        let weights = (&self.class_features * scale).tr();
        let logits: Vec<Vec<f64>> = self
            .train
            .iter()
            .map(|frames| {
                let pooled = pooling.pool(&frames.matmul(&weights).unsqueeze(0));
                Vec::try_from(pooled.squeeze_dim(0).to_kind(Kind::Double)).unwrap_or_default()
            })
            .collect();
        bias_of_one_class(&logits)
    }

    /// Fits a linear probe, and chooses its step on the `held_out` videos.
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
        let loss =
            |judged: &[Probabilities]| summarise(&dataset.classes, held_out, judged, seed).loss;
        // Without a validation split the last step is kept.
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
            loss,
        )
    }
}

/// The bias by which the probabilities of all classes of an item sum to one, on average.
fn bias_of_one_class(logits: &[Vec<f64>]) -> f64 {
    let n_right = |bias: f64| -> f64 {
        let all = logits.iter().flatten();
        all.map(|logit| 1.0 / (1.0 + (-logit - bias).exp())).sum()
    };
    let (mut low, mut high) = BIASES;
    // The sum grows with the bias.
    for _ in 0..N_HALVINGS {
        let middle = f64::midpoint(low, high);
        if n_right(middle) < logits.len() as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The scale of lowest loss among `scale` and its halves, where `scale` itself is overconfident.
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

/// Weights of videos by which each exercise and label counts the same.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_makes_one_class_right_on_average() {
        // Of three classes alike, each has a probability of a third.
        let bias = bias_of_one_class(&vec![vec![12.0; 3]; 4]);
        assert!((bias + 12.0 + 2.0_f64.ln()).abs() < 1e-6, "{bias}");
        // One class alone is always right; the bias stays finite.
        assert!(bias_of_one_class(&[vec![0.0]]).is_finite());
    }

    #[test]
    fn an_overconfident_base_model_is_rescaled() {
        // Wrong about one video of three, by a tenth of the scale each.
        let loss = |scale: f64| {
            let loss_at = |margin: f64| (1.0 + (-margin * scale).exp()).ln();
            (2.0 * loss_at(0.1) + loss_at(-0.1)) / 3.0
        };
        assert_eq!(best_lower_scale(4.0, 2, loss), None, "harmless");
        let scale = best_lower_scale(80.0, 2, loss).expect("overconfident");
        assert!((scale - 5.0).abs() < 1e-9, "{scale}");
        assert!(loss(scale) < 2.0_f64.ln() && loss(80.0) > OVERCONFIDENT * 2.0_f64.ln());
        // One that is always wrong gets the lowest scale.
        let wrong = |scale: f64| (1.0 + (0.1 * scale).exp()).ln();
        let least = best_lower_scale(64.0, 2, wrong).expect("overconfident");
        assert!((least - 1.0).abs() < 1e-9, "{least}");
    }
}
