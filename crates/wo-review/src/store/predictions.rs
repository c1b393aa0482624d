//! What a model predicts for the videos of the folder, as `wo-eval` and `wo-train --folds` write it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use wo_cli::{Exit, bail, count, shell_word, verb};
use wo_record::{Name, Prediction, Record, Verdict};

use super::stream::for_each_record;
use crate::folder::Folder;

/// The prediction for one video.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicted {
    /// The most probable label.
    pub(crate) label: Name,
    /// How far it is from the threshold at which another label would be predicted: 0 where two labels are as probable, 1
    /// where one is certain.
    pub(crate) distance: f64,
    /// The most probable exercise.
    pub(crate) exercise: Option<Name>,
}

/// The predictions of a file.
#[derive(Debug, Default)]
pub(crate) struct Predictions {
    is_given: bool,
    by_video: HashMap<u32, Predicted>,
    /// By video: the index of the frame that speaks most for the predicted label.
    evidence: HashMap<u32, u32>,
}

/// What a file says, by the ids of videos.
#[derive(Debug, Default)]
struct Read {
    predicted: HashMap<String, Predicted>,
    evidence: HashMap<String, u32>,
    /// Videos with a `prediction` record, which says more than a `verdict`.
    full: HashSet<String>,
}

impl Predictions {
    /// Reads a stream of `prediction` and `verdict` records. Fails if none is about a video of the folder.
    pub(crate) fn read(path: &Path, folder: &Folder) -> anyhow::Result<Self> {
        let mut read = Read::default();
        for_each_record(path, &mut |record| read.take(record))?;
        let n_read = read.predicted.len();
        let by_number = |id: &String| folder.video_number_of(id);
        let by_video: HashMap<u32, Predicted> = read
            .predicted
            .into_iter()
            .filter_map(|(id, predicted)| Some((by_number(&id)?, predicted)))
            .collect();
        let predictions = Self {
            is_given: true,
            by_video,
            evidence: read
                .evidence
                .into_iter()
                .filter_map(|(id, index)| Some((by_number(&id)?, index)))
                .collect(),
        };
        predictions.tell(path, folder, n_read)?;
        Ok(predictions)
    }

    /// Whether a file was given.
    pub(crate) fn is_given(&self) -> bool {
        self.is_given
    }

    /// The prediction for a video, by its number.
    pub(crate) fn of_video(&self, video: u32) -> Option<&Predicted> {
        self.by_video.get(&video)
    }

    /// The index of the frame of a video that speaks most for the predicted label.
    pub(crate) fn evidence(&self, video: u32) -> Option<u32> {
        self.evidence.get(&video).copied()
    }

    /// Says which predictions and videos do not match.
    fn tell(&self, path: &Path, folder: &Folder, n_read: usize) -> anyhow::Result<()> {
        let (file, dir) = (path.display(), folder.dir.display());
        let cure = format!(
            "wo-eval --model MODEL --data-dir {} --output {} predicts the videos of this folder",
            shell_word(&folder.dir),
            shell_word(path)
        );
        let n_met = self.by_video.len();
        if n_read == 0 {
            bail!(Exit::Usage, "{file} has no predictions: neither `prediction` nor `verdict` records"; "{cure}");
        }
        if n_met == 0 {
            bail!(Exit::Usage, "none of the {} in {file} is about a video of {dir}", count(n_read, "prediction"); "{cure}");
        }
        if n_met < n_read {
            let n = n_read - n_met;
            wo_cli::warn!(
                "{n} of {} in {file} {} about videos that are not in {dir}", count(n_read, "prediction"), verb(n, "is", "are");
                "{cure}"
            );
        }
        let n_videos = folder.videos.len();
        if n_met < n_videos {
            let n = n_videos - n_met;
            wo_cli::warn!(
                "{n} of {} in {dir} {} no prediction in {file} and {} last in the queue", count(n_videos, "video"),
                verb(n, "has", "have"), verb(n, "comes", "come");
                "{cure}, but for those that MODEL was trained on"
            );
        }
        Ok(())
    }
}

