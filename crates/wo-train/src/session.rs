//! One run of the tool from the input to the model on disk: what is known before training, what training gives, and
//! what is written.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::rc::Rc;

use wo_cli::{Exit, ExitWith, Stop};
use wo_clip::{
    AbstentionPolicy, Checkpoint, FoundDevice, Group, Precision, Split, bytes_of_frame,
    write_checkpoint,
};
use wo_record::{Base, LearningCurve, Model, Record, Writer};

use crate::artifacts::manifest::manifest;
use crate::artifacts::previous_model::PreviousModel;
use crate::artifacts::run_dir::RunDir;
use crate::artifacts::tensorboard::EventFile;
use crate::artifacts::{loss_plot, model_card};
use crate::cli::config::Config;
use crate::cli::{plan, plan_warnings};
use crate::data::dataset::Dataset;
use crate::data::frame_cache::Storage;
use crate::data::reader::read_dataset;
use crate::data::{captions, leakage};
use crate::hyperparameters::Hyperparameters;
use crate::model::base::{self as base_model, BaseModel, FOR_PHOTOGRAPHS};
use crate::model::features::{FRAMES_ON_CPU, MOST_FRAMES};
use crate::model::init::BaseKind;
use crate::model::method::{self, Choice, Method};
use crate::ranks;
use crate::run::{Fitted, Run};
use crate::trainer::precision::Agreement;
use crate::trainer::precision_check;
use crate::validation::fold_plan::{FoldPlan, FoldSource};
use crate::validation::folds::{OutOfFold, cross_validate, stream};
use crate::validation::{abstention, learning_curve};

mod base;
mod precision;
mod seeds;

use self::base::{choose_base, n_videos_of_exercises};
use precision::Computing;
use seeds::best_of_seeds;

