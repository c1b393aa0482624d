//! Snapshots: where a stopped or killed run resumes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wo_clip::tch::{Device, Tensor};
use wo_clip::{Group, Optimizer, Snapshot, latest_snapshot, weights_hash, write_snapshot};
use wo_record::Metric;

use crate::VERSION;
use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::model::parameters::{Trained, WeightAverage};
use crate::run::Run;
use crate::trainer::arithmetic::Arithmetic;
use crate::trainer::config::Resume;
use crate::trainer::of_videos::Losses;

/// Tensors by their names.
type Weights = BTreeMap<String, Tensor>;

/// Snapshots that are kept. Should the disk lose the newest, there is an older one.
const N_KEPT: usize = 2;

/// The best epoch so far.
pub(crate) struct BestEpoch {
    /// Lower is better.
    pub(crate) score: f64,
    pub(crate) weights: BTreeMap<String, Tensor>,
    pub(crate) metrics: BTreeMap<String, f64>,
}

/// The progress of a fit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TrainProgress {
    /// Steps taken.
    pub(crate) step: usize,
    /// Whether it stopped early.
    pub(crate) is_over: bool,
    /// Epochs since the best one.
    pub(crate) n_epochs_without: u32,
    /// Sums over the steps of this epoch.
    loss: f64,
    joints: Option<f64>,
    norm: f64,
    n: u32,
    /// Steps in a row that were not taken, since their gradients were not finite.
    #[serde(default)]
    pub(crate) n_not_taken: u32,
    /// The metrics of earlier epochs.
    pub(crate) history: Vec<Metric>,
}

impl TrainProgress {
    /// Counts one more step.
    pub(crate) fn add(&mut self, losses: &Losses, norm: f64) {
        self.step += 1;
        self.n += 1;
        self.loss += losses.all;
        if norm.is_finite() {
            self.norm += norm;
            self.n_not_taken = 0;
        } else {
            self.n_not_taken += 1;
        }
        if let Some(joints) = losses.joints {
            *self.joints.get_or_insert(0.0) += joints;
        }
    }

    /// The means over the epoch that ends here; starts the next epoch.
    pub(crate) fn means(&mut self) -> BTreeMap<String, f64> {
        let n = f64::from(self.n.max(1));
        let mut values = BTreeMap::from([
            ("train_loss".to_owned(), self.loss / n),
            ("grad_norm".to_owned(), self.norm / n),
        ]);
        if let Some(joints) = self.joints.take() {
            values.insert("train_pose_loss".to_owned(), joints / n);
        }
        (self.loss, self.norm, self.n) = (0.0, 0.0, 0);
        values
    }
}

/// The part of a snapshot that is no tensor.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// Hash of all flags and data that the result depends on.
    fingerprint: String,
    /// The same without the number of processes and of threads, which only change how sums are rounded; older versions wrote
    /// none.
    #[serde(default)]
    of_any_number: Option<String>,
    /// What computed it, under [`crate::trainer::arithmetic::KEY`]; older versions wrote none.
    #[serde(default)]
    arithmetic: Option<Arithmetic>,
    place: TrainProgress,
    optimizer_steps: u32,
    best_score: Option<f64>,
    best_metrics: BTreeMap<String, f64>,
}

impl State {
    /// The progress, and the best epoch with its weights.
    fn resumed(self, best: Option<Weights>) -> (TrainProgress, Option<BestEpoch>) {
        let best = self.best_score.zip(best).map(|(score, weights)| BestEpoch {
            score,
            weights,
            metrics: self.best_metrics,
        });
        (self.place, best)
    }
}

/// The snapshots of one fit.
pub(crate) struct Snapshots {
    dir: PathBuf,
    fingerprint: String,
    of_any_number: String,
    arithmetic: Arithmetic,
    every: Duration,
    last: Instant,
}

