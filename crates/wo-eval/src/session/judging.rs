//! One run: videos are judged as they come, and of each only its prediction is kept.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use wo_clip::{Judge, Manifest, set_threads};
use wo_input::{Leftovers, VideoItem};
use wo_record::{Failure, Producer, Record, RecordPath, Verdict, Writer, code};

use crate::Args;
use crate::answers::Answers;
use crate::contact_sheet::ContactSheet;
use crate::copies::Copies;
use crate::findings::{Asked, Findings, Model};
use crate::load::load_judge;
use crate::near_duplicates::{Again, Came, NearDuplicates};
use crate::predict::{Judged, name_of, named};
use crate::prediction::{Prediction, Standing};
use crate::robustness::wordings;
use crate::spoken::Spoken;
use crate::table::report;
use crate::tally::Tally;
use crate::trained_on::{Telling, TrainedOn, likest_of_another_label};
use crate::viewer::{Asking, Task, Viewed, start_viewers};
use crate::workers::Workers;
use crate::worst::Worst;

/// Why there is nothing to score.
const NOTHING_LEFT: &str = "nothing is left to score: the model was trained or chosen on all labelled videos or their groups\n\
    hint: --allow-seen scores them apart; for an honest figure give it people and sources that it has not seen";

/// A run under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    model: String,
    judge: Arc<Judge>,
    answers: Arc<Answers>,
    allow_seen: bool,
    asked: Asked,
    /// Whether parts of the pictures are looked at, for the audit.
    looks_at_parts: bool,
    writer: Writer<'a>,
    sheet: ContactSheet,
    tally: Tally,
    /// Those that can be right or wrong.
    predictions: Vec<Prediction>,
    came: Came,
    /// What failed, in the tools before and here.
    failures: Vec<Failure>,
    copies: Copies,
    viewers: Workers<Task, Viewed>,
    worst: Worst,
    /// Verdicts that wait for the training videos that they are held against, with their evidence.
    waiting: Vec<(Verdict, Telling)>,
    /// Training videos, where verdicts are held against them.
    trained_on: Vec<TrainedOn>,
}

/// What is left of a run that came to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The report for people.
    pub(crate) table: String,
    /// The contact sheet, not yet drawn.
    pub(crate) sheet: ContactSheet,
    /// All that was found.
    pub(crate) findings: Findings,
    /// Those that were judged wrong, the surest first.
    pub(crate) worst: Worst,
    /// What was counted.
    pub(crate) tally: Tally,
    /// What the model knows of itself, where there is one.
    pub(crate) manifest: Option<Manifest>,
    /// The inputs that failed.
    pub(crate) failures: Vec<Failure>,
    /// How many lines were no records.
    pub(crate) n_skipped: u64,
}

impl<'a> Session<'a> {
    /// Loads the model and begins the output.
    pub(crate) fn start(
        args: &Args,
        records: &'a mut dyn Write,
        upstream: &[Producer],
    ) -> anyhow::Result<Self> {
        let n_cores = args.threads.count();
        set_threads(n_cores);
        let hint = "train one with wo-train, or name one with --model";
        let judge = Arc::new(load_judge(&args.model, &args.device, hint)?);
        let answers = Arc::new(Answers::new(judge.classes()));
        let n_drawn = args
            .contact_sheet
            .as_ref()
            .map_or(0, |_| usize::from(args.contact_videos));
        let wordings = args
            .asking
            .robustness
            .then(|| wordings(&judge))
            .transpose()?;
        let asked = Asked::of(args);
        if let Some(terms) = &asked.fail_under {
            terms.check_classes(&answers)?;
        }
        let looks_at_parts = asked.audit || asked.suspects;
        let asking = Asking {
            sights: looks_at_parts,
            wordings,
            keeps_pictures: args.report.is_some(),
        };
        let viewers = start_viewers(&judge, &answers, &asking, n_cores);
        let writer = Writer::begin(
            records,
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            upstream,
        )?;
        let of_model = &judge.manifest().videos;
        let copies = Copies::of(of_model);
        Ok(Self {
            model: args.model.display().to_string(),
            tally: Tally {
                knows_no_copies: copies.are_unknowable() && !of_model.is_empty(),
                ..Tally::default()
            },
            copies,
            judge,
            answers,
            allow_seen: args.allow_seen,
            looks_at_parts,
            asked,
            writer,
            sheet: ContactSheet::new(n_drawn, args.seed.seed),
            predictions: Vec::new(),
            came: Came::default(),
            failures: Vec::new(),
            viewers,
            worst: Worst::new(args.report.is_some()),
            waiting: Vec::new(),
            trained_on: Vec::new(),
        })
    }