impl Read {
    fn take(&mut self, record: Record) {
        match record {
            Record::Prediction(prediction) => {
                if let Some(predicted) = of_prediction(&prediction) {
                    self.full.insert(prediction.video_id.clone());
                    self.predicted.insert(prediction.video_id, predicted);
                }
            }
            Record::Verdict(verdict) => {
                self.evidence
                    .insert(verdict.video_id.clone(), verdict.evidence.index);
                if !self.full.contains(&verdict.video_id) {
                    let predicted = of_verdict(&verdict);
                    self.predicted.insert(verdict.video_id, predicted);
                }
            }
            _ => {}
        }
    }
}

fn of_prediction(prediction: &Prediction) -> Option<Predicted> {
    let labels = prediction.labels.iter();
    let (label, best) = labels.max_by(|one, other| one.1.total_cmp(other.1))?;
    let others = prediction.labels.iter().filter(|(name, _)| *name != label);
    // What the labels leave of 1 is the probability of one that is not named.
    let unnamed = 1.0 - prediction.labels.values().sum::<f64>();
    let second = others.map(|(_, it)| *it).fold(unnamed, f64::max);
    let exercises = prediction.exercises.iter();
    let exercise = exercises.max_by(|one, other| one.1.total_cmp(other.1));
    Some(Predicted {
        label: label.clone(),
        distance: (best - second).clamp(0.0, 1.0),
        exercise: exercise.map(|(name, _)| name.clone()),
    })
}

/// A verdict has the probability of one label; the rest is taken for that of another one.
fn of_verdict(verdict: &Verdict) -> Predicted {
    Predicted {
        label: verdict
            .leaning
            .clone()
            .unwrap_or_else(|| verdict.label.clone()),
        distance: (2.0 * verdict.probability - 1.0).clamp(0.0, 1.0),
        exercise: Some(verdict.exercise.clone()).filter(|name| !name.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn prediction(labels: &[(&str, f64)]) -> Prediction {
        let labels = labels.iter().map(|(name, it)| (Name::new(name), *it));
        Prediction {
            video_id: "v".into(),
            labels: labels.collect(),
            exercises: BTreeMap::from([("row".into(), 0.3), ("squat".into(), 0.7)]),
            ..Prediction::default()
        }
    }

    fn verdict(label: &str, leaning: Option<&str>, probability: f64) -> Verdict {
        let mut verdict = Verdict {
            video_id: "v".into(),
            label: label.into(),
            leaning: leaning.map(Into::into),
            probability,
            exercise: "squat".into(),
            ..Verdict::default()
        };
        verdict.evidence.index = 5;
        verdict
    }

    #[test]
    fn the_distance_is_that_of_the_two_most_probable_labels() {
        let check = |labels: &[(&str, f64)], label: &str, distance: f64| {
            let predicted = of_prediction(&prediction(labels)).expect("there are labels");
            assert_eq!(predicted.label.as_str(), label);
            assert!(
                (predicted.distance - distance).abs() < 1e-9,
                "{predicted:?}"
            );
            assert_eq!(predicted.exercise, Some("squat".into()));
        };
        check(&[("bad_form", 0.5), ("good_form", 0.5)], "good_form", 0.0);
        check(&[("bad_form", 0.9), ("good_form", 0.1)], "bad_form", 0.8);
        check(
            &[("bad_form", 0.4), ("good_form", 0.25), ("unclear", 0.35)],
            "bad_form",
            0.05,
        );
        check(&[("bad_form", 0.7)], "bad_form", 0.4);
        check(&[("bad_form", 7.0)], "bad_form", 1.0);
        assert_eq!(of_prediction(&prediction(&[])), None);
    }

    #[test]
    fn a_verdict_counts_where_there_is_no_prediction() {
        let mut read = Read::default();
        read.take(Record::Verdict(verdict("unclear", Some("bad_form"), 0.6)));
        let predicted = read.predicted["v"].clone();
        assert_eq!(predicted.label.as_str(), "bad_form");
        assert!((predicted.distance - 0.2).abs() < 1e-9);
        read.take(Record::Prediction(prediction(&[("good_form", 0.9)])));
        read.take(Record::Verdict(verdict("bad_form", None, 0.99)));
        assert_eq!(read.predicted["v"].label.as_str(), "good_form");
        assert_eq!(read.evidence["v"], 5);
    }
}
