//! One run of the tool from the input to the model on disk: what is known before training, what training gives, and
//! what is written.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Stop};
use wo_clip::{
    AbstentionPolicy, Checkpoint, FoundDevice, Precision, Split, bytes_of_frame, write_checkpoint,
};
use wo_record::{LearningCurve, Model, Record, Writer};

use crate::artifacts::manifest::manifest;
use crate::artifacts::previous_model::PreviousModel;
use crate::artifacts::run_dir::RunDir;
use crate::artifacts::tensorboard::EventFile;
use crate::artifacts::{loss_plot, model_card};
use crate::cli::config::Config;
use crate::cli::{plan, plan_warnings};
use crate::data::dataset::Dataset;
use crate::data::reader::read_dataset;
use crate::data::{captions, leakage, photographs};
use crate::fit::fit;
use crate::hyperparameters::Hyperparameters;
use crate::model::features::{FRAMES_ON_CPU, MOST_FRAMES};
use crate::model::init::{BaseKind, Init};
use crate::model::method::{self, Choice, Method};
use crate::run::{Fitted, Run};
use crate::validation::fold_plan::{FoldPlan, FoldSource};
use crate::validation::folds::{OutOfFold, cross_validate, stream};
use crate::validation::{abstention, learning_curve};

/// All that is known before training.
pub(crate) struct Session {
    pub(crate) dataset: Dataset,
    checkpoint: Checkpoint,
    base_kind: BaseKind,
    hyper: Hyperparameters,
    choice: Choice,
    found: FoundDevice,
}

/// What training gives.
pub(crate) struct Trained {
    fitted: Fitted,
    /// Those of the seed that was kept.
    hyper: Hyperparameters,
    out_of_fold: Option<OutOfFold>,
    abstention: Option<AbstentionPolicy>,
    learning_curve: Option<LearningCurve>,
}