    /// Has a video judged, unless it is one that the model has seen or one that came before.
    pub(crate) fn take(&mut self, mut item: VideoItem) -> anyhow::Result<()> {
        let settled = item.settle();
        match self.came.take(&item.video) {
            Again::New => self.tally.settle(name_of(&item.video), &settled),
            Again::Same => {
                self.tally.n_repeated += 1;
                return Ok(());
            }
            Again::Otherwise(failures) => {
                return failures.into_iter().try_for_each(|it| self.fail(it));
            }
        }
        let seen = self.judge.manifest().has_seen(&item.video);
        if seen {
            self.copies.take_name(&item.video);
        }
        let can_be_scored = matches!(
            Standing::of(&item.video, &self.answers),
            Standing::Scored { .. }
        );
        if seen && can_be_scored && !self.allow_seen {
            return self.leave_out(item);
        }
        self.have_done(Task::Judge {
            item,
            seen,
            can_be_scored,
        })
    }

    fn have_done(&mut self, task: Task) -> anyhow::Result<()> {
        // Whoever sends a video now and then reads of each as soon as the next one comes.
        while let Some(viewed) = self.viewers.next_if_done() {
            self.take_in(viewed)?;
        }
        while !self.viewers.has_room()
            && let Some(viewed) = self.viewers.next()?
        {
            self.take_in(viewed)?;
        }
        self.viewers.give(task)
    }

    fn take_in(&mut self, viewed: Viewed) -> anyhow::Result<()> {
        match viewed {
            Viewed::Judged {
                judged: Ok(judged),
                can_be_scored,
                ..
            } => self.judged(*judged, can_be_scored),
            Viewed::Judged {
                video,
                judged: Err(failure),
                ..
            } => {
                self.tally.n_failed += 1;
                let path = failure.path.clone().or(video.path);
                self.fail(Failure { path, ..failure })
            }
            Viewed::Remembered(video) => {
                self.trained_on.extend(video);
                Ok(())
            }
        }
    }

    fn judged(&mut self, mut judged: Judged, can_be_scored: bool) -> anyhow::Result<()> {
        let name = named(judged.verdict.path.as_ref(), &judged.verdict.video_id);
        if let Some(what) = self.copies.find(&judged.prediction, &self.answers) {
            if can_be_scored && !self.allow_seen {
                let what = what + "; --allow-seen scores it apart";
                let Verdict { video_id, path, .. } = judged.verdict;
                return self.refuse(path, video_id, code::NEAR_DUPLICATE, what);
            }
            wo_cli::warn!("{name}: {what}");
            judged.mark_seen();
        }
        if let Some(warning) = judged.warning.take() {
            self.fail(Failure {
                code: code::BAD_IMAGE.to_owned(),
                what: warning,
                tool: env!("CARGO_PKG_NAME").to_owned(),
                path: judged.verdict.path.clone(),
                video_id: Some(judged.verdict.video_id.clone()),
            })?;
        }
        self.tally.n_bad_frames += judged.n_bad_frames;
        self.tally.count(&judged.prediction);
        self.sheet.add(&judged);
        if judged.prediction.standing == Standing::Unlabelled {
            wo_cli::say!("{}", in_words(&name, &judged.verdict));
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
        if can_be_scored && self.looks_at_parts {
            self.waiting.push((verdict, evidence));
        } else {
            self.writer.record(&Record::Verdict(verdict))?;
        }
        Ok(self.writer.flush()?)
    }

    /// Says what is wrong with an input, and goes on.
    fn fail(&mut self, failure: Failure) -> anyhow::Result<()> {
        let name = failure.path.as_ref();
        let id = failure.video_id.as_deref().unwrap_or_default();
        wo_cli::warn!("{}: {}", named(name, id), failure.what);
        self.failures.push(failure.clone());
        Ok(self.writer.failure(failure)?)
    }

    /// Leaves out what is there under two labels, makes one group of what looks alike, and writes what is left.
    fn sort_predictions(&mut self) -> anyhow::Result<()> {
        let came = &self.came;
        let all = std::mem::take(&mut self.predictions);
        let (gone, mut left): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|it| came.is_contradicted(&it.video_id));
        for prediction in &gone {
            self.tally.contradict(prediction);
        }
        let looks: Vec<_> = left.iter().map(|it| (it, &it.facts.looks)).collect();
        let near = NearDuplicates::among(&looks, &self.answers);
        if let Some(warning) = near.warning() {
            wo_cli::warn!("{warning}");
        }
        for prediction in left.extract_if(.., |it| near.contradicted.contains_key(&it.video_id)) {
            self.tally.contradict(&prediction);
            let what = near.contradicted.get(&prediction.video_id);
            self.fail(Failure {
                code: code::LABEL_CONFLICT.to_owned(),
                what: what.cloned().unwrap_or_default(),
                tool: env!("CARGO_PKG_NAME").to_owned(),
                path: prediction.path,
                video_id: Some(prediction.video_id),
            })?;
        }
        for mut prediction in left {
            if let Some(group) = near.groups.get(&prediction.video_id) {
                prediction.group.clone_from(group);
            }
            let record = prediction.record(&self.answers);
            self.writer.record(&Record::Prediction(record))?;
            self.predictions.push(prediction);
        }
        Ok(())
    }