/// All that is known before training.
pub(crate) struct Session {
    pub(crate) dataset: Dataset,
    checkpoint: Checkpoint,
    base_kind: BaseKind,
    base: Base,
    /// Names the videos that the base model was chosen for.
    chosen_for: Option<String>,
    hyper: Hyperparameters,
    choice: Choice,
    found: FoundDevice,
    computing: Computing,
    group: Rc<Group>,
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
    /// Reads the dataset, chooses the base model unless it is `named`, and fills in the hyperparameters.
    pub(crate) fn prepare(
        config: &Config,
        group: &Rc<Group>,
        named: Option<BaseModel>,
        input: &mut dyn BufRead,
        found: FoundDevice,
        run_dir: &RunDir,
    ) -> anyhow::Result<Self> {
        let (base, mut dataset, chosen_for) = match named {
            Some(base) => {
                let preprocessor = base.init.preprocessor();
                let dataset = read_dataset(&config.data, input, &preprocessor);
                (base, dataset.exit_or(Exit::Integrity)?, None)
            }
            None if config.data.storage == Storage::Unread => wo_cli::bail!(
                Exit::Usage,
                "--dry-run=records looks at no image, so it cannot choose a base model";
                "name one, such as --init tiny"
            ),
            None => choose_base(config, group, input, run_dir).exit_or(Exit::Integrity)?,
        };
        let BaseModel { init, mut record } = base;
        let base_kind = init.kind();
        let caution = BaseModel::caution(base_kind, dataset.photographs);
        record.caution = caution.map(str::to_owned);
        for caption in plan::empty_captions(&dataset) {
            wo_cli::warn!(
                "the description \"{caption}\" only says good or bad";
                "name faults, or describe what can be seen"
            );
        }
        let counts = n_videos_of_exercises(&dataset);
        let choice = method::choose(config.method, base_kind, &counts);
        let n_train = dataset.of(Split::Train).len();
        let mut hyper = config.hyperparameters(&init, &choice, n_train, &found)?;
        let checkpoint = init
            .into_checkpoint(&dataset.captions, hyper.seed)
            .exit_or(Exit::Integrity)?;
        hyper.micro_batch = config.micro_batch(&found, plan::bytes_per_frame(&checkpoint.config));
        captions::warn(&dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
        captions::settle(&mut dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
        let computing =
            group.in_turns(|| Ok(Computing::decide(config, &found, run_dir, &mut hyper)))?;
        Ok(Self {
            dataset,
            checkpoint,
            base_kind,
            base: record,
            chosen_for,
            hyper,
            choice,
            found,
            computing,
            group: Rc::clone(group),
        })
    }

    /// Settles the precision where that takes a check.
    pub(crate) fn settle_precision(&mut self, config: &Config, stop: &Stop) -> anyhow::Result<()> {
        let group = Rc::clone(&self.group);
        let bf16 = group.from_first(|| {
            if !self.computing.takes_check(self.hyper.method) {
                return Ok(self.hyper.bf16);
            }
            let Some(agreement) = self.agreement(config, stop)? else {
                wo_cli::bail!(Exit::Locked, "stopped before the first step");
            };
            wo_cli::say!("{}", agreement.in_words());
            Ok(agreement.holds())
        })?;
        (self.hyper.bf16, self.computing.arithmetic.bf16) = (bf16, bf16);
        Ok(())
    }

    /// What the check of the precision finds; `None` where the run was asked to end meanwhile.
    pub(crate) fn agreement(
        &self,
        config: &Config,
        stop: &Stop,
    ) -> anyhow::Result<Option<Agreement>> {
        let mut nowhere = std::io::sink();
        let mut writer = Writer::begin(&mut nowhere, crate::TOOL, crate::VERSION, &[])?;
        // It is no matter of the others.
        let alone = Group::alone();
        let mut run = self.run(config, stop, &mut writer);
        run.group = &alone;
        precision_check::agreement(&mut run, &self.dataset)
    }

    /// In which precision it computes.
    pub(crate) fn precision(&self) -> Precision {
        self.hyper.precision()
    }

    #[cfg(test)]
    pub(crate) fn computes_in_bf16(&self) -> bool {
        self.hyper.bf16 && self.computing.arithmetic.bf16
    }

    /// What all fits share.
    fn run<'a, 'w>(
        &'a self,
        config: &Config,
        stop: &'a Stop,
        writer: &'a mut Writer<'w>,
    ) -> Run<'a, 'w> {
        Run {
            checkpoint: &self.checkpoint,
            hyper: &self.hyper,
            config: config.trainer,
            device: self.found.device,
            group: &self.group,
            arithmetic: &self.computing.arithmetic,
            frames_a_pass: self.found.items_a_pass(
                bytes_of_frame(&self.checkpoint.config),
                FRAMES_ON_CPU,
                MOST_FRAMES,
            ),
            base_kind: self.base_kind,
            has_caution: self.base.caution.is_some(),
            stop,
            shows_baselines: true,
            writer,
            events: None,
        }
    }

    /// Prints the plan.
    pub(crate) fn announce(&self, previous: Option<&PreviousModel>) {
        let (dataset, hyper) = (&self.dataset, &self.hyper);
        wo_cli::say!("{}", base_model::in_words(&self.base));
        for line in plan::lines(dataset, hyper, &self.choice, &self.checkpoint, &self.found) {
            wo_cli::say!("{line}");
        }
        wo_cli::say!("arithmetic: {}", self.computing.in_words(hyper.method));
        // Where another one was wanted that is said already, with why it was not to be had.
        if self.base.caution.is_some() && self.base.wanted.is_none() {
            wo_cli::warn!(
                "{}", base_model::CAUTION;
                "without --init training starts from {FOR_PHOTOGRAPHS}, which knows photographs (600 MB, fetched once)"
            );
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
        let (found, hyper) = (&self.found, &self.hyper);
        ranks::check_same_run(&self.group, found, hyper, &self.base, &self.dataset)?;
        self.name_base(run_dir, writer)?;
        let events = config.output.tensorboard.as_deref();
        let events = events.filter(|_| self.group.is_first());
        let mut run = self.run(config, stop, writer);
        run.events = events.map(EventFile::create).transpose()?;
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
        run.say_metric(&measured.words);
        // Features of random weights do not improve with more videos.
        let has_curve = self.base_kind != BaseKind::Scratch && self.group.is_first();
        if has_curve && stop.is_asked() {
            wo_cli::say!("asked to stop: the model is written without a learning curve");
        }
        let learning_curve = (has_curve && !stop.is_asked())
            .then(|| learning_curve::learning_curve(dataset, &fitted, &hyper))
            .flatten();
        if let Some(curve) = &learning_curve {
            run.say_metric(&learning_curve::in_words(curve));
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

    /// Writes down what the run begins from, for readers of its records and for a run that goes on.
    fn name_base(&self, run_dir: &RunDir, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        writer.record(&Record::Base(self.base.clone()))?;
        writer.caution(self.base.caution.as_deref());
        if let Some(key) = &self.chosen_for {
            run_dir.note_base(key, &self.base)?;
        }
        Ok(())
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
        let notes = self.notes(&trained)?;
        let Trained {
            fitted,
            hyper,
            abstention,
            learning_curve,
            ..
        } = trained;
        let output = &config.output.model;
        let mut manifest = manifest(self.dataset, &self.base, &hyper, &fitted)?;
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
        if self.base.caution.is_some() {
            wo_cli::warn!(
                "{}: expect better metrics from {FOR_PHOTOGRAPHS}",
                base_model::CAUTION
            );
        }
        writer.record(&Record::Model(Model {
            path: output.clone().into(),
            model_id,
            n_parameters: self.checkpoint.n_parameters(),
            init: self.base.init,
        }))?;
        Ok(())
    }

    /// What is written beside the weights, by file name.
    fn notes(&self, trained: &Trained) -> anyhow::Result<BTreeMap<&'static str, String>> {
        let out_of_fold = trained.out_of_fold.as_ref();
        let card = model_card::card(
            &self.dataset,
            &trained.hyper,
            &self.base,
            &trained.fitted,
            out_of_fold.map(|it| &it.comparison),
            trained.learning_curve.as_ref(),
            self.checkpoint.config.license_note(),
        );
        let mut notes = BTreeMap::from([("README.md", card)]);
        let plot = loss_plot::svg(&trained.fitted.history)?;
        notes.extend(plot.map(|svg| ("learning_curve.svg", svg)));
        let predictions = out_of_fold
            .map(|it| stream(&self.base, &it.predictions))
            .transpose()?;
        notes.extend(predictions.map(|stream| ("out_of_fold.ndjson", stream)));
        Ok(notes)
    }
}
