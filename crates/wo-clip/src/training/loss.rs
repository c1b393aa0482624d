//! The loss of a batch of videos over a bank of captions.
//!
//! CLIP's own loss takes the diagonal of a batch as positives and all else as negatives. Templated captions repeat
//! within a batch, so that loss penalizes correct matches and cannot fall below ln(B/C). Here each frame and each video
//! is classified over *all* distinct captions instead, and captions of one class share the target.

use tch::{Kind, Tensor};

use crate::device::uploaded;

/// The captions of each class in the bank.
#[derive(Debug)]
pub struct BankTargets {
    /// `[n_classes, n_captions]`: each row distributes a weight of one over the captions of its class.
    weights: Tensor,
}

impl BankTargets {
    /// `class_of_caption` gives the class of each caption in the bank. Every class needs a caption.
    pub fn new(class_of_caption: &[usize], n_classes: usize, device: tch::Device) -> Self {
        let n_captions = class_of_caption.len();
        let mut weights = vec![0.0_f32; n_classes * n_captions];
        for (caption, &class) in class_of_caption.iter().enumerate() {
            let n_of_class = class_of_caption
                .iter()
                .filter(|&&other| other == class)
                .count();
            weights[class * n_captions + caption] = 1.0 / n_of_class as f32;
        }
        Self {
            weights: uploaded(
                &Tensor::from_slice(&weights).view([n_classes as i64, n_captions as i64]),
                device,
            ),
        }
    }

    /// The targets for items of the given classes: `[n]` class indices to `[n, n_captions]`.
    pub fn of(&self, classes: &Tensor) -> Tensor {
        self.weights.index_select(0, classes)
    }

    /// Which captions belong to items of the given classes, as ones and zeros: `[n]` to `[n, n_captions]`.
    pub fn positives(&self, classes: &Tensor) -> Tensor {
        self.of(classes).gt(0.0).to_kind(Kind::Float)
    }

    /// A weight for each caption, so that each class counts as one: `[n_captions]`.
    pub fn caption_weights(&self) -> Tensor {
        self.weights
            .sum_dim_intlist([0_i64].as_slice(), false, Kind::Float)
    }

    /// Class features from caption features: the normalized mean of each class's captions.
    pub fn class_features(&self, caption_features: &Tensor) -> Tensor {
        crate::model::encoder::unit_rows(&self.weights.matmul(caption_features))
    }
}

/// Cross-entropy of `logits` `[n, k]` against `targets` `[n, k]` whose rows sum to one; the mean over rows.
pub fn soft_cross_entropy(logits: &Tensor, targets: &Tensor) -> Tensor {
    -(logits.log_softmax(-1, Kind::Float) * targets)
        .sum_dim_intlist([-1_i64].as_slice(), false, Kind::Float)
        .mean(Kind::Float)
}

/// The sigmoid loss (SigLIP: Zhai et al. 2023, arXiv 2303.15343): each pair of an item and a text is right or wrong by
/// itself. `logits` `[n, k]` with their bias, `positives` `[n, k]` of ones and zeros, `weights` `[k]` of the texts. The
/// sum over texts, the mean over items.
pub fn sigmoid_loss(logits: &Tensor, positives: &Tensor, weights: Option<&Tensor>) -> Tensor {
    let signs = positives * 2.0 - 1.0;
    let of_pairs = -(logits.to_kind(Kind::Float) * signs).log_sigmoid();
    let weighted = match weights {
        Some(weights) => of_pairs * weights,
        None => of_pairs,
    };
    weighted
        .sum_dim_intlist([-1_i64].as_slice(), false, Kind::Float)
        .mean(Kind::Float)
}

/// For items with the given captions, `[n, n]`: each row distributes a weight of one over the items with an equal
/// caption. The diagonal alone would make equal captions negatives (UniCL: Yang et al. 2022, arXiv 2204.03610).
pub fn equal_caption_targets(captions: &[usize], device: tch::Device) -> Tensor {
    let n = captions.len();
    let mut weights = vec![0.0_f32; n * n];
    for (row, caption) in weights.chunks_mut(n.max(1)).zip(captions) {
        let n_equal = captions.iter().filter(|other| *other == caption).count();
        for (weight, other) in row.iter_mut().zip(captions) {
            if other == caption {
                *weight = 1.0 / n_equal as f32;
            }
        }
    }
    uploaded(
        &Tensor::from_slice(&weights).view([n as i64, n as i64]),
        device,
    )
}