impl Snapshots {
    /// In the folder `dir`, for a fit of the model whose hash is `base`.
    pub(crate) fn new(
        dir: &Path,
        dataset: &Dataset,
        base: &str,
        run: &Run<'_, '_>,
    ) -> anyhow::Result<Self> {
        let (device, threads) = (run.device, wo_clip::tch::get_num_threads());
        let hash = |hyper: &Hyperparameters, machine: &str| -> anyhow::Result<String> {
            let (hyper, dataset) = (serde_json::to_string(hyper)?, dataset.fingerprint());
            let parts = format!("{VERSION} {hyper} {dataset} {base} {machine}");
            Ok(blake3::hash(parts.as_bytes()).to_hex().to_string())
        };
        let machine = match run.group.world() {
            1 => format!("{device:?} {threads}"),
            world => format!("{device:?} {threads} of {world}"),
        };
        let kind = if device.is_cuda() { "gpu" } else { "cpu" };
        Ok(Self {
            dir: dir.to_owned(),
            fingerprint: hash(&what_decides(run.hyper, device), &machine)?,
            of_any_number: hash(&without_passes(run.hyper), kind)?,
            arithmetic: run.arithmetic.clone(),
            every: run.config.snapshot_every,
            last: Instant::now(),
        })
    }

    /// Whether it is time for a snapshot.
    pub(crate) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Loads the newest snapshot, where there is one of the same run and it may be resumed. Of several processes the first
    /// reads it for all, and all begin with its weights.
    pub(crate) fn find(
        &mut self,
        group: &Group,
        resume: Resume,
        trained: &Trained,
        optimizer: &mut Optimizer,
        average: &mut WeightAverage,
    ) -> anyhow::Result<Option<(TrainProgress, Option<BestEpoch>)>> {
        let read = if group.is_first() && resume == Resume::Auto {
            self.read(trained, optimizer, average)?
        } else {
            None
        };
        if group.is_alone() {
            return Ok(read.map(|(state, best)| state.resumed(best)));
        }
        let (state, mut best) = read.map_or((None, None), |(state, best)| (Some(state), best));
        let state: Option<State> = group.from_first(|| Ok(state))?;
        let moments = optimizer.state();
        let averages = average.state();
        let tensors = trained
            .tensors()
            .chain(moments.values())
            .chain(averages.values());
        group.broadcast(&tensors.collect::<Vec<_>>())?;
        let Some(state) = state else {
            return Ok(None);
        };
        optimizer.load_state(state.optimizer_steps, &moments)?;
        if state.best_score.is_some() {
            let best = best.get_or_insert_with(|| trained.copies());
            group.broadcast(&best.values().collect::<Vec<_>>())?;
        }
        Ok(Some(state.resumed(best)))
    }

    /// The newest snapshot with the weights of its best epoch, if it is of the same run. All else of it is loaded.
    fn read(
        &mut self,
        trained: &Trained,
        optimizer: &mut Optimizer,
        average: &mut WeightAverage,
    ) -> anyhow::Result<Option<(State, Option<Weights>)>> {
        let Some(mut snapshot) = latest_snapshot(&self.dir)? else {
            return Ok(None);
        };
        let state: State = serde_json::from_value(snapshot.state)
            .with_context(|| format!("read the snapshot in {}", self.dir.display()))?;
        let is_same = state.fingerprint == self.fingerprint;
        if !is_same && state.of_any_number.as_ref() == Some(&self.of_any_number) {
            wo_cli::warn!(
                "the snapshot was computed by another number of processes or threads: the run goes on, but does not end with the \
                 same bits as one that was never stopped"
            );
        } else if !is_same {
            wo_cli::warn!(
                "the snapshots in {} are of other flags or data; removing them",
                self.dir.display()
            );
            self.remove()?;
            return Ok(None);
        }
        if let Some(other) = state
            .arithmetic
            .as_ref()
            .filter(|it| **it != self.arithmetic)
        {
            wo_cli::warn!(
                "the snapshot was computed by other arithmetic ({}) than is at hand ({}): the run goes on, but does not end with \
                 the same bits as one that was never stopped",
                other.in_words(),
                self.arithmetic.in_words()
            );
        }
        let mut take = |set: &str| snapshot.tensors.remove(set).unwrap_or_default();
        trained.load(&take("weights"))?;
        optimizer.load_state(state.optimizer_steps, &take("optimizer"))?;
        average.load(&take("average"))?;
        let best = state.best_score.map(|_| take("best"));
        Ok(Some((state, best)))
    }