impl Session {
    /// Reads the base model and the dataset, and fills in the hyperparameters.
    pub(crate) fn prepare(
        config: &Config,
        init: Init,
        input: &mut dyn BufRead,
        found: FoundDevice,
    ) -> anyhow::Result<Self> {
        let base_kind = init.kind();
        let mut dataset =
            read_dataset(&config.data, input, &init.preprocessor()).exit_or(Exit::Integrity)?;
        for caption in plan::empty_captions(&dataset) {
            wo_cli::warn!(
                "the description \"{caption}\" only says good or bad";
                "name faults, or describe what can be seen"
            );
        }
        let counts = n_videos_of_exercises(&dataset);
        let choice = method::choose(config.method, base_kind, &counts);
        let n_train = dataset.of(Split::Train).len();
        let mut hyper = config.hyperparameters(&init, &choice, n_train, &found);
        let checkpoint = init
            .into_checkpoint(&dataset.captions, hyper.seed)
            .exit_or(Exit::Integrity)?;
        hyper.micro_batch = config.micro_batch(&found, plan::bytes_per_frame(&checkpoint.config));
        captions::warn(&dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
        captions::settle(&mut dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
        Ok(Self {
            dataset,
            checkpoint,
            base_kind,
            hyper,
            choice,
            found,
        })
    }

    /// Prints the plan.
    pub(crate) fn announce(&self, previous: Option<&PreviousModel>) {
        let (dataset, hyper) = (&self.dataset, &self.hyper);
        for line in plan::lines(dataset, hyper, &self.choice, &self.checkpoint, &self.found) {
            wo_cli::say!("{line}");
        }
        if self.is_drawn_for_real() {
            wo_cli::warn!("{}", photographs::WARNING; "{}", photographs::HINT);
        }
        if let Some(previous) = previous {
            wo_cli::say!("{}", previous.announcement());
        }
    }

    /// Checks that all that is asked for can be fitted, before anything is. Returns the folds, if there are to be some.
    pub(crate) fn check(&self, config: &Config) -> anyhow::Result<Option<FoldPlan>> {
        let grouping = &self.dataset.grouping;
        grouping.explained(leakage::check_split(&self.dataset))?;
        let source = self.fold_source();
        for warning in plan_warnings::warnings(&self.dataset, source, config.models) {
            wo_cli::warn_line(&warning);
        }
        let folds = config.models.folds.map(|n| source.plan(n)).transpose()?;
        for line in folds.iter().flat_map(|plan| source.in_words(plan)) {
            wo_cli::say!("{line}");
        }
        Ok(folds)
    }

    /// In which precision it computes.
    pub(crate) fn precision(&self) -> Precision {
        self.hyper.precision()
    }

    fn fold_source(&self) -> FoldSource<'_> {
        FoldSource {
            dataset: &self.dataset,
            tokenizer: &self.checkpoint.tokenizer,
            hyper: &self.hyper,
        }
    }

    /// Trains, and measures what the model is worth.
    pub(crate) fn train(
        &self,
        config: &Config,
        folds: Option<&FoldPlan>,
        stop: &Stop,
        run_dir: &RunDir,
        writer: &mut Writer<'_>,
    ) -> anyhow::Result<Trained> {
        let events = config.output.tensorboard.as_deref();
        let mut run = Run {
            checkpoint: &self.checkpoint,
            hyper: &self.hyper,
            config: config.trainer,
            device: self.found.device,
            frames_a_pass: self.found.items_a_pass(
                bytes_of_frame(&self.checkpoint.config),
                FRAMES_ON_CPU,
                MOST_FRAMES,
            ),
            base_kind: self.base_kind,
            stop,
            shows_baselines: true,
            writer,
            events: events.map(EventFile::create).transpose()?,
        };
        let dataset = &self.dataset;
        let (source, snapshots) = (self.fold_source(), run_dir.snapshots());
        let out_of_fold = folds
            .map(|plan| cross_validate(&mut run, source, plan, snapshots))
            .transpose()?;
        let n_seeds = self.n_seeds(config.models.seeds);
        let (fitted, hyper) = best_of_seeds(&mut run, dataset, n_seeds, run_dir)?;
        let predictions = out_of_fold.as_ref().map(|it| it.predictions.as_slice());
        let risk = config.models.risk;
        let measured = abstention::measure(dataset, &fitted.judged, predictions, risk);
        wo_cli::say!("{}", measured.words);
        // Features of random weights do not improve with more videos.
        let has_curve = self.base_kind != BaseKind::Scratch;
        if has_curve && stop.is_asked() {
            wo_cli::say!("asked to stop: the model is written without a learning curve");
        }
        let learning_curve = (has_curve && !stop.is_asked())
            .then(|| learning_curve::learning_curve(dataset, &fitted, &hyper))
            .flatten();
        if let Some(curve) = &learning_curve {
            wo_cli::say!("{}", learning_curve::in_words(curve));
            run.writer.record(&Record::LearningCurve(curve.clone()))?;
        }
        let scores = &fitted.comparison.scores;
        let of_folds = out_of_fold.iter().flat_map(|it| &it.comparison.scores);
        for score in scores.iter().chain(of_folds) {
            run.writer.record(&Record::Score(score.clone()))?;
        }
        Ok(Trained {
            fitted,
            hyper,
            out_of_fold,
            abstention: measured.policy,
            learning_curve,
        })
    }

    /// A linear head draws no random numbers, so each seed would give the same one.
    fn n_seeds(&self, requested: u32) -> u32 {
        if self.hyper.method == Method::Probe && requested > 1 {
            wo_cli::say!("one seed instead of {requested}: a probe is the same from each");
            return 1;
        }
        if requested > 1 && self.dataset.of(Split::Validation).is_empty() {
            wo_cli::say!(
                "one seed instead of {requested}: without a validation split nothing chooses among them"
            );
            return 1;
        }
        requested
    }

    /// Writes the model and its notes, and keeps the model that it replaces.
    pub(crate) fn write(
        mut self,
        config: &Config,
        trained: Trained,
        previous: Option<&PreviousModel>,
        run_dir: RunDir,
        writer: &mut Writer<'_>,
    ) -> anyhow::Result<()> {
        let notes = self.notes(&config.base_model.name, &trained)?;
        let is_drawn_for_real = self.is_drawn_for_real();
        let Trained {
            fitted,
            hyper,
            abstention,
            learning_curve,
            ..
        } = trained;
        let (init, output) = (&config.base_model.name, &config.output.model);
        let mut manifest = manifest(self.dataset, init, &hyper, &fitted)?;
        (manifest.trust, manifest.learning_curve) = (abstention, learning_curve);
        self.checkpoint.manifest = Some(manifest);
        if let Some(previous) = previous {
            previous.keep()?;
        }
        let model_id =
            write_checkpoint(output, &self.checkpoint, &fitted.vs, config.output.is_half)
                .exit_or(Exit::Integrity)?;
        run_dir.close(&notes)?;
        wo_cli::say!("wrote {}", output.display());
        if let Some(previous) = previous {
            wo_cli::say_line(&previous.how_to_restore());
        }
        if is_drawn_for_real {
            wo_cli::warn!("{}", photographs::REMINDER);
        }
        writer.record(&Record::Model(Model {
            path: output.clone().into(),
            model_id,
            n_parameters: self.checkpoint.n_parameters(),
            init: init.clone(),
        }))?;
        Ok(())
    }

    /// What is written beside the weights, by file name.
    fn notes(
        &self,
        init: &str,
        trained: &Trained,
    ) -> anyhow::Result<BTreeMap<&'static str, String>> {
        let out_of_fold = trained.out_of_fold.as_ref();
        let card = model_card::card(
            &self.dataset,
            &trained.hyper,
            init,
            &trained.fitted,
            out_of_fold.map(|it| &it.comparison),
            trained.learning_curve.as_ref(),
        );
        let mut notes = BTreeMap::from([("README.md", card)]);
        let plot = loss_plot::svg(&trained.fitted.history)?;
        notes.extend(plot.map(|svg| ("learning_curve.svg", svg)));
        let predictions = out_of_fold.map(|it| stream(&it.predictions)).transpose()?;
        notes.extend(predictions.map(|stream| ("out_of_fold.ndjson", stream)));
        Ok(notes)
    }

