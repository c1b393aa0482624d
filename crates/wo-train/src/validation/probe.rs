//! A linear probe: a head on frozen features, initialized from the captions. It is the baseline to beat, and the method for
//! few videos (LP++: Huang et al. 2024, arXiv 2404.02285; CLAP: Silva-Rodríguez et al. 2024, arXiv 2312.12730).

use wo_clip::tch::{Device, Kind, Tensor, no_grad};
use wo_clip::{AdamWConfig, Optimizer, Pooling, Rule, Share, soft_cross_entropy};

use crate::trainer::schedule;
use crate::validation::metrics::{Probabilities, judge};

/// Steps over all videos at once.
pub(crate) const N_STEPS: usize = 300;
/// Steps between two validations.
const STEPS_PER_LOOK: usize = 30;
/// Warm-up, as a fraction of all steps.
const WARMUP: f64 = 0.1;
const WEIGHT_DECAY: f64 = 1e-2;

/// Videos to fit a head to.
pub(crate) struct Videos<'a> {
    /// `[frames, width]` of each, as unit vectors.
    pub(crate) features: &'a [Tensor],
    /// The class of each.
    pub(crate) classes: &'a [usize],
    /// The weight of each.
    pub(crate) weights: &'a [f32],
}

/// The head, and the losses while it was fitted.
pub(crate) struct Probe {
    /// `[classes, width]`, including the logit scale.
    pub(crate) head: Tensor,
    /// Steps taken, and the training loss after them.
    pub(crate) losses: Vec<(usize, f64)>,
}

/// Fits a head to `train`, initialized from `class_features` `[classes, width]` at `scale`. Keeps the step with the lowest
/// `validation_loss`, the initial head included. `validation_loss` gets the predictions for the `held_out` videos.
pub(crate) fn fit(
    class_features: &Tensor,
    scale: f64,
    lr: f64,
    train: &Videos<'_>,
    held_out: &[Tensor],
    pooling: Pooling,
    validation_loss: impl Fn(&[Probabilities]) -> f64,
) -> Probe {
    let device = class_features.device();
    let means: Vec<Tensor> = train
        .features
        .iter()
        .map(|frames| frames.mean_dim([0_i64].as_slice(), false, Kind::Float))
        .collect();
    let means = Tensor::stack(&means, 0) * scale;
    let n_classes = class_features.size()[0];
    let targets = targets(train.classes, train.weights, n_classes, device);
    let head = class_features.detach().copy().set_requires_grad(true);
    let config = AdamWConfig {
        weight_decay: WEIGHT_DECAY,
        ..AdamWConfig::default()
    };
    let share = Share {
        lr_factor: 1.0,
        rule: Rule::AdamW,
    };
    let mut optimizer = Optimizer::new([("head".to_owned(), head.shallow_clone())], config, |_| {
        share
    });
    let mut best: Option<(f64, Tensor)> = None;
    let mut losses = Vec::new();
    for step in 0..=N_STEPS {
        let loss = soft_cross_entropy(&means.matmul(&head.tr()), &targets);
        if step % STEPS_PER_LOOK == 0 {
            let fitted = no_grad(|| head.detach() * scale);
            let score = validation_loss(&judge(held_out, &fitted, pooling));
            losses.push((step, loss.double_value(&[])));
            // Without held-out videos the last step is kept.
            if held_out.is_empty() || best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, fitted));
            }
        }
        optimizer.zero_grad();
        loss.backward();
        optimizer.step(lr * schedule::factor(step.min(N_STEPS - 1), N_STEPS, WARMUP));
    }
    Probe {
        head: best.map_or_else(|| class_features * scale, |(_, head)| head),
        losses,
    }
}

/// `[videos, classes]`: one-hot rows times the weights of the videos. The mean of the rows' sums is one.
fn targets(classes: &[usize], weights: &[f32], n_classes: i64, device: Device) -> Tensor {
    let total: f32 = weights.iter().sum();
    let n = classes.len();
    let mut rows = vec![0.0_f32; n * n_classes as usize];
    for (row, (&class, weight)) in rows
        .chunks_mut(n_classes as usize)
        .zip(classes.iter().zip(weights))
    {
        row[class] = weight * n as f32 / total;
    }
    Tensor::from_slice(&rows)
        .view([n as i64, n_classes])
        .to_device(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames near one of two directions. The captions' directions are swapped.
    fn frames(class: usize, noise: f32) -> Tensor {
        let (x, y) = if class == 0 {
            (1.0, noise)
        } else {
            (noise, 1.0)
        };
        Tensor::from_slice(&[x, y, 0.1_f32, x, y, -0.1]).view([2, 3])
    }

    #[test]
    fn it_corrects_wrong_captions() {
        let features: Vec<Tensor> = (0..20).map(|i| frames(i % 2, 0.01 * i as f32)).collect();
        let classes: Vec<usize> = (0..20).map(|i| i % 2).collect();
        let train = Videos {
            features: &features,
            classes: &classes,
            weights: &[1.0; 20],
        };
        let wrong = Tensor::from_slice(&[0.6_f32, 0.8, 0.0, 0.8, 0.6, 0.0]).view([2, 3]);
        let held_out = [frames(0, 0.3), frames(1, 0.3)];
        let n_right = |judged: &[Probabilities]| {
            let right = judged
                .iter()
                .enumerate()
                .filter(|(class, predicted)| predicted[*class] > 0.5);
            right.count() as f64
        };
        assert!(n_right(&judge(&held_out, &(&wrong * 10.0), Pooling::Mean)) < 1.0);
        let loss = |said: &[Probabilities]| -> f64 {
            said.iter().enumerate().map(|(c, p)| -p[c].ln()).sum()
        };
        let probe = fit(&wrong, 10.0, 1e-2, &train, &held_out, Pooling::Mean, loss);
        assert!((n_right(&judge(&held_out, &probe.head, Pooling::Mean)) - 2.0).abs() < 1e-9);
        let losses: Vec<f64> = probe.losses.iter().map(|(_, loss)| *loss).collect();
        assert!(losses[10] < losses[0], "{losses:?}");
        // Where every step is worse, the initial head is kept.
        let kept = fit(
            &wrong,
            10.0,
            1e-2,
            &train,
            &held_out,
            Pooling::Mean,
            |said| -loss(said),
        );
        assert!(kept.head.allclose(&(&wrong * 10.0), 1e-6, 1e-6, false));
    }
}
