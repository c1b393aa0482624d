//! Fitting by gradient steps: one loop, which can be stopped and gone on with at any step.
//!
//! What a step sees depends on the seed and its number alone, and all that changes from step to step is in the snapshots.
//! So on the CPU a run that was stopped or killed ends with the bytes of an undisturbed one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use wo_cli::{Exit, ExitWith};
use wo_clip::tch::{self, nn};
use wo_clip::{Clip, weights_hash};

use crate::data::dataset::{Dataset, Example};
use crate::data::joints::Joints;
use crate::data::sampler::Sampler;
use crate::hyperparameters::{Interpolation, Loss};
use crate::model::parameters::{self, Average};
use crate::model::pose_head::JointHead;
use crate::model::wise_ft;
use crate::run::{Fitted, Run};
use crate::trainer::config::{Resume, SelfCheck};
use crate::trainer::gradients::Fit;
use crate::trainer::losses::Bank;
use crate::trainer::snapshot::{Best, Place, Resumption, start_of};
use crate::trainer::{schedule, self_check};
use crate::validation::metrics::{
    Probabilities, Validation, add_validation, summarise, validation_words,
};

/// Steps that wait while the model works.
const STEPS_AHEAD: usize = 2;
/// All gradients together are at most this long.
const MAX_GRAD_NORM: f64 = 1.0;
/// Runs of so many steps are worth the time of a self-check.
const LONG_RUN: usize = 1000;
/// How often a line says how far an epoch is.
const NEWS: Duration = Duration::from_secs(30);

