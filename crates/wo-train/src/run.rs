//! What all fits of one run share, and what a fit gives.

use std::collections::BTreeMap;

use wo_cli::{Exit, ExitWith, Stop, ensure};
use wo_clip::tch::{Device, Tensor, nn, no_grad};
use wo_clip::{Checkpoint, Clip, Group, Split, class_features};
use wo_record::{Metric, Record, Writer};

use crate::artifacts::tensorboard::EventFile;
use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::model::base::CAUTION;
use crate::model::features::{Features, HowComputed, cache_dir};
use crate::model::init::BaseKind;
use crate::ranks;
use crate::trainer::arithmetic::Arithmetic;
use crate::trainer::config::TrainerConfig;
use crate::validation::base_features::BaseFeatures;
use crate::validation::baselines::Comparison;
use crate::validation::metrics::{Probabilities, judge};

/// What all fits of one run share.
// More than 12 fields: each is something else, and each is used by itself.
pub(crate) struct Run<'a, 'w> {
    pub(crate) checkpoint: &'a Checkpoint,
    pub(crate) hyper: &'a Hyperparameters,
    pub(crate) config: TrainerConfig,
    pub(crate) device: Device,
    /// The processes that share the work.
    pub(crate) group: &'a Group,
    pub(crate) arithmetic: &'a Arithmetic,
    /// Frames per forward pass where no gradients are wanted.
    pub(crate) frames_a_pass: usize,
    pub(crate) base_kind: BaseKind,
    /// Whether each metric is to be read with caution, for the base model.
    pub(crate) has_caution: bool,
    pub(crate) stop: &'a Stop,
    /// Whether to print what is the same from each seed: the baselines, and how the base model is changed.
    pub(crate) shows_baselines: bool,
    pub(crate) writer: &'a mut Writer<'w>,
    pub(crate) events: Option<EventFile>,
}

/// What a fit gives.
pub(crate) struct Fitted {
    /// All parameters.
    pub(crate) vs: nn::VarStore,
    /// The model that uses them.
    pub(crate) clip: Clip,
    /// The weights of a linear probe, `[classes, width]`.
    pub(crate) head: Option<Tensor>,
    /// Features of the base model, once the fit is done.
    pub(crate) base: Option<BaseFeatures>,
    /// Metrics of the epoch that was kept, and of the baselines.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// Metrics of all epochs, in order.
    pub(crate) history: Vec<Metric>,
    /// The model beside the baselines; without words where there is no validation split.
    pub(crate) comparison: Comparison,
    /// What the model predicts for the validation videos.
    pub(crate) judged: Vec<Probabilities>,
    /// BLAKE3 of the weights and the optimizer state after the last step.
    pub(crate) run_hash: Option<String>,
}

impl<'w> Run<'_, 'w> {
    /// Fails where the run is asked to stop. `place` says where it is, such as `before fold 2`.
    pub(crate) fn check_stop(&self, place: &str) -> anyhow::Result<()> {
        ensure!(
            !self.group.any(self.stop.is_asked())?,
            Exit::Locked,
            "stopped {place}";
            "the same command goes on with what is done"
        );
        Ok(())
    }

    /// Prints a metric for a person.
    pub(crate) fn say_metric(&self, words: &str) {
        let caution = self.caution_in_words();
        wo_cli::say!("{words}{caution}");
    }

    /// What stands behind each metric for people.
    pub(crate) fn caution_in_words(&self) -> String {
        if self.has_caution {
            format!(" [caution: {CAUTION}]")
        } else {
            String::new()
        }
    }

    /// The same with other hyperparameters.
    pub(crate) fn with<'b>(&'b mut self, hyper: &'b Hyperparameters) -> Run<'b, 'w> {
        Run {
            checkpoint: self.checkpoint,
            hyper,
            config: self.config,
            device: self.device,
            group: self.group,
            arithmetic: self.arithmetic,
            frames_a_pass: self.frames_a_pass,
            base_kind: self.base_kind,
            has_caution: self.has_caution,
            stop: self.stop,
            shows_baselines: self.shows_baselines,
            writer: self.writer,
            events: self.events.take(),
        }
    }

    /// The base model in memory. Its weights come from the user, so that a bad one is no bug.
    pub(crate) fn build(&self) -> anyhow::Result<(nn::VarStore, Clip)> {
        self.checkpoint.build(self.device).exit_or(Exit::Integrity)
    }

    /// Features of the training videos of `dataset` and of the `held_out` ones, by the model in `vs` as it is.
    pub(crate) fn base_features(
        &self,
        vs: &nn::VarStore,
        clip: &Clip,
        dataset: &Dataset,
        held_out: &[&Example],
    ) -> anyhow::Result<BaseFeatures> {
        let captions =
            no_grad(|| class_features(clip, &self.checkpoint.tokenizer, &dataset.captions))?;
        // A small model computes features faster than a disk keeps them.
        let has_cache = self.base_kind == BaseKind::Model && self.group.is_first();
        let cache = cache_dir().filter(|_| has_cache);
        let mut features = Features::cached(
            vs,
            clip,
            &self.checkpoint.preprocessor,
            self.checkpoint.config.feature_width(),
            self.how_computed(),
            cache.as_deref(),
        )?;
        Ok(BaseFeatures {
            class_features: captions.to_device(Device::Cpu),
            scale: no_grad(|| clip.scale().double_value(&[])),
            train: self.shared_features(&mut features, dataset, &dataset.of(Split::Train))?,
            held_out: self.shared_features(&mut features, dataset, held_out)?,
        })
    }

    /// Features of videos, of which each process computes a part.
    fn shared_features(
        &self,
        features: &mut Features<'_>,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Tensor>> {
        let own = features.videos(dataset, &videos[self.group.slice(videos.len())])?;
        let n_frames: Vec<usize> = videos.iter().map(|it| it.frames.len()).collect();
        let width = self.checkpoint.config.feature_width();
        ranks::gather_features(self.group, own, &n_frames, width)
    }

    /// What a model with these class weights predicts for videos, of which each process judges a part.
    pub(crate) fn judge(
        &self,
        clip: &Clip,
        weights: &Tensor,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Probabilities>> {
        let preprocessor = &self.checkpoint.preprocessor;
        let mut features = Features::uncached(clip, preprocessor, self.how_computed());
        let own = features.videos(dataset, &videos[self.group.slice(videos.len())])?;
        let own = judge(&own, weights, self.hyper.pooling);
        let shape = (videos.len(), dataset.classes.len());
        ranks::gather_probabilities(self.group, own, shape)
    }

    /// The matrix that turns features of frames into logits: `[classes, width]`.
    pub(crate) fn class_weights(&self, clip: &Clip, dataset: &Dataset) -> anyhow::Result<Tensor> {
        no_grad(|| {
            let features = class_features(clip, &self.checkpoint.tokenizer, &dataset.captions)?;
            Ok(features * clip.scale())
        })
    }

    fn how_computed(&self) -> HowComputed {
        HowComputed {
            device: self.device,
            precision: self.hyper.precision(),
            n_at_once: self.frames_a_pass,
        }
    }

    /// Writes metrics to the record stream and to TensorBoard.
    pub(crate) fn log(
        &mut self,
        epoch: u32,
        step: u64,
        values: BTreeMap<String, f64>,
    ) -> anyhow::Result<Metric> {
        if let Some(events) = &mut self.events {
            events.scalars(step, &values)?;
        }
        let metric = Metric {
            epoch,
            step,
            values,
            caution: None,
        };
        self.writer.record(&Record::Metric(metric.clone()))?;
        self.writer.flush()?;
        Ok(metric)
    }
}
