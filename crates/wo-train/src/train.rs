//! The training loop: one straight function.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use anyhow::ensure;
use wo_clip::tch::nn::Module;
use wo_clip::tch::{Device, Kind, Reduction, Tensor, nn, no_grad};
use wo_clip::{
    AdamW, AdamWConfig, BankTargets, Checkpoint, Clip, Split, class_features, soft_cross_entropy,
};
use wo_record::{Metric, Record, Writer};

use crate::args::Hyperparameters;
use crate::batches::Sampler;
use crate::data::Dataset;
use crate::poses::PoseScale;
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
    let pose_scale = PoseScale::of(dataset, hyper.pose_loss)?;
    let sampler = Sampler::new(
        dataset,
        &checkpoint.preprocessor,
        pose_scale.as_ref(),
        hyper.batch_size,
        hyper.frames,
        hyper.seed,
    );
    let validation = dataset.of(Split::Validation);
    let side = i64::from(checkpoint.preprocessor.crop);
    let bank: Vec<&String> = dataset.captions.iter().flatten().collect();
    let class_of_caption: Vec<usize> = dataset
        .captions
        .iter()
        .enumerate()
        .flat_map(|(class, captions)| captions.iter().map(move |_| class))
        .collect();
    let targets = BankTargets::new(&class_of_caption, dataset.classes.len(), device);
    let bank_tokens = checkpoint.tokenizer.encode(&bank)?;
    let config = AdamWConfig {
        weight_decay: hyper.weight_decay,
        ..AdamWConfig::default()
    };
    // What reads joints off the features is thrown away after the run.
    let pose_vs = nn::VarStore::new(device);
    let pose_head = pose_scale.as_ref().map(|scale| {
        nn::linear(
            &pose_vs.root() / "pose_head",
            checkpoint.config.projection_dim,
            scale.n_coordinates() as i64,
            nn::LinearConfig::default(),
        )
    });
    let parameters = vs.variables().into_iter().chain(pose_vs.variables());
    let mut optimizer = AdamW::new(parameters, config, |name| {
        if name.starts_with("text") || name == "logit_scale" {
            hyper.text_lr_factor
        } else {
            1.0
        }
    });
    let mut logit_scale = vs
        .variables()
        .remove("logit_scale")
        .expect("every CLIP has it");
    let n_steps_an_epoch = sampler.n_steps();
    let n_steps = n_steps_an_epoch * hyper.epochs as usize;
    let mut best: Option<(f64, BTreeMap<String, Tensor>, BTreeMap<String, f64>)> = None;

    std::thread::scope(|scope| {
        let (to, from) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || sampler.send_all(hyper.epochs, &to));
        let mut step = 0;
        for epoch in 1..=hyper.epochs {
            let started = Instant::now();
            let (mut loss_sum, mut norm_sum, mut pose_loss_sum, mut n_images) = (0.0, 0.0, 0.0, 0);
            for _ in 0..n_steps_an_epoch {
                let Ok(batch) = from.recv() else { break };
                let lr = hyper.lr * crate::schedule::factor(step, n_steps, hyper.warmup);

                // ---- loss: each video over the classes, each frame over the bank of captions ----
                let (n_videos, n_frames) = (batch.classes.len() as i64, batch.n_frames as i64);
                let pixels = Tensor::from_slice(&batch.pixels)
                    .view([n_videos * n_frames, 3, side, side])
                    .to_device(device);
                let classes = Tensor::from_slice(&batch.classes).to_device(device);
                let features = clip.image_features(&pixels);
                let scaled = &features * clip.scale();
                let captions = clip.text_features(&bank_tokens);
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
                if let Some(head) = &pose_head {
                    let wanted = Tensor::from_slice(&batch.poses)
                        .view([n_videos * n_frames, -1])
                        .to_device(device);
                    // Features have length one; their entries are brought to about one.
                    let found = head.forward(&(&features * (features.size()[1] as f64).sqrt()));
                    let pose_loss = found.smooth_l1_loss(&wanted, Reduction::Mean, 1.0);
                    pose_loss_sum += pose_loss.double_value(&[]);
                    loss += pose_loss * hyper.pose_loss;
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
            if pose_head.is_some() {
                values.insert("train_pose_loss".to_owned(), pose_loss_sum / n);
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
            if best.as_ref().is_none_or(|(least, ..)| score < *least) {
                values.insert("epoch".to_owned(), f64::from(epoch));
                best = Some((score, copy_of(&vs), values));
            }
        }
        Ok::<(), anyhow::Error>(())
    })?;

    let Some((_, weights, metrics)) = best else {
        anyhow::bail!("not one epoch was trained\nhint: --epochs 1 or more")
    };
    no_grad(|| {
        for (name, mut parameter) in vs.variables() {
            parameter.copy_(&weights[&name]);
        }
    });
    Ok(Trained { vs, metrics })
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
    let mut line = format!(
        "epoch {epoch:>3}/{n_epochs}  loss {:.3}",
        value("train_loss").unwrap_or(f64::NAN)
    );
    if let (Some(loss), Some(balanced), Some(exercise)) = (
        value("validation_loss"),
        value("validation_balanced_accuracy"),
        value("validation_exercise_accuracy"),
    ) {
        line += &format!(
            "  validation: loss {loss:.3}, balanced accuracy {balanced:.2}, exercise {exercise:.2} ({n_validation} videos)"
        );
    }
    line + &format!(
        "  {:.0} frames/s",
        value("images_per_second").unwrap_or(0.0)
    )
}
