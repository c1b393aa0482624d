//! What all fits of one run share, and what a fit ends with.

use std::collections::BTreeMap;

use wo_cli::{Exit, ExitWith, Stop};
use wo_clip::tch::{Device, Tensor, nn, no_grad};
use wo_clip::{Checkpoint, Clip, Split, class_features};
use wo_record::{Metric, Record, Writer};

use crate::artifacts::tensorboard::EventFile;
use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::model::features::Features;
use crate::trainer::config::TrainerConfig;
use crate::validation::baselines::{BaseFeatures, Comparison};
use crate::validation::metrics::{Probabilities, judge};

/// What all fits of one run share.
pub(crate) struct Run<'a, 'w> {
    pub(crate) checkpoint: &'a Checkpoint,
    pub(crate) hyper: &'a Hyperparameters,
    pub(crate) config: TrainerConfig,
    pub(crate) device: Device,
    /// Whether the model starts from nothing.
    pub(crate) is_scratch: bool,
    /// Whether it is worth keeping what the start makes of frames.
    pub(crate) is_large: bool,
    pub(crate) stop: &'a Stop,
    /// Whether what can be had without is said before each fit.
    pub(crate) shows_baselines: bool,
    pub(crate) writer: &'a mut Writer<'w>,
    pub(crate) events: Option<EventFile>,
}

/// What a fit ends with.
pub(crate) struct Fitted {
    /// All parameters.
    pub(crate) vs: nn::VarStore,
    /// The model that they are of.
    pub(crate) clip: Clip,
    /// The weights of a linear probe, `[classes, width]`.
    pub(crate) head: Option<Tensor>,
    /// What the model was before it was fitted, once the fit is done.
    pub(crate) start: Option<BaseFeatures>,
    /// Figures of the epoch that was kept, and of what it is compared with.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// Figures of all epochs, in order.
    pub(crate) history: Vec<Metric>,
    /// What it is worth beside the baselines; without words where there is no validation part.
    pub(crate) comparison: Comparison,
    /// What it says of the videos of the validation part.
    pub(crate) judged: Vec<Probabilities>,
    /// BLAKE3 of the weights and the state of the optimiser after the last step.
    pub(crate) run_hash: Option<String>,
}

impl<'w> Run<'_, 'w> {
    /// The same with other hyperparameters.
    pub(crate) fn with<'b>(&'b mut self, hyper: &'b Hyperparameters) -> Run<'b, 'w> {
        Run {
            checkpoint: self.checkpoint,
            hyper,
            config: self.config,
            device: self.device,
            is_scratch: self.is_scratch,
            is_large: self.is_large,
            stop: self.stop,
            shows_baselines: self.shows_baselines,
            writer: self.writer,
            events: self.events.take(),
        }
    }

    /// What the model in `vs` as it is makes of the training videos of `dataset` and of the `held_out` ones.
    pub(crate) fn start(
        &self,
        vs: &nn::VarStore,
        clip: &Clip,
        dataset: &Dataset,
        held_out: &[&Example],
    ) -> anyhow::Result<BaseFeatures> {
        let captions =
            no_grad(|| class_features(clip, &self.checkpoint.tokenizer, &dataset.captions))?;
        let width = self.checkpoint.config.projection_dim;
        let mut features = Features::of(
            vs,
            clip,
            &self.checkpoint.preprocessor,
            width,
            self.is_large,
        )?;
        Ok(BaseFeatures {
            class_features: captions,
            scale: no_grad(|| clip.scale().double_value(&[])),
            train: features.videos(dataset, &dataset.of(Split::Train))?,
            held_out: features.videos(dataset, held_out)?,
        })
    }

    /// The model that the run starts from, in memory. Its weights are data of the user's.
    pub(crate) fn build(&self) -> anyhow::Result<(nn::VarStore, Clip)> {
        self.checkpoint.build(self.device).exit_or(Exit::Integrity)
    }

    /// What a model with these weights of classes says of videos.
    pub(crate) fn judge(
        &self,
        clip: &Clip,
        weights: &Tensor,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Probabilities>> {
        let mut features = Features::of_moving(clip, &self.checkpoint.preprocessor, self.device);
        let features = features.videos(dataset, videos)?;
        Ok(judge(&features, weights, self.hyper.pooling))
    }

    /// What the features of a frame are multiplied with to become logits: `[classes, width]`.
    pub(crate) fn class_weights(&self, clip: &Clip, dataset: &Dataset) -> anyhow::Result<Tensor> {
        no_grad(|| {
            let features = class_features(clip, &self.checkpoint.tokenizer, &dataset.captions)?;
            Ok(features * clip.scale())
        })
    }

    /// Writes the figures of one moment wherever figures go.
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
        };
        self.writer.record(&Record::Metric(metric.clone()))?;
        self.writer.flush()?;
        Ok(metric)
    }
}
