//! The trainer: what a step, a validation and a snapshot do. [`crate::trainer::train_loop`] decides when.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, count, ensure};
use wo_clip::tch::{self, nn};
use wo_clip::{Clip, Optimizer, weights_hash};

use crate::data::dataset::{Dataset, Example};
use crate::data::sampler::{Sampler, Step};
use crate::hyperparameters::{Interpolation, Loss};
use crate::model::parameters::WeightAverage;
use crate::model::wise_ft::{self, HeldOut, Place};
use crate::ranks;
use crate::run::{Fitted, Run};
use crate::trainer::config::SelfCheck;
use crate::trainer::gradients::TrainedModel;
use crate::trainer::of_videos::Losses;
use crate::trainer::snapshot::{BestEpoch, Snapshots, TrainProgress, hash_of};
use crate::trainer::throughput::Throughput;
use crate::trainer::{schedule, self_check};
use crate::validation::baselines::Comparison;
use crate::validation::metrics::{
    Probabilities, Validation, add_validation, fewest_groups, summarise, validation_words,
};

/// The norm to which gradients are clipped.
const MAX_GRAD_NORM: f64 = 1.0;
/// So many steps in a row may have gradients that are not finite.
const MAX_NOT_TAKEN: u32 = 5;
/// How far weights of two processes may be from each other: what rounding makes of an epoch.
const MAX_DRIFT: f64 = 1e-3;
/// Runs of this many steps are worth a self-check.
const LONG_RUN: usize = 1000;

/// A fit in progress.
pub(crate) struct Trainer<'t, 'a, 'w> {
    run: &'t mut Run<'a, 'w>,
    dataset: &'t Dataset,
    held_out: &'t [&'t Example],
    model: TrainedModel<'t>,
    optimizer: Optimizer,
    average: WeightAverage,
    progress: TrainProgress,
    best: Option<BestEpoch>,
    snapshots: Snapshots,
    n_steps_an_epoch: usize,
    /// Whether any process was asked to stop.
    is_stopping: bool,
}

