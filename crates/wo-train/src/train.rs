//! The training loop: one straight function.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use anyhow::ensure;
use wo_clip::tch::{Device, Kind, Tensor, nn, no_grad};
use wo_clip::{
    AdamWConfig, BankTargets, Checkpoint, Clip, Optimizer, Rule, Share, Split, class_features,
    soft_cross_entropy,
};
use wo_record::{Metric, Record, Writer};

use crate::args::Hyperparameters;
use crate::batches::Sampler;
use crate::data::Dataset;
use crate::joints::{JointHead, Joints};
use crate::validation::{Validation, validate};

/// Batches that wait while the model works.
const BATCHES_AHEAD: usize = 2;
/// All gradients together are at most this long.
const MAX_GRAD_NORM: f64 = 1.0;
/// The scale of cosines is at most 100, as in CLIP.
const MAX_LOGIT_SCALE: f64 = 4.605_170_185_988_092;

/// What a run ends with.
pub(crate) struct Trained {
    /// The parameters of the best epoch.
    pub(crate) vs: nn::VarStore,
    /// The figures of that epoch.
    pub(crate) metrics: BTreeMap<String, f64>,
}

/// The best epoch so far.
struct Best {
    /// Less is better.
    score: f64,
    weights: BTreeMap<String, Tensor>,
    metrics: BTreeMap<String, f64>,
}

/// Trains and returns the weights of the epoch with the least validation loss, or of the last one where there is no
/// validation part. Writes a metric record each epoch.
pub(crate) fn train(
    checkpoint: &Checkpoint,
    dataset: &Dataset,
    hyper: &Hyperparameters,
    device: Device,
    writer: &mut Writer<'_>,
) -> anyhow::Result<Trained> {
    // ---- what is trained, and on what ----
    let (vs, clip) = checkpoint.build(device)?;
    let joints = Joints::of(dataset, hyper.pose_loss)?;
    let sampler = Sampler::new(dataset, &checkpoint.preprocessor, joints.as_ref(), hyper);
    let validation = dataset.of(Split::Validation);
    let side = i64::from(checkpoint.preprocessor.crop);
    let bank: Vec<&String> = dataset.captions.iter().flatten().collect();
    let class_of_caption: Vec<usize> = dataset
        .captions
        .iter()
        .enumerate()
        .flat_map(|(class, captions)| captions.iter().map(move |_| class))
        .collect();
    let bank_tokens = checkpoint.tokenizer.encode(&bank)?;
    let config = AdamWConfig {
        weight_decay: hyper.weight_decay,
        ..AdamWConfig::default()
    };
    // What reads joints off the patches is thrown away after the run.
    let joint_vs = nn::VarStore::new(device);
    let joint_head = joints.as_ref().map(|joints| {
        let vision = &checkpoint.config.vision_config;
        let patches_a_side = vision.image_size / vision.patch_size;
        let root = joint_vs.root() / "joint_head";
        JointHead::new(&root, joints, vision.hidden_size, patches_a_side, device)
    });
    let parameters = vs.variables().into_iter().chain(joint_vs.variables());
    let mut optimizer = Optimizer::new(parameters, config, |name| share(name, hyper));
    let mut logit_scale = vs
        .variables()
        .remove("logit_scale")
        .expect("every CLIP has it");
    let n_steps_an_epoch = sampler.n_steps();
    let n_steps = n_steps_an_epoch * hyper.epochs as usize;
    let mut best: Option<Best> = None;

    std::thread::scope(|scope| {
        let (to, from) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || sampler.send_all(hyper.epochs, &to));
        let mut step = 0;
        for epoch in 1..=hyper.epochs {
            let started = Instant::now();
            let (mut loss_sum, mut norm_sum, mut joint_loss_sum, mut n_images) = (0.0, 0.0, 0.0, 0);
            for _ in 0..n_steps_an_epoch {
                let Ok(batch) = from.recv() else { break };
                let lr = hyper.lr * crate::schedule::factor(step, n_steps, hyper.warmup);

                // ---- loss: each video over the classes, each frame over the bank of captions ----
                let (n_videos, n_frames) = (batch.classes.len() as i64, batch.n_frames as i64);
                let pixels = Tensor::from_slice(&batch.pixels)
                    .view([n_videos * n_frames, 3, side, side])
                    .to_device(device);
                let classes = Tensor::from_slice(&batch.classes).to_device(device);
                let chosen = &batch.captions;
                let class_of: Vec<usize> = chosen.iter().map(|&c| class_of_caption[c]).collect();
                let targets = BankTargets::new(&class_of, dataset.classes.len(), device);
                let captions = clip.text_features(&bank_tokens.select(chosen));
                let (features, patches) = clip.image_and_patch_features(&pixels);
                let scaled = features * clip.scale();
                let video_logits = scaled
                    .matmul(&targets.class_features(&captions).tr())
                    .view([n_videos, n_frames, -1])
                    .mean_dim([1_i64].as_slice(), false, Kind::Float);
                let video_loss = video_logits.cross_entropy_for_logits(&classes);
                let frame_targets = targets
                    .of(&classes)
                    .repeat_interleave_self_int(n_frames, 0, None);
                let frame_loss = soft_cross_entropy(&scaled.matmul(&captions.tr()), &frame_targets);
                let mut loss = video_loss + frame_loss * hyper.frame_loss;
                if let Some(head) = &joint_head {
                    let wanted = Tensor::from_slice(&batch.joints)
                        .view([n_videos * n_frames, -1, 2])
                        .to_device(device);
                    let joint_loss = head.loss(&patches, &wanted);
                    joint_loss_sum += joint_loss.double_value(&[]);
                    loss += joint_loss * hyper.pose_loss;
                }

                // ---- step ----
                let loss_value = loss.double_value(&[]);
                ensure!(
                    loss_value.is_finite(),
                    "the loss is {loss_value} at step {step}; the run has diverged\nhint: lower --lr (it is {:e})",
                    hyper.lr
                );
                optimizer.zero_grad();
                loss.backward();
                norm_sum += optimizer.clip_grad_norm(MAX_GRAD_NORM);
                optimizer.step(lr);
                no_grad(|| drop(logit_scale.clamp_max_(MAX_LOGIT_SCALE)));
                loss_sum += loss_value;
                n_images += n_videos * n_frames;
                step += 1;
            }

            // ---- validate, keep the best, log ----
            let seconds = started.elapsed().as_secs_f64();
            let result = validate_epoch(&clip, checkpoint, dataset, &validation, device)?;
            let n = n_steps_an_epoch.max(1) as f64;
            let mut values = BTreeMap::from([
                ("train_loss".to_owned(), loss_sum / n),
                ("grad_norm".to_owned(), norm_sum / n),
                ("logit_scale".to_owned(), clip.scale().double_value(&[])),
                (
                    "images_per_second".to_owned(),
                    n_images as f64 / seconds.max(1e-9),
                ),
            ]);
            if joint_head.is_some() {
                values.insert("train_pose_loss".to_owned(), joint_loss_sum / n);
            }
            if let Some(result) = &result {
                values.insert("validation_loss".to_owned(), result.loss);
                values.insert(
                    "validation_balanced_accuracy".to_owned(),
                    result.balanced_accuracy,
                );
                values.insert(
                    "validation_exercise_accuracy".to_owned(),
                    result.exercise_accuracy,
                );
            }
            wo_cli::say!(
                "{}",
                epoch_line(epoch, hyper.epochs, &values, validation.len())
            );
            writer.record(&Record::Metric(Metric {
                epoch,
                step: step as u64,
                values: values.clone(),
            }))?;
            writer.flush()?;
            // Without a validation part each epoch replaces the one before.
            let score = result.map_or(-f64::from(epoch), |result| result.loss);
            if best.as_ref().is_none_or(|best| score < best.score) {
                values.insert("epoch".to_owned(), f64::from(epoch));
                best = Some(Best {
                    score,
                    weights: copy_of(&vs),
                    metrics: values,
                });
            }
        }
        Ok::<(), anyhow::Error>(())
    })?;

    let Some(Best {
        weights, metrics, ..
    }) = best
    else {
        anyhow::bail!("not one epoch was trained\nhint: --epochs 1 or more")
    };
    no_grad(|| {
        for (name, mut parameter) in vs.variables() {
            parameter.copy_(&weights[&name]);
        }
    });
    Ok(Trained { vs, metrics })
}

