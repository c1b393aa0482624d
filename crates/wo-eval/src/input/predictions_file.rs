//! A file of predictions from any source: an evaluation without a model.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use wo_cli::{Exit, ExitWith, OnError, Reading, open_input};
use wo_record::{
    AbstainReason, Failure, Group, Name, Prediction as Wire, Producer, ReadError, Reader, Record,
    UNCLEAR, Video, code, group_of,
};

use crate::judge::facts::Facts;
use crate::judge::label_space::{LabelSpace, TopPrediction};
use crate::judge::prediction::{GroundTruth, Prediction};

/// A probability that is a sum of others may be this much above 1.
const ROUNDING: f64 = 1e-6;
/// By how much the sum may exceed 1, since some are rounded to two digits.
const ROUNDED: f64 = 0.02;
/// What handmade files often lack.
const ENVELOPE: &str = r#"hint: the first line is {"type":"begin","tool":"mine","version":"1","schema":"wo-record","schema_version":1}
hint: the last line is {"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#;

/// What was read.
#[derive(Debug)]
pub(crate) struct PredictionsFile {
    pub(crate) space: LabelSpace,
    pub(crate) predictions: Vec<Prediction>,
    pub(crate) upstream: Vec<Producer>,
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
        let mut videos: HashMap<String, Video> = HashMap::new();
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
                Ok(Record::Video(video)) => {
                    videos.insert(video.video_id.clone(), video);
                }
                _ => {}
            }
        }
        let upstream = reader.producers().to_vec();
        drop(reader);
        let Wires { by_id, n_repeated } = wires;
        if by_id.is_empty() {
            wo_cli::bail!(
                Exit::Integrity,
                "{name} has no prediction record";
                "wo-train --folds writes them beside the model, wo-eval --output beside verdicts"
            );
        }
        let space = space_of(by_id.values().map(|(wire, _)| wire));
        let mut predictions: Vec<Prediction> = by_id
            .into_values()
            .map(|(wire, _)| {
                let video = videos.remove(&wire.video_id);
                prediction(wire, video, &space)
            })
            .collect();
        Ok(Self {
            space,
            n_of_seen_groups: mark_seen_groups(&mut predictions),
            predictions,
            upstream,
            failures: failures.into_inner(),
            n_repeated,
        })
    }
}