impl<'t, 'a, 'w> Trainer<'t, 'a, 'w> {
    /// Before the first step. Snapshots go into the folder `snapshots`.
    pub(crate) fn new(
        run: &'t mut Run<'a, 'w>,
        model: (nn::VarStore, Clip),
        dataset: &'t Dataset,
        held_out: &'t [&'t Example],
        sampler: &Sampler<'_>,
        snapshots: &Path,
    ) -> anyhow::Result<Self> {
        let (vs, clip) = model;
        let base = hash_of(&vs);
        ranks::check_same(run.group, "base model", &base)?;
        let model = TrainedModel::new(run, vs, clip, dataset, sampler.n_joints())?;
        let n_steps_an_epoch = sampler.n_steps();
        let checks_itself = match run.config.self_check {
            SelfCheck::On => true,
            SelfCheck::Auto => n_steps_an_epoch * run.hyper.epochs as usize >= LONG_RUN,
            SelfCheck::Off => false,
        };
        if checks_itself {
            let kept = model.trained.copies();
            self_check::overfits_one_batch(run, &model, sampler)?;
            model.trained.load(&kept)?;
        }
        Ok(Self {
            optimizer: model.trained.optimizer(run.hyper),
            average: WeightAverage::of(&model.trained, run.hyper.ema),
            progress: TrainProgress::default(),
            best: None,
            snapshots: Snapshots::new(snapshots, dataset, &base, run)?,
            n_steps_an_epoch,
            is_stopping: false,
            run,
            dataset,
            held_out,
            model,
        })
    }

    /// Resumes from the newest snapshot of the same run, if there is one and the settings allow it.
    pub(crate) fn resume(&mut self) -> anyhow::Result<()> {
        let resume = self.run.config.resume;
        let (trained, optimizer) = (&self.model.trained, &mut self.optimizer);
        let found = self
            .snapshots
            .find(
                self.run.group,
                resume,
                trained,
                optimizer,
                &mut self.average,
            )
            .exit_or(Exit::Integrity)?;
        if let Some(found) = found {
            (self.progress, self.best) = found;
            wo_cli::say!("resuming at step {} of {}", self.n_done(), self.n_steps());
        }
        // What was exchanged before the first step is none of a step's.
        self.run.group.take_traffic();
        Ok(())
    }

    /// Whether this process was asked to stop. Several stop at the same step: that at which all know it.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping || (self.run.group.is_alone() && self.run.stop.is_asked())
    }

    /// Whether other processes are gone.
    pub(crate) fn has_lost_others(&self) -> bool {
        self.run.group.is_lost()
    }

    /// Steps taken.
    pub(crate) fn n_done(&self) -> usize {
        self.progress.step
    }

    /// Steps of the whole run.
    pub(crate) fn n_steps(&self) -> usize {
        self.n_steps_an_epoch * self.run.hyper.epochs as usize
    }

    /// Whether no step is left, or none is worth taking.
    pub(crate) fn is_done(&self) -> bool {
        self.progress.is_over || self.n_done() >= self.n_steps()
    }

    pub(crate) fn is_at_end_of_epoch(&self) -> bool {
        self.n_done().is_multiple_of(self.n_steps_an_epoch)
    }

    pub(crate) fn snapshot_is_due(&self) -> bool {
        self.snapshots.is_due()
    }

    /// Writes a snapshot to resume from. Of several processes the first writes it.
    pub(crate) fn snapshot(&mut self) -> anyhow::Result<()> {
        if !self.run.group.is_first() {
            return Ok(());
        }
        self.snapshots.write(
            &self.progress,
            self.best.as_ref(),
            &self.model.trained,
            &self.optimizer,
            &self.average,
        )
    }

    /// Takes one optimizer step. `None` where the run was interrupted; then no parameter has changed.
    pub(crate) fn step(&mut self, step: &Step) -> anyhow::Result<Option<Losses>> {
        let (hyper, number) = (self.run.hyper, self.progress.step);
        tch::manual_seed(hyper.seed.wrapping_add(number as u64).cast_signed());
        self.model.clip.set_training(true);
        let losses = self.model.gradients(self.run, step, &mut self.optimizer);
        self.model.clip.set_training(false);
        let Some(losses) = losses? else {
            self.is_stopping = true;
            return Ok(None);
        };
        // All of the step is queued before a number of it is read, which waits for the device.
        let norm = self
            .optimizer
            .clipped_step(self.lr_of(number), MAX_GRAD_NORM);
        self.model.clamp_scale();
        self.average.follow(&self.model.trained, number);
        let (losses, norm) = losses.read(&norm);
        let is_taken = self.optimizer.settle(norm);
        ensure!(
            losses.all.is_finite() && self.progress.n_not_taken < MAX_NOT_TAKEN,
            Exit::Integrity,
            "not_finite: the run has diverged: the loss is {} and the norm of its gradients {norm} at step {number}",
            losses.all;
            "lower --lr (it is {:e})", hyper.lr
        );
        if !is_taken {
            wo_cli::warn!("step {number} is skipped: the norm of its gradients is {norm}");
        }
        if number == 0 && hyper.loss == Loss::Bank {
            let n_classes = self.dataset.classes.len();
            self_check::check_first_loss(losses.videos, n_classes, self.run.base_kind)?;
        }
        self.progress.add(&losses, norm);
        Ok(Some(losses))
    }

    /// After an epoch: validates, logs, keeps the best epoch, and stops early.
    pub(crate) fn validate(&mut self, throughput: &Throughput) -> anyhow::Result<()> {
        let hyper = self.run.hyper;
        let epoch = (self.progress.step / self.n_steps_an_epoch) as u32;
        let judge = || self.model.judge(self.run, self.held_out);
        let judged = self.average.instead(&self.model.trained, judge)?;
        let result = self.summarise(&judged);
        let mut values = self.progress.means();
        values.insert("logit_scale".to_owned(), self.model.scale());
        values.insert("lr".to_owned(), self.lr_of(self.progress.step - 1));
        if let Some(result) = &result {
            add_validation(&mut values, result);
        }
        self.log(epoch, &values, result.as_ref(), throughput)?;
        // Without a validation split the last epoch is kept.
        let score = result.map_or(-f64::from(epoch), |result| result.loss);
        let score = self.run.group.from_first(|| Ok(score))?;
        self.check_weights(epoch)?;
        if self.best.as_ref().is_none_or(|best| score < best.score) {
            values.insert("epoch".to_owned(), f64::from(epoch));
            self.best = Some(BestEpoch {
                score,
                weights: self.average.weights(&self.model.trained),
                metrics: values,
            });
            self.progress.n_epochs_without = 0;
        } else {
            self.progress.n_epochs_without += 1;
        }
        if hyper.patience > 0 && self.progress.n_epochs_without >= hyper.patience {
            self.progress.is_over = true;
            wo_cli::say!(
                "stopping early: no better epoch for {}",
                count(hyper.patience, "epoch")
            );
        }
        Ok(())
    }

    /// Fails where processes have drifted apart. Processors of several kinds may round differently, so that is mended.
    fn check_weights(&self, epoch: u32) -> anyhow::Result<()> {
        let (group, trained) = (self.run.group, &self.model.trained);
        if group.is_alone() {
            return Ok(());
        }
        let own = trained.copies();
        let others = group.who_differs(&weights_hash(&own))?;
        if others.is_empty() {
            return Ok(());
        }
        group.broadcast(&trained.tensors().collect::<Vec<_>>())?;
        let drift = trained.largest_difference(&own);
        let is_far = group.any(drift.is_nan() || drift > MAX_DRIFT)?;
        let names: Vec<String> = others.iter().map(usize::to_string).collect();
        let names = names.join(", ");
        ensure!(
            !is_far,
            Exit::Bug,
            "after epoch {epoch} the weights of ranks {names} are far from those of rank 0"
        );
        wo_cli::warn!(
            "after epoch {epoch} the last bits of the weights of ranks {names} differ from those of rank 0, whose weights all \
             take: are the processors of one kind?"
        );
        Ok(())
    }

    /// Returns the model of the best epoch, interpolated with the base model, and its predictions for the held-out
    /// videos. Removes the snapshots.
    pub(crate) fn finish(mut self) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
        let mut hashed = self.model.trained.copies();
        hashed.extend(self.optimizer.state());
        let run_hash = weights_hash(&hashed);
        let best = self.best.take().context("not one epoch was trained")?;
        self.model.trained.load(&best.weights)?;
        self.model.trained.merge(&mut self.model.clip);
        let mut metrics = best.metrics;
        if let Some(place) = self.interpolate()? {
            metrics.insert("wise".to_owned(), place.fraction);
            if !self.held_out.is_empty() {
                self.run.say_metric(&place.in_words());
            }
        }
        let judged = self.model.judge(self.run, self.held_out)?;
        if let Some(result) = self.summarise(&judged) {
            add_validation(&mut metrics, &result);
        }
        if self.run.group.is_first() {
            self.snapshots.remove()?;
        }
        let fitted = Fitted {
            vs: self.model.vs,
            clip: self.model.clip,
            head: None,
            base: None,
            metrics,
            history: self.progress.history,
            comparison: Comparison::default(),
            judged: Vec::new(),
            run_hash: Some(run_hash),
        };
        Ok((fitted, judged))
    }

    /// `step 12/60  loss 1.234  lr 1.0e-4`, for the last step.
    pub(crate) fn step_line(&self, losses: &Losses) -> String {
        let (step, lr) = (self.progress.step, self.lr_of(self.progress.step - 1));
        format!(
            "step {step}/{}  loss {:.3}  lr {lr:.1e}",
            self.n_steps(),
            losses.all
        )
    }

    fn lr_of(&self, step: usize) -> f64 {
        let hyper = self.run.hyper;
        hyper.lr * schedule::factor(step, self.n_steps(), hyper.warmup)
    }

    /// The metrics of the held-out videos, where there are any.
    fn summarise(&self, judged: &[Probabilities]) -> Option<Validation> {
        let classes = &self.dataset.classes;
        (!self.held_out.is_empty())
            .then(|| summarise(classes, self.held_out, judged, self.run.hyper.seed))
    }

    /// Interpolates with the base model, unless that is off.
    fn interpolate(&mut self) -> anyhow::Result<Option<Place>> {
        let (run, model, held_out) = (&*self.run, &self.model, self.held_out);
        if run.hyper.wise == Interpolation::OFF {
            return Ok(None);
        }
        let (base, _) = run.build()?;
        let measure = || {
            let judged = model.judge(run, held_out)?;
            let result = summarise(&self.dataset.classes, held_out, &judged, run.hyper.seed);
            let measured = (result.loss, result.balanced_accuracy);
            run.group.from_first(|| Ok(measured))
        };
        let labels = held_out.iter().map(|it| (&it.video.group, &it.video.label));
        let held_out = HeldOut {
            n_videos: held_out.len(),
            n_effective: fewest_groups(labels),
        };
        wise_ft::interpolate(&base, &model.vs, run.hyper.wise, held_out, measure).map(Some)
    }

    /// Prints and writes the metrics of an epoch.
    fn log(
        &mut self,
        epoch: u32,
        values: &BTreeMap<String, f64>,
        result: Option<&Validation>,
        throughput: &Throughput,
    ) -> anyhow::Result<()> {
        let speed = throughput.frames_per_second();
        let loss = values.get("train_loss").copied().unwrap_or(f64::NAN);
        let n_epochs = self.run.hyper.epochs;
        let mut parts = vec![format!("epoch {epoch:>3}/{n_epochs}  loss {loss:.3}")];
        parts.extend(result.map(|result| validation_words(result, self.held_out.len())));
        parts.push(format!("{speed:.0} frames/s"));
        self.run.say_metric(&parts.join("  "));
        let mut logged = values.clone();
        logged.insert("images_per_second".to_owned(), speed);
        logged.insert("waiting_share".to_owned(), throughput.waiting_share());
        if !self.run.group.is_alone() {
            let traffic = self.run.group.take_traffic();
            let share = throughput.communication_share(traffic);
            logged.insert("communication_share".to_owned(), share);
            let n_bytes = throughput.bytes_a_step(traffic);
            logged.insert("communication_bytes_a_step".to_owned(), n_bytes);
        }
        let metric = self.run.log(epoch, self.progress.step as u64, logged)?;
        self.progress.history.push(metric);
        Ok(())
    }
}
