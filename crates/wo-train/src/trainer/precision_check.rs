//! Computes the same first steps and verdicts in both precisions.

use wo_clip::tch::{self, Kind, Tensor, no_grad};

use crate::data::dataset::Dataset;
use crate::data::joints::Joints;
use crate::data::sampler::{Batch, Sampler, Step};
use crate::hyperparameters::Hyperparameters;
use crate::run::Run;
use crate::trainer::gradients::{TrainedModel, in_precision};
use crate::trainer::precision::Agreement;
use crate::trainer::schedule;

/// Steps on the same videos.
const N_STEPS: usize = 3;
const MAX_GRAD_NORM: f64 = 1.0;

/// The first losses and verdicts in 32 bits and in bfloat16, from the base model on the first videos. `None` where the run
/// was asked to end meanwhile.
pub(crate) fn agreement(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
) -> anyhow::Result<Option<Agreement>> {
    let joints = Joints::of(dataset, run.hyper.pose_loss)?;
    let preprocessor = &run.checkpoint.preprocessor;
    let sampler = Sampler::new(
        dataset,
        preprocessor,
        joints.as_ref(),
        run.hyper,
        run.device,
    );
    let n_steps = sampler.n_steps() * run.hyper.epochs as usize;
    let step = first_batch(sampler.step(0)?);
    let (vs, clip) = run.build()?;
    let model = TrainedModel::new(run, vs, clip, dataset, sampler.n_joints())?;
    let start = model.trained.copies();
    let mut of_each = Vec::new();
    for bf16 in [false, true] {
        let hyper = Hyperparameters {
            bf16,
            ..run.hyper.clone()
        };
        let run = run.with(&hyper);
        let mut verdicts = Vec::new();
        for batch in &step.batches {
            verdicts.extend(verdicts_of(&run, &model, batch)?);
        }
        let Some(losses) = first_losses(&run, &model, &step, n_steps)? else {
            return Ok(None);
        };
        model.trained.load(&start)?;
        of_each.push((losses, verdicts));
    }
    let both = |half: usize| &of_each[half];
    let ((losses, verdicts), (half_losses, half_verdicts)) = (both(0), both(1));
    let pairs = losses
        .iter()
        .zip(half_losses)
        .map(|(&full, &half)| [full, half]);
    let labels = verdicts
        .iter()
        .zip(half_verdicts)
        .map(|(&full, &half)| [full, half]);
    Ok(Some(Agreement {
        losses: pairs.collect(),
        verdicts: labels.collect(),
    }))
}

/// The first micro-batch of a step, as a step of its own.
fn first_batch(mut step: Step) -> Step {
    step.batches.truncate(1);
    step.n_videos = step.batches.iter().map(|batch| batch.classes.len()).sum();
    step.caption_of_video.truncate(step.n_videos);
    step
}

fn first_losses(
    run: &Run<'_, '_>,
    model: &TrainedModel<'_>,
    step: &Step,
    n_steps: usize,
) -> anyhow::Result<Option<Vec<f64>>> {
    let hyper = run.hyper;
    let mut optimizer = model.trained.optimizer(hyper);
    let mut losses = Vec::new();
    for number in 0..N_STEPS {
        tch::manual_seed(hyper.seed.cast_signed());
        let Some(of_step) = model.gradients(run, step, &mut optimizer)? else {
            return Ok(None);
        };
        let lr = hyper.lr * schedule::factor(number, n_steps.max(1), hyper.warmup);
        let norm = optimizer.clipped_step(lr, MAX_GRAD_NORM);
        model.clamp_scale();
        let (of_step, norm) = of_step.read(&norm);
        optimizer.settle(norm);
        losses.push(of_step.all);
    }
    optimizer.zero_grad();
    Ok(Some(losses))
}

