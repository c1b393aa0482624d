//! A file of predictions from any source: an evaluation without a model.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use wo_cli::{Error, Exit, ExitWith, Message, OnError, Reading, open_input};
use wo_clip::{Split, SplitVideo};
use wo_input::stream_error;
use wo_record::{
    AbstainReason, Failure, Group, Name, Prediction as Wire, Producer, ReadError, Reader, Record,
    UNCLEAR, Video, code,
};

use crate::input::frame_looks::{FrameLooks, VideoLook};
use crate::judge::facts::Facts;
use crate::judge::label_space::{LabelSpace, TopPrediction};
use crate::judge::prediction::{GroundTruth, Prediction, join_groups};
use crate::judge::provenance::Provenance;

/// A probability that is a sum of others may be this much above 1.
const ROUNDING: f64 = 1e-6;
/// By how much the sum may exceed 1, since some are rounded to two digits.
const ROUNDED: f64 = 0.02;
/// What handmade files often lack.
const ENVELOPE: [&str; 2] = [
    r#"the first line is {"type":"begin","tool":"mine","version":"1","schema":"wo-record","schema_version":1}"#,
    r#"the last line is {"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#,
];

/// What was read.
#[derive(Debug)]
pub(crate) struct PredictionsFile {
    pub(crate) space: LabelSpace,
    pub(crate) predictions: Vec<Prediction>,
    /// Labelled videos of the stream that the model has seen, or has not predicted.
    pub(crate) others: Vec<SplitVideo>,
    pub(crate) upstream: Vec<Producer>,
    /// What to keep in mind with the metrics of the model that predicted, as a code.
    pub(crate) caution: Option<String>,
    /// Lines that were skipped.
    pub(crate) failures: Vec<Failure>,
    /// How many predictions were repeated unchanged.
    pub(crate) n_repeated: u64,
    /// How many count as seen because another prediction of their group does.
    pub(crate) n_of_seen_groups: u64,
}

/// The predictions read so far, each with its line.
#[derive(Debug, Default)]
struct Wires {
    by_id: BTreeMap<String, (Wire, u64)>,
    n_repeated: u64,
}

impl PredictionsFile {
    /// Reads `prediction` records; `video` records of the same stream add fields. Two different predictions of one
    /// video are an error.
    pub(crate) fn read(
        path: &Path,
        stdin: &mut dyn BufRead,
        reading: &Reading,
    ) -> anyhow::Result<Self> {
        Self::read_with(path, stdin, reading, None)
    }

    /// The same, and looks at the images of `frame` records that follow their video.
    // Longer than 60 lines: one loop over a stream, with what each kind of record adds.
    pub(crate) fn read_with(
        path: &Path,
        stdin: &mut dyn BufRead,
        reading: &Reading,
        mut looks: Option<FrameLooks>,
    ) -> anyhow::Result<Self> {
        let (name, mut input) = open_input(Some(path), stdin)?;
        let failures = RefCell::new(Vec::new());
        let skip = |what: String| {
            wo_cli::warn!("{name}: {what}");
            failures.borrow_mut().push(bad_line(path, what));
        };
        let mut reader = Reader::new(&mut *input, reading.max_line);
        let skips = reading.on_error == OnError::Skip;
        if skips {
            reader.skip_bad_lines(|bad| skip(bad.to_string()));
        }
        let mut wires = Wires::default();
        let mut videos: BTreeMap<String, Video> = BTreeMap::new();
        let mut caution = None;
        while let Some(line) = next_line(&mut reader).with_context(|| name.clone())? {
            match line.record {
                Ok(Record::Prediction(wire)) => {
                    let taken = wires.take(wire, line.number);
                    match taken.with_context(|| format!("line {}", line.number)) {
                        Err(error) if skips => skip(format!("{error:#}")),
                        taken => taken
                            .with_context(|| name.clone())
                            .exit_with(Exit::Integrity)?,
                    }
                }
                Ok(Record::Base(base)) => caution = base.caution,
                Ok(Record::Video(video)) => {
                    videos.insert(video.video_id.clone(), video);
                }
                Ok(Record::Frame(frame)) => {
                    if let Some(looks) = &mut looks {
                        looks.take(frame, &videos);
                    }
                }
                _ => {}
            }
        }
        let upstream = reader.producers().to_vec();
        if let Some(lone) = reader.lone_shard() {
            wo_cli::warn!("{name}: these are predictions of shard {lone} alone"; "cat the predictions of all shards");
        }
        drop(reader);
        let Wires { by_id, n_repeated } = wires.or_none_in(&name)?;
        let space = space_of(by_id.values().map(|(wire, _)| wire));
        let mut looked = looks.map_or_else(HashMap::new, |it| it.finish(&videos));
        let of_wire = |(wire, _): (Wire, u64)| {
            let (video, look) = (videos.remove(&wire.video_id), looked.remove(&wire.video_id));
            with_look(prediction(wire, video, &space), look)
        };
        let mut predictions: Vec<Prediction> = by_id.into_values().map(of_wire).collect();
        let n_of_seen_groups = mark_seen_groups(&mut predictions);
        join_groups(&mut predictions);
        Ok(Self {
            others: others(&predictions, &videos, &space),
            space,
            n_of_seen_groups,
            predictions,
            upstream,
            caution,
            failures: failures.into_inner(),
            n_repeated,
        })
    }
}

