//! Predictions that anything has written: an evaluation without a model.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, ensure};
use wo_cli::{Exit, ExitWith, Reading, open_input};
use wo_record::{
    Group, Name, Prediction as Wire, Producer, Reader, Record, UNCLEAR, Video, group_of,
};

use crate::answers::{Answers, Call, most_probable};
use crate::facts::Facts;
use crate::prediction::{Prediction, Standing};

/// What was read.
#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) answers: Answers,
    pub(crate) predictions: Vec<Prediction>,
    pub(crate) upstream: Vec<Producer>,
}

impl Spoken {
    /// Reads `prediction` records; `video` records of the same stream tell more about the videos. A later prediction of a
    /// video replaces an earlier one.
    pub(crate) fn read(
        path: &Path,
        stdin: &mut dyn BufRead,
        reading: &Reading,
    ) -> anyhow::Result<Self> {
        let (name, mut input) = open_input(Some(path), stdin)?;
        let mut reader = Reader::new(&mut *input, reading.max_line);
        let mut wires: BTreeMap<String, Wire> = BTreeMap::new();
        let mut videos: HashMap<String, Video> = HashMap::new();
        while let Some(line) = reader.next_line().with_context(|| name.clone())? {
            match line.record {
                Ok(Record::Prediction(wire)) => {
                    check(&wire)
                        .with_context(|| format!("{name}:{}", line.number))
                        .exit_with(Exit::Integrity)?;
                    wires.insert(wire.video_id.clone(), wire);
                }
                Ok(Record::Video(video)) => {
                    videos.insert(video.video_id.clone(), video);
                }
                _ => {}
            }
        }
        ensure!(
            !wires.is_empty(),
            "{name} has no prediction record\nhint: wo-train --folds writes them beside the model, wo-eval --output beside verdicts"
        );
        let answers = answers_of(wires.values());
        let predictions = wires
            .into_values()
            .map(|wire| {
                let video = videos.remove(&wire.video_id);
                prediction(wire, video, &answers)
            })
            .collect();
        Ok(Self {
            answers,
            predictions,
            upstream: reader.producers().to_vec(),
        })
    }
}

/// Probabilities are numbers from 0 to 1, and there is at least one.
fn check(wire: &Wire) -> anyhow::Result<()> {
    ensure!(
        !wire.labels.is_empty(),
        "the prediction has no probability of a label"
    );
    for (name, probability) in wire.labels.iter().chain(&wire.exercises) {
        ensure!(
            (0.0..=1.0).contains(probability),
            "the probability of {name} is {probability}; it must lie between 0 and 1"
        );
    }
    Ok(())
}

/// All labels and exercises that are said or true.
pub(crate) fn answers_of<'a>(wires: impl Iterator<Item = &'a Wire> + Clone) -> Answers {
    let labels: BTreeSet<Name> = wires
        .clone()
        .flat_map(|it| it.labels.keys().chain(&it.label))
        .filter(|name| name.as_str() != UNCLEAR)
        .cloned()
        .collect();
    let exercises = wires.flat_map(|it| it.exercises.keys().chain(&it.exercise));
    Answers::of_names(labels, exercises.cloned().collect())
}

pub(crate) fn prediction(wire: Wire, video: Option<Video>, answers: &Answers) -> Prediction {
    let of = |names: &[Name], said: &BTreeMap<Name, f64>| -> Vec<f64> {
        let probability = |name: &Name| said.get(name).copied().unwrap_or(0.0);
        names.iter().map(probability).collect()
    };
    let labels = of(&answers.labels, &wire.labels);
    let exercises = of(&answers.exercises, &wire.exercises);
    let (label, label_probability) = most_probable(labels.iter().copied()).unwrap_or_default();
    let (exercise, exercise_probability) =
        most_probable(exercises.iter().copied()).unwrap_or_default();
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
        standing: Standing::of(&truth, answers),
        call: Call {
            label,
            label_probability,
            exercise,
            exercise_probability,
        },
        frames: Vec::new(),
        calibrated: labels.clone(),
        labels,
        exercises,
        faults: wire.faults,
        said_faults: wire.said_faults,
        fold: wire.fold,
        reasons: Vec::new(),
        facts: Facts::of_record(&video),
        sights: None,
        changed: Vec::new(),
        path: wire.path,
        video_id: wire.video_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> anyhow::Result<Spoken> {
        let begin =
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
        let end = r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#;
        let text = [&[begin], lines, &[end]].concat().join("\n");
        let reading = Reading::default();
        Spoken::read(Path::new("-"), &mut text.as_bytes(), &reading)
    }

    #[test]
    fn predictions_of_anything_are_read() {
        let spoken = read(&[
            r#"{"type":"video","video_id":"a","duration_ms":4000.0,"source_id":"gym"}"#,
            r#"{"type":"prediction","video_id":"a","group":"person:anna","exercise":"squat","label":"bad_form","labels":{"bad_form":0.7,"good_form":0.3}}"#,
            r#"{"type":"prediction","video_id":"b","group":"person:ben","label":"good_form","labels":{"bad_form":0.6,"good_form":0.4},"fold":2}"#,
        ])
        .expect("a stream");
        let [a, b] = &spoken.predictions[..] else {
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
            error.contains(":2") && error.contains("bad_form is 1.7"),
            "{error}"
        );
        let none = format!("{:#}", read(&[]).expect_err("nothing"));
        assert!(none.contains("no prediction record"), "{none}");
    }
}