impl Wires {
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
    reader.next_line().map_err(|error| match error {
        ReadError::Line { .. } if reader.producers().is_empty() => anyhow!("{error}\n{ENVELOPE}"),
        error => error.into(),
    })
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

/// A seen video makes its whole group seen. Returns how many predictions changed.
fn mark_seen_groups(predictions: &mut [Prediction]) -> u64 {
    let seen = predictions.iter().filter(|it| it.seen);
    let seen: BTreeSet<Group> = seen.map(|it| it.group.clone()).collect();
    let mut n_marked = 0;
    for prediction in predictions {
        if !prediction.seen && seen.contains(&prediction.group) {
            prediction.seen = true;
            n_marked += 1;
        }
    }
    n_marked
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

fn prediction(wire: Wire, video: Option<Video>, space: &LabelSpace) -> Prediction {
    let of = |names: &[Name], predicted: &BTreeMap<Name, f64>| -> Vec<f64> {
        let probability = |name: &Name| predicted.get(name).copied().unwrap_or(0.0);
        names.iter().map(probability).collect()
    };
    let labels = of(&space.labels, &wire.labels);
    let exercises = of(&space.exercises, &wire.exercises);
    let top = TopPrediction::of(&labels, &exercises);
    let says_unclear = space.is_unclear(top.label);
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
    let group = match wire.group.as_str() {
        "" => group_of(&video),
        group => Group::of_text(group),
    };
    Prediction {
        has_group_key: !group.as_str().starts_with("video:"),
        group,
        seen: wire.seen,
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
            .collect(),
        facts: Facts::of_record(&video),
        regions: None,
        perturbed: Vec::new(),
        path: wire.path,
        video_id: wire.video_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> anyhow::Result<PredictionsFile> {
        let begin =
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
        let end = r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#;
        let text = [&[begin], lines, &[end]].concat().join("\n");
        let reading = Reading::default();
        PredictionsFile::read(Path::new("-"), &mut text.as_bytes(), &reading)
    }

    #[test]
    fn predictions_of_anything_are_read() {
        let file = read(&[
            r#"{"type":"video","video_id":"a","duration_ms":4000.0,"source_id":"gym"}"#,
            r#"{"type":"prediction","video_id":"a","group":"person:anna","exercise":"squat","label":"bad_form","labels":{"bad_form":0.7,"good_form":0.3}}"#,
            r#"{"type":"prediction","video_id":"b","group":"person:ben","label":"good_form","labels":{"bad_form":0.6,"good_form":0.4},"fold":2}"#,
        ])
        .expect("a stream");
        let [a, b] = &file.predictions[..] else {
            panic!("two predictions");
        };
        assert_eq!((a.is_right(), b.is_right()), (Some(true), Some(false)));
        assert_eq!(a.duration_ms, Some(4000.0));
        assert_eq!(
            a.facts.fields.get("source_id").map(String::as_str),
            Some("gym")
        );
        assert_eq!((b.group.as_str(), b.fold), ("person:ben", Some(2)));
    }

    #[test]
    fn what_is_no_probability_is_refused_by_its_line() {
        let error =
            read(&[r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":1.7}}"#]);
        let error = format!("{:#}", error.expect_err("1.7"));
        assert!(
            error.contains("line 2") && error.contains("bad_form is 1.7"),
            "{error}"
        );
        // A sum of probabilities may be rounded up.
        let one = r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":1.0000000000000002}}"#;
        assert!(read(&[one]).is_ok());
        let none = format!("{:#}", read(&[]).expect_err("nothing"));
        assert!(none.contains("no prediction record"), "{none}");
    }

    #[test]
    fn unclear_is_an_answer_where_it_is_the_most_probable() {
        let file = read(&[
            r#"{"type":"prediction","video_id":"a","group":"","label":"bad_form","labels":{"unclear":1.0}}"#,
            r#"{"type":"prediction","video_id":"b","group":"","label":"bad_form","labels":{"bad_form":0.6,"good_form":0.1,"unclear":0.3}}"#,
            r#"{"type":"prediction","video_id":"c","group":"","label":"unclear","labels":{"good_form":0.9}}"#,
        ])
        .expect("a stream");
        let [a, b, c] = &file.predictions[..] else {
            panic!("three predictions");
        };
        assert_eq!(file.space.labels.last().map(Name::as_str), Some(UNCLEAR));
        assert_eq!(file.space.n_true_labels(), 2);
        assert_eq!((a.says_unclear(), a.is_right()), (true, Some(false)));
        assert_eq!((b.says_unclear(), b.is_right()), (false, Some(true)));
        assert_eq!(
            (b.confidence(), &c.ground_truth),
            (0.6, &GroundTruth::Unclear)
        );
    }

    #[test]
    fn an_exercise_that_was_not_asked_for_is_not_said() {
        let file = read(&[
            r#"{"type":"prediction","video_id":"a","group":"","exercise":"squat","label":"bad_form","labels":{"bad_form":1.0}}"#,
            r#"{"type":"prediction","video_id":"b","group":"","exercise":"squat","label":"bad_form","labels":{"bad_form":1.0},"exercises":{"row":1.0}}"#,
        ])
        .expect("a stream");
        let predicted: Vec<_> = file
            .predictions
            .iter()
            .map(Prediction::predicted_exercise)
            .collect();
        assert_eq!(predicted, [None, Some(0)]);
    }

    #[test]
    fn one_video_has_one_prediction() {
        let line = |good: f64| {
            format!(
                r#"{{"type":"prediction","video_id":"a","group":"","labels":{{"good_form":{good}}}}}"#
            )
        };
        let same = read(&[&line(0.7), &line(0.7)]).expect("the same twice");
        assert_eq!((same.predictions.len(), same.n_repeated), (1, 1));
        let error = format!(
            "{:#}",
            read(&[&line(0.7), &line(0.3)]).expect_err("another")
        );
        assert!(
            error.contains("line 3: the prediction of video a differs from that of line 2"),
            "{error}"
        );
    }

    #[test]
    fn probabilities_are_no_more_than_one_together() {
        let line = r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":0.9,"good_form":0.95}}"#;
        let error = format!("{:#}", read(&[line]).expect_err("1.85"));
        assert!(error.contains("labels add up to 1.85"), "{error}");
    }

    #[test]
    fn a_group_that_was_seen_was_seen_as_a_whole() {
        let line = |id: &str, group: &str, seen: bool| {
            format!(
                r#"{{"type":"prediction","video_id":"{id}","group":"{group}","seen":{seen},"labels":{{"good_form":1.0}}}}"#
            )
        };
        let lines = [
            line("a", "person:x", true),
            line("b", "person:x", false),
            line("c", "person:y", false),
        ];
        let file = read(&lines.each_ref().map(String::as_str)).expect("a stream");
        let seen: Vec<bool> = file.predictions.iter().map(|it| it.seen).collect();
        assert_eq!((seen, file.n_of_seen_groups), (vec![true, true, false], 1));
    }

    #[test]
    fn who_leaves_the_first_line_out_is_told_what_it_is() {
        let line = br#"{"type":"prediction","video_id":"a","group":"","labels":{"good_form":1.0}}"#;
        let read = PredictionsFile::read(Path::new("-"), &mut &line[..], &Reading::default());
        let error = format!("{:#}", read.expect_err("no begin"));
        assert!(
            error.contains(r#"hint: the first line is {"type":"begin""#),
            "{error}"
        );
        let begin = ENVELOPE.lines().filter_map(|line| line.split_once(" is "));
        assert!(
            begin
                .into_iter()
                .all(|(_, line)| Record::parse(line).is_ok_and(|it| it.is_ok()))
        );
    }
}
