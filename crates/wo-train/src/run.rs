//! What all fits of one run share, and what a fit ends with.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::{Stop, count};
use wo_clip::tch::{Device, Tensor, nn, no_grad};
use wo_clip::{Checkpoint, Clip, Split, class_features};
use wo_record::{Metric, Record, Writer};

use crate::args::Running;
use crate::baselines::{Baselines, Start, Verdict};
use crate::config::Hyperparameters;
use crate::data::{Dataset, Example};
use crate::events::EventFile;
use crate::features::Features;
use crate::method::Method;
use crate::validation::{Probabilities, Validation, judge, summarise};
use crate::{gradients, guard, steps};

/// What all fits of one run share.
pub(crate) struct Run<'a, 'w> {
    pub(crate) checkpoint: &'a Checkpoint,
    pub(crate) hyper: &'a Hyperparameters,
    pub(crate) running: &'a Running,
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
    pub(crate) start: Option<Start>,
    /// Figures of the epoch that was kept, and of what it is compared with.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// Figures of all epochs, in order.
    pub(crate) history: Vec<Metric>,
    /// What it is worth beside the baselines; without words where there is no validation part.
    pub(crate) verdict: Verdict,
    /// What it says of the videos of the validation part.
    pub(crate) judged: Vec<Probabilities>,
    /// BLAKE3 of the weights and the state of the optimiser after the last step.
    pub(crate) run_hash: Option<String>,
}

/// The parameters at which a model is best, so far.
pub(crate) struct Best {
    /// Less is better.
    pub(crate) score: f64,
    pub(crate) weights: BTreeMap<String, Tensor>,
    pub(crate) metrics: BTreeMap<String, f64>,
}

impl<'w> Run<'_, 'w> {
    /// The same with other hyperparameters.
    pub(crate) fn with<'b>(&'b mut self, hyper: &'b Hyperparameters) -> Run<'b, 'w> {
        Run {
            checkpoint: self.checkpoint,
            hyper,
            running: self.running,
            device: self.device,
            is_scratch: self.is_scratch,
            is_large: self.is_large,
            stop: self.stop,
            shows_baselines: self.shows_baselines,
            writer: self.writer,
            events: self.events.take(),
        }
    }

    /// Fits the model to the training part of `dataset`, chooses by its validation part, and compares with what can be had
    /// without. Snapshots go into the folder `snapshots`.
    pub(crate) fn fit(&mut self, dataset: &Dataset, snapshots: &Path) -> anyhow::Result<Fitted> {
        guard::check_split(dataset)?;
        let held_out = dataset.of(Split::Validation);
        let (vs, clip) = self.checkpoint.build(self.device)?;
        let start = self.start(&vs, &clip, dataset, &held_out)?;
        let baselines = Baselines::of(dataset, &held_out, &start, self.hyper);
        if !held_out.is_empty() && self.shows_baselines {
            wo_cli::say!("{}", baselines.table());
        }
        let (mut fitted, judged) = if self.hyper.method == Method::Probe {
            self.probe(vs, clip, dataset, &held_out, &start)?
        } else {
            self.cool(&vs, dataset, &start);
            steps::fit(self, vs, clip, dataset, &held_out, snapshots)?
        };
        if !held_out.is_empty() {
            fitted.verdict = baselines.verdict(&baselines.said(dataset, &judged), "validation");
            fitted.metrics.extend(fitted.verdict.figures.clone());
            wo_cli::say!("{}", fitted.verdict.words);
        }
        fitted.judged = judged;
        fitted.start = Some(start);
        Ok(fitted)
    }

    /// Makes a start less sure of itself that is sure of what is wrong.
    fn cool(&self, vs: &nn::VarStore, dataset: &Dataset, start: &Start) {
        let scale = start.cooler_scale(dataset, self.hyper.pooling);
        let Some((scale, mut logit_scale)) = scale.zip(vs.variables().remove("logit_scale")) else {
            return;
        };
        wo_cli::say!(
            "the start is sure of what is wrong about these videos: the scale of its answers goes from {:.1} to {scale:.1}",
            start.scale
        );
        no_grad(|| drop(logit_scale.fill_(scale.ln())));
    }

    /// What the model in `vs` as it is makes of the training videos of `dataset` and of the `held_out` ones.
    pub(crate) fn start(
        &self,
        vs: &nn::VarStore,
        clip: &Clip,
        dataset: &Dataset,
        held_out: &[&Example],
    ) -> anyhow::Result<Start> {
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
        Ok(Start {
            class_features: captions,
            scale: no_grad(|| clip.scale().double_value(&[])),
            train: features.videos(dataset, &dataset.of(Split::Train))?,
            held_out: features.videos(dataset, held_out)?,
        })
    }

    fn probe(
        &mut self,
        vs: nn::VarStore,
        clip: Clip,
        dataset: &Dataset,
        held_out: &[&Example],
        start: &Start,
    ) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
        let (lr, pooling, seed) = (self.hyper.lr, self.hyper.pooling, self.hyper.seed);
        let probe = start.probe(dataset, held_out, lr, pooling, seed);
        let judged = judge(&start.held_out, &probe.head, pooling);
        let mut history = Vec::new();
        for (look, (step, loss)) in (1..).zip(&probe.losses) {
            let values = BTreeMap::from([("train_loss".to_owned(), *loss)]);
            history.push(self.log(look, *step as u64, values)?);
        }
        let mut metrics = history
            .last()
            .map(|it| it.values.clone())
            .unwrap_or_default();
        if !held_out.is_empty() {
            let result = summarise(&dataset.classes, held_out, &judged, seed);
            add_validation(&mut metrics, &result);
            wo_cli::say!(
                "linear probe  {}",
                validation_words(&result, held_out.len())
            );
        }
        let fitted = Fitted {
            vs,
            clip,
            head: Some(probe.head),
            start: None,
            metrics,
            history,
            verdict: Verdict::default(),
            judged: Vec::new(),
            run_hash: None,
        };
        Ok((fitted, judged))
    }

    /// What a fitted model says of videos.
    pub(crate) fn judge(
        &self,
        fitted: &Fitted,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Probabilities>> {
        let Fitted { clip, head, .. } = fitted;
        let weights = match head {
            Some(head) => head.shallow_clone(),
            None => gradients::class_weights(clip, self, dataset)?,
        };
        let mut features = Features::of_moving(clip, &self.checkpoint.preprocessor, self.device);
        Ok(judge(
            &features.videos(dataset, videos)?,
            &weights,
            self.hyper.pooling,
        ))
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

/// Adds the figures of validation videos under their names.
pub(crate) fn add_validation(values: &mut BTreeMap<String, f64>, result: &Validation) {
    let ends = result
        .interval
        .map(|it| [("low", it.low), ("high", it.high)]);
    for (end, value) in ends.into_iter().flatten() {
        values.insert(format!("validation_balanced_accuracy_{end}"), value);
    }
    for (name, value) in [
        ("validation_loss", result.loss),
        ("validation_balanced_accuracy", result.balanced_accuracy),
        ("validation_exercise_accuracy", result.exercise_accuracy),
    ] {
        values.insert(name.to_owned(), value);
    }
}

/// `validation: loss 0.311, balanced accuracy 0.85 [0.74, 0.95], exercise 1.00 (20 videos)`.
pub(crate) fn validation_words(result: &Validation, n_videos: usize) -> String {
    format!(
        "validation: loss {:.3}, balanced accuracy {}, exercise {:.2} ({})",
        result.loss,
        crate::baselines::figure(Some(result.balanced_accuracy), result.interval),
        result.exercise_accuracy,
        count(n_videos, "video")
    )
}
