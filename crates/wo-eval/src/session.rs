//! One run: videos are judged as they come, and of each only its prediction is kept.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_clip::{Judge, device_of, read_checkpoint, set_threads};
use wo_input::{Leftovers, VideoItem};
use wo_record::{Producer, Record, Verdict, Writer};

use crate::Args;
use crate::answers::Answers;
use crate::contact_sheet::ContactSheet;
use crate::evaluation::{ALL, Baselines, Evaluation, SEEN, evaluate};
use crate::predict::{name_of, predict};
use crate::prediction::{Prediction, Standing};
use crate::table::report;
use crate::tally::Tally;

/// A run under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    model: String,
    judge: Judge,
    answers: Answers,
    include_seen: bool,
    seed: u64,
    writer: Writer<'a>,
    sheet: ContactSheet,
    tally: Tally,
    /// Those that can be right or wrong.
    predictions: Vec<Prediction>,
    video_ids: HashSet<String>,
}

/// What is left of a run that came to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The report for people.
    pub(crate) table: String,
    /// The contact sheet, not yet drawn.
    pub(crate) sheet: ContactSheet,
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
        let judge = load_judge(args)?;
        let answers = Answers::new(judge.classes());
        let n_drawn = args
            .contact_sheet
            .as_ref()
            .map_or(0, |_| usize::from(args.contact_videos));
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
            include_seen: args.include_seen,
            seed: args.seed.seed,
            writer,
            sheet: ContactSheet::new(n_drawn, args.seed.seed),
            tally: Tally::default(),
            predictions: Vec::new(),
            video_ids: HashSet::new(),
        })
    }

    /// Judges a video, unless it is one that the model has seen or one that came before.
    pub(crate) fn judge(&mut self, item: &VideoItem) -> anyhow::Result<()> {
        if !self.video_ids.insert(item.video.video_id.clone()) {
            self.tally.n_repeated += 1;
            return Ok(());
        }
        let seen = self.judge.manifest().has_seen(&item.video);
        let can_be_scored = matches!(
            Standing::of(&item.video, &self.answers),
            Standing::Scored { .. }
        );
        if seen && can_be_scored && !self.include_seen {
            self.tally.n_left_out_as_seen += 1;
            return Ok(());
        }
        let judged = match predict(item, &self.judge, &self.answers, seen) {
            Ok(judged) => judged,
            Err(failure) => {
                wo_cli::warn!("{}: {}", name_of(&item.video), failure.what);
                self.tally.n_failed += 1;
                return Ok(self.writer.failure(failure)?);
            }
        };
        self.tally.n_bad_frames += judged.n_bad_frames;
        self.tally.count(&judged.prediction);
        self.sheet.add(&judged);
        if judged.prediction.standing == Standing::Unlabelled {
            wo_cli::say!("{}", in_words(&name_of(&item.video), &judged.verdict));
        }
        if can_be_scored {
            self.predictions.push(judged.prediction);
        }
        self.writer.record(&Record::Verdict(judged.verdict))?;
        Ok(self.writer.flush()?)
    }

    /// Scores what was judged and ends the output.
    pub(crate) fn finish(mut self, rest: Leftovers) -> anyhow::Result<Finished> {
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
             hint: --include-seen scores them apart; for an honest figure give it people and sources that it has not seen"
        );
        if self.tally.n_judged() == 0 {
            wo_cli::warn!("there was no video to judge");
        }
        let baselines = Baselines::fit(&self.judge.manifest().videos, &self.answers);
        let (seen, held_out): (Vec<&Prediction>, Vec<&Prediction>) =
            self.predictions.iter().partition(|p| p.seen);
        let held_out = evaluate(&held_out, &self.answers, &baselines, ALL, self.seed);
        let seen = evaluate(&seen, &self.answers, &baselines, SEEN, self.seed);
        for Evaluation { scores, confusions } in [&held_out, &seen] {
            for score in scores {
                self.writer.record(&Record::Score(score.clone()))?;
            }
            for confusion in confusions {
                self.writer.record(&Record::Confusion(confusion.clone()))?;
            }
        }
        self.writer.end()?;
        let table = report(
            &self.model,
            &held_out,
            &seen,
            &self.answers.exercises,
            &self.tally,
        );
        let n_failed = self.tally.n_failed + self.tally.n_bad_frames + rest.n_skipped;
        Ok(Finished {
            table,
            sheet: self.sheet,
            n_failed,
        })
    }
}

fn load_judge(args: &Args) -> anyhow::Result<Judge> {
    let model: &Path = &args.model;
    std::fs::metadata(model)
        .with_context(|| {
            format!(
                "open the model {} (hint: train one with wo-train, or name one with --model)",
                model.display()
            )
        })
        .exit_with(Exit::Io)?;
    let device = device_of(&args.device)
        .map_err(anyhow::Error::msg)
        .exit_with(Exit::Environment)?;
    set_threads(args.threads.count());
    let load = || Judge::new(&read_checkpoint(model)?, device);
    // An early end of a model's file is an I/O error to those who read it, and a corrupt model to us.
    load()
        .with_context(|| format!("load the model {}", model.display()))
        .exit_with(Exit::Integrity)
}

/// `new_video.mp4: bad_form 0.93 (squat 0.99; knees_cave; most telling frame at 3.2 s)`.
fn in_words(name: &str, verdict: &Verdict) -> String {
    let mut details = vec![format!(
        "{} {:.2}",
        verdict.exercise, verdict.exercise_probability
    )];
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
