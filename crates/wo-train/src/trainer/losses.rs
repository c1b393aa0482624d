//! The losses, and their floor.

use wo_cli::count;
use wo_clip::tch::Tensor;
use wo_clip::{BankTargets, info_nce, sigmoid_loss, soft_cross_entropy};

use crate::data::dataset::Dataset;
use crate::hyperparameters::{Hyperparameters, Loss};

/// Which captions of a batch a frame is pulled towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positives {
    /// All that equal its own.
    Equal,
    /// Its own alone, as in `open_clip_train`; for comparison only.
    OwnOnly,
}

/// All distinct captions of the training videos.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) captions: Vec<String>,
    /// The class of each.
    pub(crate) class_of: Vec<usize>,
}

impl Bank {
    pub(crate) fn of(dataset: &Dataset) -> Self {
        let of_classes = dataset.captions.iter().enumerate();
        let class_of = of_classes.flat_map(|(class, captions)| captions.iter().map(move |_| class));
        Self {
            class_of: class_of.collect(),
            captions: dataset.captions.iter().flatten().cloned().collect(),
        }
    }
}

/// Cross-entropy of each video over the classes, and of each frame over the bank of captions. `scaled` are the features
/// of frames times the logit scale, `captions` those of the step's captions, `classes` those of the videos. Returns the
/// loss and its video part. Both stay on the device, since reading a number waits for it.
pub(crate) fn bank(
    scaled: &Tensor,
    captions: &Tensor,
    targets: &BankTargets,
    classes: &Tensor,
    hyper: &Hyperparameters,
) -> (Tensor, Tensor) {
    let logits = video_logits(scaled, captions, targets, classes, hyper);
    let of_videos = logits.cross_entropy_for_logits(classes);
    let alone = of_videos.detach();
    if hyper.frame_loss == 0.0 {
        return (of_videos, alone);
    }
    let frame_targets =
        targets
            .of(classes)
            .repeat_interleave_self_int(frames_a_video(scaled, classes), 0, None);
    let of_frames = soft_cross_entropy(&scaled.matmul(&captions.tr()), &frame_targets);
    (of_videos + of_frames * hyper.frame_loss, alone)
}

/// As [`bank`], with each pair right or wrong by itself. Captions of one class weigh as much as the class.
pub(crate) fn sigmoid(
    scaled: &Tensor,
    captions: &Tensor,
    targets: &BankTargets,
    classes: &Tensor,
    hyper: &Hyperparameters,
    bias: Option<&Tensor>,
) -> (Tensor, Tensor) {
    let biased = |logits: Tensor| match bias {
        Some(bias) => logits + bias,
        None => logits,
    };
    let logits = biased(video_logits(scaled, captions, targets, classes, hyper));
    let of_videos = sigmoid_loss(&logits, &classes.one_hot(logits.size()[1]), None);
    let alone = of_videos.detach();
    if hyper.frame_loss == 0.0 {
        return (of_videos, alone);
    }
    let positives = targets.positives(classes).repeat_interleave_self_int(
        frames_a_video(scaled, classes),
        0,
        None,
    );
    let of_frames = sigmoid_loss(
        &biased(scaled.matmul(&captions.tr())),
        &positives,
        Some(&targets.caption_weights()),
    );
    (of_videos + of_frames * hyper.frame_loss, alone)
}

/// The pooled logits of videos over the classes, without a bias: `[n_videos, n_classes]`.
fn video_logits(
    scaled: &Tensor,
    captions: &Tensor,
    targets: &BankTargets,
    classes: &Tensor,
    hyper: &Hyperparameters,
) -> Tensor {
    let of_frames = scaled.matmul(&targets.class_features(captions).tr()).view([
        classes.size()[0],
        frames_a_video(scaled, classes),
        -1,
    ]);
    hyper.pooling.pool(&of_frames)
}

/// How many frames each of the videos of these classes has.
fn frames_a_video(scaled: &Tensor, classes: &Tensor) -> i64 {
    scaled.size()[0] / classes.size()[0].max(1)
}

/// Cross-entropy of each frame over the captions of all frames in the batch. `of_frames` is the caption of each frame,
/// `targets` `[frames, frames]` how much each is pulled towards the caption of each.
pub(crate) fn contrastive(
    scaled: &Tensor,
    captions: &Tensor,
    of_frames: &Tensor,
    targets: &Tensor,
) -> (Tensor, Tensor) {
    let logits = scaled.matmul(&captions.index_select(0, of_frames).tr());
    let loss = info_nce(&logits, targets);
    let alone = loss.detach();
    (loss, alone)
}

/// The floor of the loss and its value at chance, to print.
pub(crate) fn floor(dataset: &Dataset, loss: Loss, n_frames: usize) -> String {
    let bank = Bank::of(dataset);
    let n_captions = bank.captions.len().max(1) as f64;
    match loss {
        Loss::Bank => {
            let counts = dataset
                .captions
                .iter()
                .map(|captions| (captions.len() as f64).ln());
            let floor = counts.sum::<f64>() / dataset.captions.len().max(1) as f64;
            format!(
                "frame loss: floor {floor:.2}, chance {:.2} (cross-entropy over {}; those of one class share the target); video \
                 loss: floor 0, chance {:.2} (cross-entropy over {})",
                n_captions.ln(),
                count(n_captions, "caption"),
                (dataset.classes.len() as f64).ln(),
                count(dataset.classes.len(), "class")
            )
        }
        Loss::Sigmoid => {
            let n_classes = dataset.classes.len().max(1) as f64;
            format!(
                "sigmoid loss of videos and of frames: floor 0, chance {:.2} (each of {}, and each of {}, is right or wrong \
                 by itself; those of one class share a weight of one)",
                n_classes * entropy_of_one(1.0 / n_classes),
                count(n_classes, "class"),
                count(n_captions, "caption"),
            )
        }
        Loss::Infonce | Loss::Diagonal => {
            let n = n_frames.max(1) as f64;
            format!(
                "frame loss: floor about {:.2}, chance {:.2} (cross-entropy over the captions of {}, {} distinct)",
                (n / n_captions).max(1.0).ln(),
                n.ln(),
                count(n, "frame"),
                n_captions
            )
        }
    }
}

/// The entropy of an answer that is yes with this probability.
fn entropy_of_one(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(p) + part(1.0 - p)
}
