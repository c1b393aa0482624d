//! A run of a model: videos are judged as they come, and of each only its prediction is kept.

use std::io::Write;
use std::sync::Arc;

use wo_cli::{Exit, ExitWith};
use wo_clip::Judge;
use wo_input::{Leftovers, VideoItem};
use wo_parallel::OrderedPool;
use wo_record::{Failure, Group, Record, Verdict, code};

use crate::cli::config::{EvaluateConfig, ModelConfig};
use crate::data_quality::leakage::LeakageCheck;
use crate::data_quality::relabelled::relabelled;
use crate::findings::{Findings, Model};
use crate::input::repeats::{Repeat, SeenBefore};
use crate::input::source::Upstream;
use crate::judge::evidence::EvidenceFrame;
use crate::judge::judge_worker::{JudgeOptions, JudgeResult, Task, start_judge_workers};
use crate::judge::label_space::LabelSpace;
use crate::judge::load::{check_model, load_judge};
use crate::judge::nearest_training::{Thumbnails, TrainedOn, nearest_of_another_label};
use crate::judge::perturb::wordings;
use crate::judge::predict::Judged;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::judge::video_name::{name_of, named};
use crate::render::contact_sheet::ContactSheet;
use crate::render::sentences::excluded;
use crate::render::sentences::verdict::verdict_in_words;
use crate::render::text::report;
use crate::render::worst::Worst;
use crate::score::tally::Tally;
use crate::session::finished::{Finished, nothing_left, warn_of_limits};
use crate::session::log::Log;
use crate::session::parts::{HowJudged, ShardState, part};
use crate::session::settled::settle;

/// A run under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    config: &'a EvaluateConfig,
    judge: Arc<Judge>,
    space: Arc<LabelSpace>,
    workers: OrderedPool<Task, JudgeResult>,
    log: Log<'a>,
    before: SeenBefore,
    training: Training,
    /// Predictions with a true label.
    predictions: Vec<Prediction>,
    sheet: ContactSheet,
    worst: Worst,
    /// How videos are judged, for the run that merges shards.
    judged: HowJudged,
}

/// What is known of the model's training videos.
#[derive(Debug)]
struct Training {
    leakage: LeakageCheck,
    /// Those in the input, to find the nearest ones.
    videos: Vec<TrainedOn>,
    /// Verdicts that wait for them, with their evidence.
    waiting: Vec<(Verdict, EvidenceFrame)>,
}

impl<'a> Session<'a> {
    /// Loads the model and begins the output.
    pub(crate) fn start(
        config: &'a EvaluateConfig,
        of_model: &ModelConfig,
        records: &'a mut dyn Write,
        upstream: Upstream<'_>,
    ) -> anyhow::Result<Self> {
        let n_cores = of_model.compute.n_threads;
        let hint = "train one with wo-train, or give one with --model";
        check_model(&of_model.model, hint)?;
        let place = of_model.compute.place()?;
        let judge = Arc::new(load_judge(&of_model.model, &place, hint)?);
        let space = Arc::new(LabelSpace::new(judge.classes()));
        let wordings = of_model.robustness.then(|| wordings(&judge)).transpose();
        let wordings = wordings.exit_or(Exit::Integrity)?;
        if let Some(terms) = &config.analysis.fail_under {
            terms.check_classes(&space)?;
        }
        let outputs = &config.outputs;
        let (thumbnails, worst) = match &outputs.report {
            Some(_) => (Thumbnails::Keep, Worst::keeping()),
            None => (Thumbnails::Drop, Worst::default()),
        };
        let options = JudgeOptions {
            regions: config.analysis.needs_regions(),
            wordings,
            thumbnails,
            without_threshold: of_model.without_threshold,
        };
        let workers = start_judge_workers(&judge, &space, &options, n_cores)?;
        let videos = &judge.manifest().videos;
        let leakage = LeakageCheck::of(videos);
        let tally = Tally {
            has_no_hashes: leakage.has_no_hashes() && !videos.is_empty(),
            ..Tally::default()
        };
        let mut log = Log::begin(records, upstream, place.precision, tally)?;
        log.writer.caution(judge.manifest().caution());
        let judged = HowJudged::of(judge.manifest(), config, of_model, place.precision)?;
        let n_drawn = outputs.contact_sheet.as_ref().map_or(0, |it| it.n_videos);
        Ok(Self {
            config,
            judge,
            space,
            workers,
            log,
            before: SeenBefore::default(),
            training: Training {
                leakage,
                videos: Vec::new(),
                waiting: Vec::new(),
            },
            predictions: Vec::new(),
            sheet: ContactSheet::new(n_drawn, config.analysis.seed),
            worst,
            judged,
        })
    }