impl Wires {
    /// Fails without a prediction.
    fn or_none_in(self, name: &str) -> anyhow::Result<Self> {
        wo_cli::ensure!(
            !self.by_id.is_empty(),
            Exit::Integrity,
            "{name} has no prediction record";
            "wo-train --folds writes them beside the model, wo-eval --output beside verdicts"
        );
        Ok(self)
    }

    fn take(&mut self, mut wire: Wire, line: u64) -> anyhow::Result<()> {
        check(&wire)?;
        let probabilities = wire.labels.values_mut().chain(wire.exercises.values_mut());
        for probability in probabilities {
            *probability = probability.min(1.0);
        }
        match self.by_id.get(&wire.video_id) {
            None => {
                self.by_id.insert(wire.video_id.clone(), (wire, line));
            }
            Some((known, _)) if *known == wire => self.n_repeated += 1,
            Some((_, first)) => bail!(
                "the prediction of video {} differs from that of line {first}: one video has one prediction",
                wire.video_id
            ),
        }
        Ok(())
    }
}

/// The next line. If the first line is no record, the error shows how a stream begins.
fn next_line(reader: &mut Reader<'_>) -> anyhow::Result<Option<wo_record::Line>> {
    match reader.next_line() {
        Err(error @ ReadError::Line { .. }) if reader.producers().is_empty() => {
            let message = Message::new(error.to_string()).hints(ENVELOPE);
            Err(Error::new(Exit::Integrity, message).into())
        }
        next => next.map_err(stream_error),
    }
}

fn bad_line(path: &Path, what: String) -> Failure {
    Failure {
        code: code::BAD_LINE.to_owned(),
        what,
        tool: env!("CARGO_PKG_NAME").to_owned(),
        path: Some(path.into()),
        video_id: None,
    }
}

/// A seen video makes all others seen that have a person, a source or a group with it. Returns how many predictions
/// changed.
fn mark_seen_groups(predictions: &mut [Prediction]) -> u64 {
    let seen = predictions.iter().filter(|it| it.seen);
    let seen = seen.flat_map(|it| &it.provenance.joining);
    let seen: BTreeSet<Group> = seen.cloned().collect();
    let mut n_marked = 0;
    for prediction in predictions {
        let mut joining = prediction.provenance.joining.iter();
        if !prediction.seen && joining.any(|key| seen.contains(key)) {
            prediction.seen = true;
            prediction.provenance.is_seen_known = true;
            n_marked += 1;
        }
    }
    n_marked
}

/// Labelled videos that the model has seen, or that have no prediction.
fn others(
    predictions: &[Prediction],
    unpredicted: &BTreeMap<String, Video>,
    space: &LabelSpace,
) -> Vec<SplitVideo> {
    let seen = predictions.iter().filter(|it| it.seen);
    let seen = seen.filter_map(|it| labelled_prediction(it, space));
    let unpredicted = unpredicted.values().filter_map(labelled);
    seen.chain(unpredicted).collect()
}