/// Fits the model in `vs` and returns it as it was at its best, with what it then says of the `held_out` videos.
pub(crate) fn fit(
    run: &mut Run<'_, '_>,
    vs: nn::VarStore,
    clip: Clip,
    dataset: &Dataset,
    held_out: &[&Example],
    snapshots: &Path,
) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
    // ---- what is fitted, and to what ----
    let (hyper, device, checkpoint) = (run.hyper, run.device, run.checkpoint);
    let joints = Joints::of(dataset, hyper.pose_loss)?;
    let sampler = Sampler::new(dataset, &checkpoint.preprocessor, joints.as_ref(), hyper);
    let mut clip = clip;
    let start = start_of(&vs);
    clip.set_checkpointing(hyper.checkpoint_blocks);
    let joint_head = joints
        .as_ref()
        .map(|joints| JointHead::of(joints, &checkpoint.config, hyper.seed, device));
    let trained = parameters::Trained::of(
        &vs,
        &mut clip,
        joint_head.as_ref(),
        &checkpoint.config,
        hyper,
    );
    let bank = Bank::of(dataset);
    let mut fit = Fit {
        bank_tokens: checkpoint.tokenizer.encode(&bank.captions)?,
        bank,
        vs,
        clip,
        joint_head,
        trained,
        dataset,
        side: i64::from(checkpoint.preprocessor.crop),
    };
    let n_steps_an_epoch = sampler.n_steps();
    let n_steps = n_steps_an_epoch * hyper.epochs as usize;
    let checks_itself = match run.config.self_check {
        SelfCheck::On => true,
        SelfCheck::Auto => n_steps >= LONG_RUN,
        SelfCheck::Off => false,
    };
    if checks_itself {
        let kept = fit.trained.copies();
        self_check::learns_by_heart(run, &fit, &sampler)?;
        fit.trained.load(&kept)?;
    }
    let mut optimizer = fit.trained.optimizer(hyper);
    let mut average = Average::of(&fit.trained, hyper.ema);
    let mut place = Place::default();
    let mut best: Option<Best> = None;
    let mut resumption = Resumption::new(snapshots, dataset, &start, run)?;
    if run.config.resume == Resume::Auto
        && let Some(found) = resumption.find(&fit.trained, &mut optimizer, &mut average)?
    {
        (place, best) = found;
        wo_cli::say!("going on at step {} of {n_steps}", place.step);
    }
    let n_classes = dataset.classes.len();

    std::thread::scope(|scope| {
        let (to, from) = sync_channel(STEPS_AHEAD);
        let first = place.step;
        scope.spawn(move || sampler.send(first, n_steps, &to));
        let mut since = Instant::now();
        let mut last_news = Instant::now();
        let (mut n_images, mut waited) = (0_i64, Duration::ZERO);
        while place.step < n_steps && !place.is_over {
            // ---- a snapshot now and then, and when the run is asked to end ----
            let is_asked = run.stop.is_asked();
            if is_asked || resumption.is_due() {
                resumption.write(&place, best.as_ref(), &fit.trained, &optimizer, &average)?;
            }
            if is_asked {
                return Err(anyhow!(
                    "stopped at step {} of {n_steps}\nhint: the same command goes on from there",
                    place.step
                ))
                .exit_with(Exit::Locked);
            }

            // ---- step ----
            let waiting = Instant::now();
            let step = from
                .recv()
                .context("the thread that reads frames broke down")??;
            waited += waiting.elapsed();
            let lr = hyper.lr * schedule::factor(place.step, n_steps, hyper.warmup);
            tch::manual_seed(hyper.seed.wrapping_add(place.step as u64).cast_signed());
            optimizer.zero_grad();
            fit.clip.set_training(true);
            let losses = fit.gradients(run, &step);
            fit.clip.set_training(false);
            let Some(losses) = losses? else {
                // Asked to end in the middle of it: its gradients are dropped, and it is done again.
                continue;
            };
            ensure!(
                losses.all.is_finite(),
                "not_finite: the loss is {} at step {}; the run has diverged\nhint: lower --lr (it is {:e})",
                losses.all,
                place.step,
                hyper.lr
            );
            if place.step == 0 && hyper.loss == Loss::Bank {
                self_check::check_first_loss(losses.videos, n_classes, run.is_scratch)?;
            }
            let norm = optimizer.clip_grad_norm(MAX_GRAD_NORM);
            optimizer.step(lr);
            fit.clamp_scale();
            average.follow(&fit.trained, place.step);
            place.add(&losses, norm);
            n_images += step
                .batches
                .iter()
                .map(|b| (b.classes.len() * b.n_frames) as i64)
                .sum::<i64>();
            if last_news.elapsed() >= NEWS {
                last_news = Instant::now();
                let rate = n_images as f64 / since.elapsed().as_secs_f64();
                let per_step = n_images as f64 / (place.step - first).max(1) as f64;
                let left = (n_steps - place.step) as f64 * per_step / rate.max(1e-9);
                wo_cli::say!(
                    "step {}/{n_steps}  loss {:.3}  lr {lr:.1e}  {rate:.0} frames/s  {left:.0} s left",
                    place.step,
                    losses.all
                );
            }
            if place.step % n_steps_an_epoch != 0 {
                continue;
            }

            // ---- after an epoch: validate, keep the best, log ----
            let epoch = (place.step / n_steps_an_epoch) as u32;
            let seconds = since.elapsed().as_secs_f64();
            let judged = average.instead(&fit.trained, || fit.judge(run, held_out))?;
            let result = (!held_out.is_empty())
                .then(|| summarise(&dataset.classes, held_out, &judged, hyper.seed));
            let mut values = place.means();
            values.insert("logit_scale".to_owned(), fit.scale());
            values.insert("lr".to_owned(), lr);
            if let Some(result) = &result {
                add_validation(&mut values, result);
            }
            wo_cli::say!(
                "{}",
                epoch_line(
                    epoch,
                    hyper.epochs,
                    &values,
                    result.as_ref(),
                    held_out.len(),
                    n_images as f64 / seconds
                )
            );
            let mut logged = values.clone();
            logged.insert(
                "images_per_second".to_owned(),
                n_images as f64 / seconds.max(1e-9),
            );
            logged.insert(
                "waiting_share".to_owned(),
                waited.as_secs_f64() / seconds.max(1e-9),
            );
            place
                .history
                .push(run.log(epoch, place.step as u64, logged)?);
            // Without a validation part each epoch replaces the one before.
            let score = result.map_or(-f64::from(epoch), |result| result.loss);
            if best.as_ref().is_none_or(|best| score < best.score) {
                values.insert("epoch".to_owned(), f64::from(epoch));
                best = Some(Best {
                    score,
                    weights: average.weights(&fit.trained),
                    metrics: values,
                });
                place.n_epochs_without = 0;
            } else {
                place.n_epochs_without += 1;
            }
            place.is_over = hyper.patience > 0 && place.n_epochs_without >= hyper.patience;
            if place.is_over {
                wo_cli::say!("no better epoch in {} of them: done", hyper.patience);
            }
            since = Instant::now();
            (n_images, waited) = (0, Duration::ZERO);
        }
        Ok::<(), anyhow::Error>(())
    })?;

    // ---- the best epoch, and how far to go to it ----
    let mut hashed = fit.trained.copies();
    hashed.extend(optimizer.state());
    let run_hash = weights_hash(&hashed);
    let best = best.context("not one epoch was trained")?;
    fit.trained.load(&best.weights)?;
    fit.trained.merge(&mut fit.clip);
    let mut metrics = best.metrics;
    if hyper.wise != Interpolation::OFF {
        let (start, _) = checkpoint.build(device)?;
        let part = wise_ft::go_back(&start, &fit.vs, hyper.wise, held_out.len(), || {
            let judged = fit.judge(run, held_out)?;
            Ok(summarise(&dataset.classes, held_out, &judged, hyper.seed).loss)
        })?;
        metrics.insert("wise".to_owned(), part);
        wo_cli::say!("went {part} of the way from the start to what was fitted");
    }
    let judged = fit.judge(run, held_out)?;
    if !held_out.is_empty() {
        let result = summarise(&dataset.classes, held_out, &judged, hyper.seed);
        add_validation(&mut metrics, &result);
    }
    resumption.remove()?;
    let fitted = Fitted {
        vs: fit.vs,
        clip: fit.clip,
        head: None,
        start: None,
        metrics,
        history: place.history,
        verdict: crate::validation::baselines::Verdict::default(),
        judged: Vec::new(),
        run_hash: Some(run_hash),
    };
    Ok((fitted, judged))
}

fn epoch_line(
    epoch: u32,
    n_epochs: u32,
    values: &BTreeMap<String, f64>,
    result: Option<&Validation>,
    n_validation: usize,
    speed: f64,
) -> String {
    let loss = values.get("train_loss").copied().unwrap_or(f64::NAN);
    let mut parts = vec![format!("epoch {epoch:>3}/{n_epochs}  loss {loss:.3}")];
    parts.extend(result.map(|result| validation_words(result, n_validation)));
    parts.push(format!("{speed:.0} frames/s"));
    parts.join("  ")
}