    /// Writes a snapshot.
    pub(crate) fn write(
        &mut self,
        place: &TrainProgress,
        best: Option<&BestEpoch>,
        trained: &Trained,
        optimizer: &Optimizer,
        average: &WeightAverage,
    ) -> anyhow::Result<()> {
        let state = State {
            fingerprint: self.fingerprint.clone(),
            of_any_number: Some(self.of_any_number.clone()),
            arithmetic: Some(self.arithmetic.clone()),
            place: place.clone(),
            optimizer_steps: optimizer.n_steps(),
            best_score: best.map(|best| best.score),
            best_metrics: best.map(|best| best.metrics.clone()).unwrap_or_default(),
        };
        let copies = |best: &BestEpoch| {
            let tensors = best.weights.iter();
            tensors
                .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
                .collect()
        };
        let tensors = BTreeMap::from([
            ("weights".to_owned(), trained.copies()),
            ("optimizer".to_owned(), optimizer.state()),
            ("average".to_owned(), average.state()),
            ("best".to_owned(), best.map(copies).unwrap_or_default()),
        ]);
        let snapshot = Snapshot {
            step: place.step as u64,
            state: serde_json::to_value(&state)?,
            tensors,
        };
        write_snapshot(&self.dir, &snapshot, N_KEPT)?;
        self.last = Instant::now();
        Ok(())
    }

    /// Removes the snapshots.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", self.dir.display()))
            }
            _ => Ok(()),
        }
    }
}

/// What the result depends on. Where each video stands for itself, videos a pass change no step but for rounding, which on a GPU differs from
/// run to run; there their number follows from what memory is free when a run begins.
fn what_decides(hyper: &Hyperparameters, device: Device) -> Hyperparameters {
    if device == Device::Cpu {
        return hyper.clone();
    }
    without_passes(hyper)
}

/// The same with any number of videos a pass, where each video stands for itself.
fn without_passes(hyper: &Hyperparameters) -> Hyperparameters {
    let mut hyper = hyper.clone();
    if hyper.loss.is_of_single_videos() {
        hyper.micro_batch = 0;
    }
    hyper
}

/// The hash of a model, for [`Snapshots::new`].
pub(crate) fn hash_of(vs: &wo_clip::tch::nn::VarStore) -> String {
    weights_hash(&vs.variables().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hyperparameters::Loss;

    #[test]
    fn a_run_on_a_gpu_goes_on_with_other_passes_and_one_on_a_cpu_does_not() {
        let with = |micro_batch| Hyperparameters {
            micro_batch,
            ..Hyperparameters::small()
        };
        let of = |n, device| what_decides(&with(n), device);
        assert_eq!(of(4, Device::Cuda(0)), of(16, Device::Cuda(0)));
        assert_ne!(of(4, Device::Cpu), of(16, Device::Cpu));
        let infonce = Hyperparameters {
            loss: Loss::Infonce,
            ..with(4)
        };
        assert_eq!(what_decides(&infonce, Device::Cuda(0)), infonce);
    }

    #[test]
    fn steps_that_are_not_taken_are_counted_in_a_row() {
        let mut progress = TrainProgress::default();
        for (norm, expected) in [(1.0, 0), (f64::NAN, 1), (f64::INFINITY, 2), (3.0, 0)] {
            progress.add(&Losses::default(), norm);
            assert_eq!(progress.n_not_taken, expected);
        }
        // Those that are not finite add nothing.
        let norm = progress.means()["grad_norm"];
        assert!((norm - 1.0).abs() < 1e-12, "{norm}");
        // Snapshots of older versions lack the count.
        let mut json = serde_json::to_value(&progress).expect("json");
        json.as_object_mut().expect("fields").remove("n_not_taken");
        assert!(serde_json::from_value::<TrainProgress>(json).is_ok());
    }
}