    /// Has a video judged, unless it is seen or repeated.
    pub(crate) fn take(&mut self, mut item: VideoItem) -> anyhow::Result<()> {
        let settled = item.settle();
        match self.before.take(&item.video) {
            Repeat::New => self.log.tally.settle(name_of(&item.video), &settled),
            Repeat::Same => {
                self.log.tally.n_repeated += 1;
                return Ok(());
            }
            Repeat::Otherwise(failures) => {
                return failures.into_iter().try_for_each(|it| self.log.fail(it));
            }
        }
        let manifest = self.judge.manifest();
        let relabelled = relabelled(&item.video, &manifest.videos);
        self.log.tally.relabelled.extend(relabelled);
        let seen_by = manifest.seen_by(&item.video);
        if seen_by.is_some() {
            self.training.leakage.take_name(&item.video);
        }
        let truth = GroundTruth::of(&item.video, &self.space);
        let can_be_scored = matches!(truth, GroundTruth::Scored { .. });
        match seen_by {
            Some(key) if can_be_scored && !self.config.allow_seen => self.exclude_seen(item, &key),
            seen_by => {
                let seen = seen_by.is_some();
                self.have_done(Task::Judge { item, seen })
            }
        }
    }

    fn have_done(&mut self, task: Task) -> anyhow::Result<()> {
        // Whoever sends a video now and then reads of each as soon as the next one comes.
        while let Some(result) = self.workers.next_if_done() {
            self.take_in(result)?;
        }
        while !self.workers.has_room()
            && let Some(result) = self.workers.next_result()
        {
            self.take_in(result)?;
        }
        self.workers.give(task);
        Ok(())
    }

    fn take_in(&mut self, result: JudgeResult) -> anyhow::Result<()> {
        match result {
            JudgeResult::Judged {
                judged: Ok(judged), ..
            } => self.judged(*judged),
            JudgeResult::Judged {
                video,
                judged: Err(failure),
            } => {
                self.log.tally.n_failed += 1;
                let path = failure.path.clone().or(video.path);
                self.log.fail(Failure { path, ..failure })
            }
            JudgeResult::Remembered(video) => {
                self.training.videos.extend(video);
                Ok(())
            }
        }
    }

    fn judged(&mut self, mut judged: Judged) -> anyhow::Result<()> {
        let can_be_scored = judged.prediction.truth().is_some();
        let name = named(judged.verdict.path.as_ref(), &judged.verdict.video_id);
        if let Some(leak) = self.training.leakage.find(&judged.prediction, &self.space) {
            if can_be_scored && !self.config.allow_seen {
                let what = leak.what + "; --allow-seen scores it apart";
                let Verdict { video_id, path, .. } = judged.verdict;
                return self.log.reject(path, video_id, code::NEAR_DUPLICATE, what);
            }
            // The line of an unlabelled video says so itself.
            if judged.prediction.ground_truth != GroundTruth::Unlabelled {
                wo_cli::warn!("{name}: {}", leak.what);
            }
            judged.verdict.near_duplicate_of = Some(leak.name);
            judged.mark_seen();
        }
        if let Some(warning) = judged.warning.take() {
            self.log.fail(Failure {
                code: code::BAD_IMAGE.to_owned(),
                what: warning,
                tool: env!("CARGO_PKG_NAME").to_owned(),
                path: judged.verdict.path.clone(),
                video_id: Some(judged.verdict.video_id.clone()),
            })?;
        }
        judged.verdict.caution = self.judge.manifest().caution().map(str::to_owned);
        self.log.tally.n_bad_frames += judged.n_bad_frames;
        self.log.tally.count(&judged.prediction);
        self.sheet.add(&judged);
        if judged.prediction.ground_truth == GroundTruth::Unlabelled {
            let n_exercises = self.space.exercises.len();
            wo_cli::say!("{}", verdict_in_words(&name, &judged.verdict, n_exercises));
        }
        self.worst.add(&judged);
        let Judged {
            verdict,
            prediction,
            evidence,
            ..
        } = judged;
        if can_be_scored {
            self.predictions.push(prediction);
        }
        if can_be_scored && self.config.analysis.needs_regions() {
            self.training.waiting.push((verdict, evidence));
        } else {
            self.log.record(&Record::Verdict(verdict))?;
        }
        Ok(self.log.writer.flush()?)
    }