/// The symmetric contrastive loss of a batch: `logits` `[n, n]` of items and their captions against `targets` of the
/// same shape (openai/CLIP, figure 3, where the targets are the diagonal).
pub fn info_nce(logits: &Tensor, targets: &Tensor) -> Tensor {
    (soft_cross_entropy(logits, targets) + soft_cross_entropy(&logits.tr(), targets)) / 2.0
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn captions_of_one_class_are_not_each_others_negatives() {
        // Captions 0 and 1 are of class 0, caption 2 is of class 1.
        let bank = BankTargets::new(&[0, 0, 1], 2, Device::Cpu);
        let targets = bank.of(&Tensor::from_slice(&[0_i64]));
        let both = Tensor::from_slice(&[9.0_f32, 9.0, -9.0]).view([1, 3]);
        let one = Tensor::from_slice(&[9.0_f32, -9.0, -9.0]).view([1, 3]);
        let loss = |logits: &Tensor| soft_cross_entropy(logits, &targets).double_value(&[]);
        assert!(
            (loss(&both) - 2.0_f64.ln()).abs() < 1e-6,
            "both captions alike is the best there is: {}",
            loss(&both)
        );
        assert!(
            loss(&one) > 8.0,
            "preferring one of two equal captions is punished: {}",
            loss(&one)
        );
    }

    #[test]
    fn the_contrastive_loss_takes_equal_captions_as_right() {
        let targets = equal_caption_targets(&[7, 7, 3], Device::Cpu);
        let perfect =
            Tensor::from_slice(&[9.0_f32, 9.0, -9.0, 9.0, 9.0, -9.0, -9.0, -9.0, 9.0]).view([3, 3]);
        let floor = 2.0 / 3.0 * 2.0_f64.ln();
        let loss = |targets: &Tensor| info_nce(&perfect, targets).double_value(&[]);
        assert!((loss(&targets) - floor).abs() < 1e-6, "{}", loss(&targets));
        // Without repeated captions it equals CLIP's own loss.
        let diagonal = equal_caption_targets(&[0, 1, 2], Device::Cpu);
        assert!(diagonal.allclose(&Tensor::eye(3, (Kind::Float, Device::Cpu)), 0.0, 0.0, false));
    }

    #[test]
    fn in_the_sigmoid_loss_all_captions_of_a_class_are_right() {
        let bank = BankTargets::new(&[0, 0, 1], 2, Device::Cpu);
        let classes = Tensor::from_slice(&[0_i64]);
        let loss = |logits: &[f32]| {
            let logits = Tensor::from_slice(logits).view([1, 3]);
            let (positives, weights) = (bank.positives(&classes), bank.caption_weights());
            sigmoid_loss(&logits, &positives, Some(&weights)).double_value(&[])
        };
        // ln(1 + 1) for each class: two captions of half the weight, and one.
        assert!((loss(&[0.0; 3]) - 2.0 * 2.0_f64.ln()).abs() < 1e-6);
        assert!(loss(&[20.0, 20.0, -20.0]) < 1e-6, "both are right");
        assert!((loss(&[20.0, -20.0, -20.0]) - 10.0).abs() < 1e-5);
        assert!((loss(&[20.0, 20.0, 20.0]) - 20.0).abs() < 1e-5);
    }

    #[test]
    fn a_class_feature_is_the_mean_direction_of_its_captions() {
        let bank = BankTargets::new(&[0, 0, 1], 2, Device::Cpu);
        let captions = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0, 0.0, -2.0]).view([3, 2]);
        let classes = bank.class_features(&captions);
        let half = 0.5_f32.sqrt();
        assert!(classes.allclose(
            &Tensor::from_slice(&[half, half, 0.0, -1.0]).view([2, 2]),
            1e-6,
            1e-6,
            false
        ));
    }
}
