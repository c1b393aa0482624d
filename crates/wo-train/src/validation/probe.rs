//! A linear head on frozen features, which starts as what the captions say: the honest thing to beat, and for few videos
//! the thing to use (LP++: Huang et al. 2024, arXiv 2404.02285; CLAP: Silva-Rodríguez et al. 2024, arXiv 2312.12730).

use wo_clip::tch::{Device, Kind, Tensor, no_grad};
use wo_clip::{AdamWConfig, Optimizer, Pooling, Rule, Share, soft_cross_entropy};

use crate::trainer::schedule;
use crate::validation::metrics::{Probabilities, judge};

/// Steps over all videos at once.
pub(crate) const N_STEPS: usize = 300;
/// After so many steps the validation videos are looked at.
const STEPS_A_LOOK: usize = 30;
/// Part of the steps over which the learning rate rises.
const WARMUP: f64 = 0.1;
const WEIGHT_DECAY: f64 = 1e-2;

/// Videos to fit a head to, or to choose it by.
pub(crate) struct Videos<'a> {
    /// `[frames, width]` of each, of length one.
    pub(crate) features: &'a [Tensor],
    /// The class of each.
    pub(crate) classes: &'a [usize],
    /// How much each counts.
    pub(crate) weights: &'a [f32],
}

/// The head, and what it was like on the way.
pub(crate) struct Probe {
    /// `[classes, width]`, with the scale in it.
    pub(crate) head: Tensor,
    /// After so many steps, the mean loss of the training videos.
    pub(crate) losses: Vec<(usize, f64)>,
}

/// Fits a head to `train` that starts as `class_features` `[classes, width]` at `scale`, and keeps the one of which
/// `badness` is least, the start among them. `badness` is told what the head says of the `held_out` videos.
pub(crate) fn fit(
    class_features: &Tensor,
    scale: f64,
    lr: f64,
    train: &Videos<'_>,
    held_out: &[Tensor],
    pooling: Pooling,
    badness: impl Fn(&[Probabilities]) -> f64,
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
        if step % STEPS_A_LOOK == 0 {
            let fitted = no_grad(|| head.detach() * scale);
            let score = badness(&judge(held_out, &fitted, pooling));
            losses.push((step, loss.double_value(&[])));
            // Without videos to choose by, the last one is kept.
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

/// `[videos, classes]`: each row is its class, times how much the video counts; the mean of the rows' sums is one.
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

    /// Frames near one of two directions; the captions' directions are exchanged.
    fn frames(class: usize, noise: f32) -> Tensor {
        let (x, y) = if class == 0 {
            (1.0, noise)
        } else {
            (noise, 1.0)
        };
        Tensor::from_slice(&[x, y, 0.1_f32, x, y, -0.1]).view([2, 3])
    }

    #[test]
    fn it_learns_what_the_captions_have_wrong() {
        let features: Vec<Tensor> = (0..20).map(|i| frames(i % 2, 0.01 * i as f32)).collect();
        let classes: Vec<usize> = (0..20).map(|i| i % 2).collect();
        let train = Videos {
            features: &features,
            classes: &classes,
            weights: &[1.0; 20],
        };
        let wrong = Tensor::from_slice(&[0.6_f32, 0.8, 0.0, 0.8, 0.6, 0.0]).view([2, 3]);
        let held_out = [frames(0, 0.3), frames(1, 0.3)];
        let n_right = |said: &[Probabilities]| {
            let right = said
                .iter()
                .enumerate()
                .filter(|(class, said)| said[*class] > 0.5);
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
        // Where it gets worse, the start is kept.
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
