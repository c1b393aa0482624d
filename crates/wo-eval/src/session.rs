//! One run: videos are judged as they come, and of each only its prediction is kept.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use wo_clip::tch::{Kind, Tensor};
use wo_clip::{Judge, Manifest, set_threads};
use wo_input::{Leftovers, VideoItem};
use wo_record::{Failure, Nearest, Producer, Record, UNCLEAR, Verdict, Video, Writer};

use crate::Args;
use crate::ahead::{Ahead, Ready};
use crate::answers::Answers;
use crate::contact_sheet::ContactSheet;
use crate::findings::{Asked, Findings, Model};
use crate::load::load_judge;
use crate::predict::{Judged, Looks, finds_person, name_of, predict, said_of};
use crate::prediction::{Prediction, Standing};
use crate::robustness::{Wording, wordings};
use crate::spoken::Spoken;
use crate::table::report;
use crate::tally::Tally;
use crate::worst::{Twin, Worst};

/// A run under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    model: String,
    judge: Judge,
    answers: Answers,
    allow_seen: bool,
    asked: Asked,
    /// Whether parts of the pictures are looked at, for the audit.
    looks_at_parts: bool,
    /// The classes in other words, where changes are asked for.
    wordings: Option<Vec<Wording>>,
    writer: Writer<'a>,
    sheet: ContactSheet,
    tally: Tally,
    /// Those that can be right or wrong.
    predictions: Vec<Prediction>,
    video_ids: HashSet<String>,
    /// Videos that are made ready, and what is to be done with each.
    ahead: Ahead<Task>,
    worst: Worst,
    /// Verdicts that wait for the training videos that they are held against, with the features of their evidence.
    waiting: Vec<(Verdict, Tensor)>,
    /// Training videos, where verdicts are held against them.
    trained_on: Vec<TrainedOn>,
}

/// What is to be done with a video.
#[derive(Debug, Clone, Copy)]
enum Task {
    Judge { seen: bool, can_be_scored: bool },
    Remember,
}

/// A training video as the model sees it.
#[derive(Debug)]
struct TrainedOn {
    video: Video,
    /// `[frames, width]`, each of length one.
    features: Tensor,
    /// The index and time of each frame.
    frames: Vec<(u32, Option<f64>)>,
    /// The frames as small JPEGs, where they may be shown.
    pictures: Vec<Vec<u8>>,
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
    /// How many inputs failed.
    pub(crate) n_failed: u64,
}

impl<'a> Session<'a> {
    /// Loads the model and begins the output.
    pub(crate) fn start(
        args: &Args,
        records: &'a mut dyn Write,
        upstream: &[Producer],
    ) -> anyhow::Result<Self> {
        set_threads(args.threads.count());
        let hint = "train one with wo-train, or name one with --model";
        let judge = load_judge(&args.model, &args.device, hint)?;
        let answers = Answers::new(judge.classes());
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
        let ahead = Ahead::start(judge.preprocessor().clone());
        let writer = Writer::begin(
            records,
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            upstream,
        )?;
        Ok(Self {
            model: args.model.display().to_string(),
            judge,
            answers,
            allow_seen: args.allow_seen,
            looks_at_parts: asked.audit || asked.suspects,
            asked,
            wordings,
            writer,
            sheet: ContactSheet::new(n_drawn, args.seed.seed),
            tally: Tally::default(),
            predictions: Vec::new(),
            video_ids: HashSet::new(),
            ahead,
            worst: Worst::new(args.report.is_some()),
            waiting: Vec::new(),
            trained_on: Vec::new(),
        })
    }

    /// Has a video judged, unless it is one that the model has seen or one that came before.
    pub(crate) fn take(&mut self, item: VideoItem) -> anyhow::Result<()> {
        if !self.video_ids.insert(item.video.video_id.clone()) {
            self.tally.n_repeated += 1;
            return Ok(());
        }
        let seen = self.judge.manifest().has_seen(&item.video);
        let can_be_scored = matches!(
            Standing::of(&item.video, &self.answers),
            Standing::Scored { .. }
        );
        if seen && can_be_scored && !self.allow_seen {
            return self.leave_out(item);
        }
        let task = Task::Judge {
            seen,
            can_be_scored,
        };
        self.have_done(item, task)
    }