/// A labelled video, for baselines.
fn labelled(video: &Video) -> Option<SplitVideo> {
    let (exercise, label) = video.exercise.clone().zip(video.label.clone())?;
    let group = Group::of_video_id(&video.video_id);
    Some(SplitVideo {
        duration_ms: video.duration_ms,
        ..SplitVideo::new(&video.video_id, group, Split::Train, exercise, label)
    })
}

/// The same of a prediction.
fn labelled_prediction(prediction: &Prediction, space: &LabelSpace) -> Option<SplitVideo> {
    let record = prediction.record(space);
    labelled(&Video {
        video_id: record.video_id,
        exercise: record.exercise,
        label: record.label,
        duration_ms: prediction.duration_ms,
        ..Video::default()
    })
}

/// Checks that there is a probability, that all are between 0 and 1, and that the sum is at most 1.
fn check(wire: &Wire) -> anyhow::Result<()> {
    ensure!(
        !wire.labels.is_empty(),
        "the prediction has no label probability"
    );
    for (name, probability) in wire.labels.iter().chain(&wire.exercises) {
        ensure!(
            (0.0..=1.0 + ROUNDING).contains(probability),
            "the probability of {name} is {probability}; it must be between 0 and 1"
        );
    }
    for (what, probabilities) in [("labels", &wire.labels), ("exercises", &wire.exercises)] {
        let sum: f64 = probabilities.values().sum();
        ensure!(
            sum <= 1.0 + ROUNDED,
            "the probabilities of {what} add up to {sum:.2}; the sum must be at most 1"
        );
    }
    Ok(())
}

/// All predicted and true labels and exercises. `unclear` is only predicted.
fn space_of<'a>(wires: impl Iterator<Item = &'a Wire> + Clone) -> LabelSpace {
    let is_told = |name: &&Name| name.as_str() != UNCLEAR;
    let labels: BTreeSet<Name> = wires
        .clone()
        .flat_map(|it| {
            let told = it.label.iter().filter(is_told);
            it.labels.keys().chain(told)
        })
        .cloned()
        .collect();
    let exercises = wires.flat_map(|it| it.exercises.keys().chain(&it.exercise));
    LabelSpace::of_names(labels, exercises.cloned().collect())
}

fn with_look(prediction: Prediction, look: Option<VideoLook>) -> Prediction {
    match look {
        Some(VideoLook { facts, regions }) => Prediction {
            facts,
            regions,
            ..prediction
        },
        None => prediction,
    }
}

fn prediction(wire: Wire, video: Option<Video>, space: &LabelSpace) -> Prediction {
    let of = |names: &[Name], predicted: &BTreeMap<Name, f64>| -> Vec<f64> {
        let probability = |name: &Name| predicted.get(name).copied().unwrap_or(0.0);
        names.iter().map(probability).collect()
    };
    let labels = of(&space.labels, &wire.labels);
    let exercises = of(&space.exercises, &wire.exercises);
    let top = TopPrediction::of(&labels, &exercises);
    let says_unclear = space.is_unclear(top.label);
    let provenance = Provenance::of_record(&wire, video.as_ref());
    let group = provenance.first_group().cloned();
    let video = video.unwrap_or_else(|| Video {
        video_id: wire.video_id.clone(),
        exercise: wire.exercise.clone(),
        ..Video::default()
    });
    let truth = Video {
        exercise: wire.exercise.clone(),
        label: wire.label.clone(),
        ..Video::default()
    };
    Prediction {
        group: group.unwrap_or_else(|| Group::of_video_id(&wire.video_id)),
        provenance,
        seen: wire.seen == Some(true),
        duration_ms: video.duration_ms,
        ground_truth: GroundTruth::of(&truth, space),
        top,
        frames: Vec::new(),
        calibrated: labels.clone(),
        labels,
        exercises,
        faults: wire.faults,
        predicted_faults: wire.predicted_faults,
        fold: wire.fold,
        reasons: says_unclear
            .then_some(AbstainReason::SaysUnclear)
            .into_iter()
            .chain(wire.reasons)
            .collect(),
        facts: Facts::of_record(&video),
        regions: None,
        perturbed: Vec::new(),
        path: wire.path,
        video_id: wire.video_id,
    }
}

#[cfg(test)]
mod tests;