    /// Whether a base model that has only seen drawings is trained on photographs.
    fn is_drawn_for_real(&self) -> bool {
        self.base_kind == BaseKind::Tiny && self.dataset.are_photographs
    }
}

/// How many training videos each exercise has.
fn n_videos_of_exercises(dataset: &Dataset) -> Vec<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for example in dataset.videos(Split::Train) {
        *counts.entry(example.class.exercise.as_str()).or_default() += 1;
    }
    counts.into_values().collect()
}

/// Trains from `n_seeds` seeds and keeps the model with the lowest validation loss.
fn best_of_seeds(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    n_seeds: u32,
    run_dir: &RunDir,
) -> anyhow::Result<(Fitted, Hyperparameters)> {
    let mut best: Option<(f64, Fitted, Hyperparameters)> = None;
    for number in 0..n_seeds {
        let hyper = Hyperparameters {
            seed: run.hyper.seed.wrapping_add(u64::from(number)),
            ..run.hyper.clone()
        };
        run.check_stop(&format!("before seed {}", hyper.seed))?;
        if n_seeds > 1 {
            wo_cli::say!("seed {} ({} of {n_seeds})", hyper.seed, number + 1);
        }
        let mut run = run.with(&hyper);
        // The baselines are the same from each seed.
        run.shows_baselines = number == 0;
        let fitted = fit(&mut run, dataset, &snapshots_of_seed(run_dir, number))?;
        let loss = fitted.metrics.get("validation_loss").copied();
        let loss = loss.unwrap_or(f64::INFINITY);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, fitted, hyper.clone()));
        }
    }
    let (_, fitted, hyper) = best.context("--seeds 1 or more")?;
    Ok((fitted, hyper))
}

fn snapshots_of_seed(run_dir: &RunDir, number: u32) -> std::path::PathBuf {
    let snapshots: &Path = run_dir.snapshots();
    snapshots.join(format!("seed-{number}"))
}