    fn looks(&self) -> Looks<'_> {
        Looks {
            sights: self.looks_at_parts,
            changes: self.wordings.as_deref(),
        }
    }

    fn have_done(&mut self, item: VideoItem, task: Task) -> anyhow::Result<()> {
        // Of a video that is only remembered nobody asks it.
        let finds = matches!(task, Task::Judge { .. }) && finds_person(&self.judge, self.looks());
        match self.ahead.exchange(item, finds, task)? {
            Some((ready, task)) => self.do_task(ready, task),
            None => Ok(()),
        }
    }

    fn do_task(&mut self, ready: Ready, task: Task) -> anyhow::Result<()> {
        match task {
            Task::Judge {
                seen,
                can_be_scored,
            } => self.judge(ready, seen, can_be_scored),
            Task::Remember => {
                self.remember(&ready);
                Ok(())
            }
        }
    }

    fn judge(&mut self, ready: Ready, seen: bool, can_be_scored: bool) -> anyhow::Result<()> {
        let video = ready.item.video.clone();
        let judged = match predict(ready, &self.judge, &self.answers, seen, self.looks()) {
            Ok(judged) => judged,
            Err(failure) => {
                wo_cli::warn!("{}: {}", name_of(&video), failure.what);
                self.tally.n_failed += 1;
                return Ok(self.writer.failure(failure)?);
            }
        };
        self.tally.n_bad_frames += judged.n_bad_frames;
        self.tally.count(&judged.prediction);
        self.sheet.add(&judged);
        if judged.prediction.standing == Standing::Unlabelled {
            wo_cli::say!("{}", in_words(&name_of(&video), &judged.verdict));
        }
        self.worst.add(&judged);
        let Judged {
            verdict,
            prediction,
            features,
            evidence_idx,
            ..
        } = judged;
        if can_be_scored {
            let record = Record::Prediction(prediction.record(&self.answers));
            self.predictions.push(prediction);
            if self.looks_at_parts {
                let evidence = features.get(evidence_idx as i64).copy();
                self.waiting.push((verdict, evidence));
            } else {
                self.writer.record(&Record::Verdict(verdict))?;
            }
            self.writer.record(&record)?;
        } else {
            self.writer.record(&Record::Verdict(verdict))?;
        }
        Ok(self.writer.flush()?)
    }

    /// A video that the model knows from its own training is passed over. A new one of a group that it knows is refused:
    /// whoever gives it takes it for new.
    fn leave_out(&mut self, item: VideoItem) -> anyhow::Result<()> {
        let video = &item.video;
        let mut known = self.judge.manifest().videos.iter();
        if known.any(|it| it.video_id == video.video_id) {
            self.tally.n_left_out_as_seen += 1;
            if self.looks_at_parts {
                return self.have_done(item, Task::Remember);
            }
            return Ok(());
        }
        self.tally.n_refused += 1;
        let what = format!(
            "the model was trained or chosen on {}; --allow-seen scores it apart",
            wo_record::group_of(video)
        );
        wo_cli::warn!("{}: {what}", name_of(video));
        Ok(self.writer.failure(Failure {
            code: "seen_group".to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: video.path.clone(),
            video_id: Some(video.video_id.clone()),
        })?)
    }

    /// Keeps what the model sees in a training video.
    fn remember(&mut self, ready: &Ready) {
        if !ready.pictures.is_empty() {
            let frames = ready.frames().into_iter().map(|it| &it.frame);
            self.trained_on.push(TrainedOn {
                video: ready.item.video.clone(),
                features: self.judge.features_of_pixels(&ready.pixels),
                frames: frames.map(|it| (it.index, it.pts_ms)).collect(),
                pictures: self.worst.small_pictures(&ready.pictures),
            });
        }
    }

    /// Writes the verdicts that waited, each with the training video of another label that is most like its evidence.
    fn write_waiting(&mut self) -> anyhow::Result<()> {
        for (mut verdict, evidence) in std::mem::take(&mut self.waiting) {
            let said = said_of(&verdict);
            let nearest = self
                .trained_on
                .iter()
                .filter(|it| it.video.exercise.as_ref() == Some(&verdict.exercise))
                .filter(|it| {
                    let label = it.video.label.as_ref();
                    label.is_some_and(|label| label != said && label.as_str() != UNCLEAR)
                })
                .map(|it| {
                    let (place, similarity) = it.most_like(&evidence);
                    (it, place, similarity)
                })
                .reduce(|best, next| if next.2 > best.2 { next } else { best });
            if let Some((video, place, similarity)) = nearest {
                let picture = video.pictures.get(place);
                self.worst.add_twin(&verdict.video_id, || {
                    Some(video.twin(place, similarity, picture?))
                });
                verdict.nearest_other = Some(video.nearest(place, similarity));
            }
            self.writer.record(&Record::Verdict(verdict))?;
        }
        Ok(())
    }

    /// Scores what was judged and ends the output.
    pub(crate) fn finish(mut self, rest: Leftovers) -> anyhow::Result<Finished> {
        while let Some((ready, task)) = self.ahead.next()? {
            self.do_task(ready, task)?;
        }
        self.tally.n_failed_upstream = rest.failures.len() as u64;
        for failure in rest.failures {
            self.writer.failure(failure)?;
        }
        let n_left_out = self.tally.n_left_out_as_seen;
        for warning in self.tally.warnings() {
            wo_cli::warn!("{warning}");
        }
        anyhow::ensure!(
            n_left_out == 0 || self.tally.n_judged() > 0,
            "nothing is left to score: the model was trained or chosen on all labelled videos or their groups\n\
             hint: --allow-seen scores them apart; for an honest figure give it people and sources that it has not seen"
        );
        if self.tally.n_judged() == 0 {
            wo_cli::warn!("there was no video to judge");
        }
        self.write_waiting()?;
        let manifest = self.judge.manifest();
        let model = Model {
            answers: &self.answers,
            trust: manifest.trust.as_ref(),
            learning_curve: manifest.learning_curve.as_ref(),
            videos: &manifest.videos,
        };
        let findings = Findings::of(&self.predictions, model, &self.asked);
        findings.write(&mut self.writer)?;
        self.writer.end()?;
        let table = report(&self.model, &findings, &self.answers.exercises, &self.tally);
        let n_failed = self.tally.n_failed + self.tally.n_bad_frames + rest.n_skipped;
        Ok(Finished {
            table,
            sheet: self.sheet,
            findings,
            worst: self.worst,
            tally: self.tally,
            manifest: Some(self.judge.manifest().clone()),
            n_failed,
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
    let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let mut writer = Writer::begin(records, tool, version, &spoken.upstream)?;
    let mut tally = Tally::default();
    let mut scored = spoken.predictions;
    let n_all = scored.len();
    scored.retain(|it| args.allow_seen || !it.seen);
    tally.n_left_out_as_seen = (n_all - scored.len()) as u64;
    for prediction in &scored {
        tally.count(prediction);
    }
    scored.retain(|it| it.truth().is_some());
    let model = Model {
        answers: &spoken.answers,
        trust: None,
        learning_curve: None,
        videos: &[],
    };
    let findings = Findings::of(&scored, model, &Asked::of(args));
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
        n_failed: 0,
    })
}

impl TrainedOn {
    /// The place of the frame that is most like the evidence, and the cosine of the two.
    fn most_like(&self, evidence: &Tensor) -> (usize, f64) {
        let similarities = self.features.matmul(evidence).to_kind(Kind::Double);
        let place = similarities.argmax(0, false).int64_value(&[]);
        (place as usize, similarities.double_value(&[place]))
    }

    fn nearest(&self, place: usize, similarity: f64) -> Nearest {
        Nearest {
            video_id: self.video.video_id.clone(),
            path: self.video.path.clone(),
            label: self.video.label.clone().unwrap_or_default(),
            index: self.frames.get(place).map_or(0, |(index, _)| *index),
            similarity,
        }
    }

    fn twin(&self, place: usize, similarity: f64, picture: &[u8]) -> Twin {
        Twin {
            name: name_of(&self.video),
            label: self.video.label.clone().unwrap_or_default(),
            pts_ms: self.frames.get(place).and_then(|(_, pts_ms)| *pts_ms),
            picture: picture.to_vec(),
            similarity,
        }
    }
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