    /// A video that the model knows from its own training is passed over. A new one of a group that it knows is refused:
    /// whoever gives it takes it for new.
    fn leave_out(&mut self, item: VideoItem) -> anyhow::Result<()> {
        let video = &item.video;
        let mut known = self.judge.manifest().videos.iter();
        if known.any(|it| it.video_id == video.video_id) {
            self.tally.n_left_out_as_seen += 1;
            if self.looks_at_parts {
                return self.have_done(Task::Remember(item));
            }
            return Ok(());
        }
        let what = format!(
            "the model was trained or chosen on {}; --allow-seen scores it apart",
            wo_record::group_of(video)
        );
        let (path, video_id) = (video.path.clone(), video.video_id.clone());
        self.refuse(path, video_id, code::SEEN_GROUP, what)
    }

    /// Says of a video why it is not scored.
    fn refuse(
        &mut self,
        path: Option<RecordPath>,
        video_id: String,
        code: &str,
        what: String,
    ) -> anyhow::Result<()> {
        self.tally.n_refused += 1;
        wo_cli::warn!("{}: {what}", named(path.as_ref(), &video_id));
        Ok(self.writer.failure(Failure {
            code: code.to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path,
            video_id: Some(video_id),
        })?)
    }

    /// Writes the verdicts that waited, each with the training video of another label that is most like its evidence.
    fn write_waiting(&mut self) -> anyhow::Result<()> {
        for (mut verdict, evidence) in std::mem::take(&mut self.waiting) {
            if let Some(likest) = likest_of_another_label(&self.trained_on, &verdict, &evidence) {
                self.worst.add_twin(&verdict.video_id, || likest.shown());
                verdict.nearest_other = Some(likest.named());
            }
            self.writer.record(&Record::Verdict(verdict))?;
        }
        Ok(())
    }

    /// Scores what was judged and ends the output.
    pub(crate) fn finish(mut self, rest: Leftovers) -> anyhow::Result<Finished> {
        while let Some(viewed) = self.viewers.next()? {
            self.take_in(viewed)?;
        }
        self.tally.n_failed_upstream = rest.failures.len() as u64;
        for failure in rest.failures {
            self.failures.push(failure.clone());
            self.writer.failure(failure)?;
        }
        self.sort_predictions()?;
        let n_left_out = self.tally.n_left_out_as_seen;
        for warning in self.tally.warnings() {
            wo_cli::warn!("{warning}");
        }
        anyhow::ensure!(n_left_out == 0 || self.tally.n_judged() > 0, NOTHING_LEFT);
        if self.tally.n_judged() == 0 && self.tally.n_refused == 0 {
            wo_cli::warn!(
                "there was no video to judge\nhint: `prediction` records are evaluated by --predictions FILE"
            );
        }
        self.write_waiting()?;
        let manifest = self.judge.manifest();
        let model = Model {
            answers: &self.answers,
            trust: manifest.trust.as_ref(),
            learning_curve: manifest.learning_curve.as_ref(),
            videos: &manifest.videos,
        };
        let mut findings = Findings::of(&self.predictions, model, &self.asked);
        findings.suspects.splice(0..0, self.copies.into_suspects());
        findings.warn_of_missing();
        findings.write(&mut self.writer)?;
        self.writer.end()?;
        let table = report(&self.model, &findings, &self.answers.exercises, &self.tally);
        Ok(Finished {
            table,
            sheet: self.sheet,
            findings,
            worst: self.worst,
            tally: self.tally,
            manifest: Some(self.judge.manifest().clone()),
            failures: self.failures,
            n_skipped: rest.n_skipped,
        })
    }
}