/// The most probable class of each video of a batch.
fn verdicts_of(
    run: &Run<'_, '_>,
    model: &TrainedModel<'_>,
    batch: &Batch,
) -> anyhow::Result<Vec<usize>> {
    let pooling = run.hyper.pooling;
    no_grad(|| {
        let (scaled, _) = model.features(run, &batch.frames)?;
        let mut failed = None;
        let weights = in_precision(run, || {
            let made = run.class_weights(&model.clip, model.dataset);
            made.unwrap_or_else(|error| {
                failed = Some(error);
                Tensor::zeros([1, 1], (Kind::Float, run.device))
            })
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let frames = scaled.matmul(&weights.tr());
        let n_videos = batch.classes.len() as i64;
        let of_videos = frames.view([n_videos, batch.n_frames as i64, -1]);
        let best = pooling.pool(&of_videos).argmax(-1, false);
        let best = Vec::<i64>::try_from(best)?;
        Ok(best.into_iter().map(|class| class as usize).collect())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use clap::Parser;
    use image::{Rgb, RgbImage};
    use serde_json::json;
    use wo_cli::Stop;
    use wo_clip::FoundDevice;

    use super::*;
    use crate::Args;
    use crate::artifacts::run_dir::RunDir;
    use crate::cli::config::Config;
    use crate::model::base::BaseModel;
    use crate::session::Session;

    /// Four persons with a red and a blue video of one frame each.
    fn records() -> String {
        let mut lines = Vec::new();
        for n in 0..8_u8 {
            let is_good = n % 2 == 0;
            let colour = if is_good {
                [180, 20, 20]
            } else {
                [20, 20, 180]
            };
            let image =
                RgbImage::from_fn(40, 40, |x, _| Rgb(colour.map(|c| c + n * (x as u8 / 8))));
            let mut jpeg = Cursor::new(Vec::new());
            image
                .write_to(&mut jpeg, image::ImageFormat::Jpeg)
                .expect("encoded");
            let jpeg = STANDARD.encode(jpeg.into_inner());
            lines.push(json!({
                "type": "video", "video_id": format!("v{n}"), "path": format!("v{n}.mp4"), "person_id": format!("p{}", n / 2),
            }).to_string());
            lines.push(json!({
                "type": "frame", "video_id": format!("v{n}"), "index": 0, "exercise": "squat",
                "label": if is_good { "good_form" } else { "bad_form" }, "image": { "inline": { "jpeg_base64": jpeg } },
                "description": if is_good { "squat with knees over the toes" } else { "squat with knees caving in" },
            }).to_string());
        }
        wo_testkit::stream(&lines)
    }

    /// A session on a processor that claims to multiply in bfloat16, after its check; and what the check finds.
    fn checked(more: &[&str]) -> (bool, Agreement) {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("model");
        let flags = [
            "wo-train",
            "--init",
            "scratch:tiny",
            "-j1",
            "--validation",
            "0",
            "--test",
            "0",
            "--output",
        ];
        let flags = flags
            .iter()
            .copied()
            .chain(output.to_str())
            .chain(more.iter().copied());
        let mut config = Config::of(Args::parse_from(flags)).expect("good flags");
        config.machine.has_bfloat16 = true;
        let named = BaseModel::named(&config.base_model).expect("built in");
        let run_dir = RunDir::open(&config.output.model).expect("a folder");
        let mut input = Cursor::new(records());
        let group = std::rc::Rc::new(wo_clip::Group::alone());
        let mut session = Session::prepare(
            &config,
            &group,
            named,
            &mut input,
            FoundDevice::cpu(),
            &run_dir,
        )
        .expect("read");
        let stop = Stop::listen().expect("signals");
        let found = session
            .agreement(&config, &stop)
            .expect("computed")
            .expect("not stopped");
        session.settle_precision(&config, &stop).expect("settled");
        (session.computes_in_bf16(), found)
    }

    #[test]
    fn the_same_steps_are_computed_in_both_precisions() {
        let (bf16, found) = checked(&["--method", "full", "--batch-size", "4", "--frames", "1"]);
        assert_eq!((found.losses.len(), found.verdicts.len()), (N_STEPS, 4));
        assert_eq!(bf16, found.holds(), "{found:?}");
        // Close beside what there was to learn, though not the same bits: each was computed in its own precision.
        assert!(
            found
                .losses
                .iter()
                .all(|[full, half]| (full - half).abs() < 0.1 * found.losses[0][0]),
            "{found:?}"
        );
        assert!(
            found
                .losses
                .iter()
                .any(|[full, half]| (full - half).abs() > 0.0),
            "{found:?}"
        );
        // The second precision starts from the base model as the first does.
        assert!(found.losses[0][0] > found.losses[2][0], "{found:?}");
    }

    #[test]
    fn a_probe_needs_no_check() {
        let (bf16, _) = checked(&["--method", "probe", "--batch-size", "4", "--frames", "1"]);
        assert!(!bf16);
    }
}