    /// Takes the predictions out, without those of videos with two labels.
    fn taken(&mut self) -> Vec<Prediction> {
        let before = &self.before;
        let all = std::mem::take(&mut self.predictions);
        let (gone, left): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|it| before.is_contradicted(&it.video_id));
        for prediction in &gone {
            self.log.tally.contradict(prediction);
        }
        left
    }

    /// Skips a video of the model's training run. Rejects a new video of a person or source that the model has seen, since its
    /// user takes it for held-out.
    fn exclude_seen(&mut self, item: VideoItem, key: &Group) -> anyhow::Result<()> {
        let video = &item.video;
        let mut known = self.judge.manifest().videos.iter();
        if known.any(|it| it.video_id == video.video_id) {
            self.log.tally.n_excluded_as_seen += 1;
            if self.config.analysis.needs_regions() {
                return self.have_done(Task::Remember(item));
            }
            return Ok(());
        }
        let what =
            format!("the model was trained or chosen on {key}; --allow-seen scores it apart");
        let (path, video_id) = (video.path.clone(), video.video_id.clone());
        self.log.reject(path, video_id, code::SEEN_GROUP, what)
    }

    /// Writes the waiting verdicts, each with the nearest training video of another label.
    fn write_waiting(&mut self) -> anyhow::Result<()> {
        for (mut verdict, evidence) in std::mem::take(&mut self.training.waiting) {
            if let Some(nearest_match) =
                nearest_of_another_label(&self.training.videos, &verdict, &evidence)
            {
                self.worst
                    .add_nearest(&verdict.video_id, || nearest_match.shown());
                verdict.nearest_other = Some(nearest_match.named());
            }
            self.log.record(&Record::Verdict(verdict))?;
        }
        Ok(())
    }

    /// Takes in what is under way, and what failed before.
    fn take_rest(&mut self, failures: Vec<Failure>) -> anyhow::Result<()> {
        while let Some(result) = self.workers.next_result() {
            self.take_in(result)?;
        }
        self.log.tally.n_failed_upstream = failures.len() as u64;
        for failure in failures {
            self.log.failures.push(failure.clone());
            self.log.writer.failure(failure)?;
        }
        Ok(())
    }

    /// Writes what the run that merges shards needs, and no metric: who is in one group, and who is there twice, is known of
    /// the whole only.
    pub(crate) fn hand_over(mut self, rest: Leftovers) -> anyhow::Result<Finished> {
        self.take_rest(rest.failures)?;
        for prediction in self.taken() {
            let part = part(Some(&prediction.video_id), &prediction)?;
            self.log.record(&Record::Part(part))?;
        }
        let waiting = std::mem::take(&mut self.training.waiting);
        for (verdict, _) in waiting {
            self.log.record(&Record::Verdict(verdict))?;
        }
        let state = ShardState {
            judged: self.judged,
            tally: self.log.tally,
            suspects: self.training.leakage.into_suspects(),
            n_skipped: rest.n_skipped,
        };
        self.log.writer.record(&Record::Part(part(None, &state)?))?;
        self.log.writer.end()?;
        Ok(Finished {
            table: String::new(),
            sheet: self.sheet,
            findings: Findings::default(),
            worst: self.worst,
            // What was not scored is for the whole to tell.
            tally: Tally::default(),
            manifest: None,
            failures: self.log.failures,
            n_skipped: rest.n_skipped,
        })
    }

    /// Scores what was judged and ends the output.
    pub(crate) fn finish(mut self, rest: Leftovers) -> anyhow::Result<Finished> {
        self.take_rest(rest.failures)?;
        let all = self.taken();
        self.predictions = settle(&mut self.log, all, &self.space)?;
        let n_excluded = self.log.tally.n_excluded_as_seen;
        for warning in excluded::warnings(&self.log.tally) {
            wo_cli::warn!("{warning}");
        }
        if n_excluded > 0 && self.log.tally.n_judged() == 0 {
            nothing_left()?;
        }
        if self.log.tally.n_judged() == 0 && self.log.tally.n_rejected == 0 {
            wo_cli::warn!(
                "there was no video to judge";
                "--predictions FILE evaluates `prediction` records"
            );
        }
        self.write_waiting()?;
        let manifest = self.judge.manifest();
        let model = Model {
            space: &self.space,
            trust: manifest.trust.as_ref(),
            learning_curve: manifest.learning_curve.as_ref(),
            videos: &manifest.videos,
            for_baselines: &manifest.videos,
        };
        let mut findings = Findings::of(&self.predictions, model, &self.config.analysis);
        findings.caution = manifest.caution().map(str::to_owned);
        findings
            .suspects
            .splice(0..0, self.training.leakage.into_suspects());
        warn_of_limits(&findings.independence);
        findings.warn_of_missing();
        findings.write(&mut self.log.writer)?;
        self.log.writer.end()?;
        let table = report(
            &self.config.subject.name(),
            &findings,
            &self.space.exercises,
            &self.log.tally,
        );
        Ok(Finished {
            table,
            sheet: self.sheet,
            findings,
            worst: self.worst,
            tally: self.log.tally,
            manifest: Some(self.judge.manifest().clone()),
            failures: self.log.failures,
            n_skipped: rest.n_skipped,
        })
    }
}