/// How a parameter is trained: Muon is for the matrices of the blocks alone, where it was tried.
fn share(name: &str, hyper: &Hyperparameters) -> Share {
    let is_text = name.starts_with("text") || name == "logit_scale";
    let is_matrix_of_block =
        name.contains(".layers.") && name.ends_with(".weight") && !name.contains("layer_norm");
    Share {
        lr_factor: if is_text { hyper.text_lr_factor } else { 1.0 },
        rule: if is_matrix_of_block {
            hyper.optimizer
        } else {
            Rule::AdamW
        },
    }
}

fn validate_epoch(
    clip: &Clip,
    checkpoint: &Checkpoint,
    dataset: &Dataset,
    validation: &[&crate::data::Example],
    device: Device,
) -> anyhow::Result<Option<Validation>> {
    if validation.is_empty() {
        return Ok(None);
    }
    no_grad(|| {
        let features = class_features(clip, &checkpoint.tokenizer, &dataset.captions)?;
        Ok(Some(validate(
            clip,
            &features,
            &checkpoint.preprocessor,
            dataset,
            validation,
            device,
        )))
    })
}

fn copy_of(vs: &nn::VarStore) -> BTreeMap<String, Tensor> {
    no_grad(|| {
        vs.variables()
            .into_iter()
            .map(|(name, parameter)| (name, parameter.detach().copy()))
            .collect()
    })
}

fn epoch_line(
    epoch: u32,
    n_epochs: u32,
    values: &BTreeMap<String, f64>,
    n_validation: usize,
) -> String {
    let value = |name: &str| values.get(name).copied();
    let loss = value("train_loss").unwrap_or(f64::NAN);
    let speed = value("images_per_second").unwrap_or(0.0);
    let mut parts = vec![format!("epoch {epoch:>3}/{n_epochs}  loss {loss:.3}")];
    if let (Some(loss), Some(balanced), Some(exercise)) = (
        value("validation_loss"),
        value("validation_balanced_accuracy"),
        value("validation_exercise_accuracy"),
    ) {
        parts.push(format!(
            "validation: loss {loss:.3}, balanced accuracy {balanced:.2}, exercise {exercise:.2} ({n_validation} videos)"
        ));
    }
    parts.push(format!("{speed:.0} frames/s"));
    parts.join("  ")
}