/// The same of predictions that are there already.
pub(crate) fn of_predictions(
    args: &Args,
    path: &Path,
    input: &mut dyn std::io::BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    let spoken = Spoken::read(path, input, &args.reading)?;
    let asked = Asked::of(args);
    if let Some(terms) = &asked.fail_under {
        terms.check_classes(&spoken.answers)?;
    }
    let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let mut writer = Writer::begin(records, tool, version, &spoken.upstream)?;
    let failures = spoken.failures;
    for failure in &failures {
        writer.failure(failure.clone())?;
    }
    let mut tally = Tally {
        n_repeated: spoken.n_repeated,
        n_of_seen_groups: spoken.n_of_seen_groups,
        ..Tally::default()
    };
    let mut scored = spoken.predictions;
    let n_all = scored.len();
    scored.retain(|it| args.allow_seen || !it.seen);
    tally.n_left_out_as_seen = (n_all - scored.len()) as u64;
    for prediction in &scored {
        tally.count(prediction);
    }
    for warning in tally.warnings() {
        wo_cli::warn!("{warning}");
    }
    anyhow::ensure!(!scored.is_empty(), NOTHING_LEFT);
    scored.retain(|it| it.truth().is_some());
    let model = Model {
        answers: &spoken.answers,
        trust: None,
        learning_curve: None,
        videos: &[],
    };
    let findings = Findings::of(&scored, model, &asked);
    findings.warn_of_missing();
    findings.write(&mut writer)?;
    writer.end()?;
    let name = path.display().to_string();
    let table = report(&name, &findings, &spoken.answers.exercises, &tally);
    Ok(Finished {
        table,
        sheet: ContactSheet::new(0, args.seed.seed),
        findings,
        worst: Worst::new(false),
        tally,
        manifest: None,
        failures,
        n_skipped: 0,
    })
}

/// `new_video.mp4: bad_form 0.93 (squat 0.99; knees_cave; most telling frame at 3.2 s)`.
fn in_words(name: &str, verdict: &Verdict) -> String {
    let mut details = Vec::new();
    if let Some(leaning) = &verdict.leaning {
        details.push(format!(
            "{}; leaning to {leaning}",
            verdict.reasons.join(", ")
        ));
    }
    details.push(format!(
        "{} {:.2}",
        verdict.exercise, verdict.exercise_probability
    ));
    if !verdict.faults.is_empty() {
        details.push(
            verdict
                .faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    details.push(match verdict.evidence.pts_ms {
        Some(ms) => format!("most telling frame at {:.1} s", ms / 1000.0),
        None => format!("most telling frame {}", verdict.evidence.index),
    });
    format!(
        "{name}: {} {:.2} ({})",
        verdict.label,
        verdict.probability,
        details.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use wo_record::Evidence;

    use super::*;

    #[test]
    fn a_verdict_in_words() {
        let mut verdict = Verdict {
            video_id: "v".to_owned(),
            path: None,
            label: "bad_form".into(),
            probability: 0.931,
            exercise: "squat".into(),
            exercise_probability: 0.99,
            faults: vec!["knees_cave".into()],
            evidence: Evidence {
                index: 4,
                pts_ms: Some(3210.0),
                probability: 0.97,
                phase: None,
            },
            n_frames: 8,
            true_label: None,
            true_exercise: None,
            seen: false,
            ..Verdict::default()
        };
        assert_eq!(
            in_words("new_video.mp4", &verdict),
            "new_video.mp4: bad_form 0.93 (squat 0.99; knees_cave; most telling frame at 3.2 s)"
        );
        verdict.faults.clear();
        verdict.evidence.pts_ms = None;
        assert_eq!(
            in_words("a", &verdict),
            "a: bad_form 0.93 (squat 0.99; most telling frame 4)"
        );
    }
}
