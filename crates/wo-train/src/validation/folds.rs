//! Cross-validation: each group is judged by a model that has not seen it. This gives an honest metric for the recipe,
//! and a held-out prediction for each video.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};
use wo_cli::{Exit, ExitWith};
use wo_clip::{Class, Split};
use wo_record::{Group, Name, Prediction, Record, Writer};

use crate::data::captions;
use crate::data::dataset::{Dataset, Example};
use crate::data::split::{Candidate, fold_groups};
use crate::fit::{fit, judge_with};
use crate::run::Run;
use crate::validation::baselines::{Baselines, Comparison};
use crate::validation::metrics::Probabilities;

/// The result of all folds.
pub(crate) struct OutOfFold {
    /// For each judged video, in the order of the input.
    pub(crate) predictions: Vec<Prediction>,
    pub(crate) comparison: Comparison,
}

/// The result of one fold, as stored for resuming.
#[derive(Serialize, Deserialize)]
struct Fold {
    fingerprint: String,
    predictions: Vec<Prediction>,
    baselines: Baselines,
    /// Indices of the predicted labels.
    #[serde(alias = "said")]
    predicted: Vec<usize>,
}

impl Fold {
    /// One that an earlier run has stored, if it can be read.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let mut file = AtomicWriteFile::open(path)?;
        serde_json::to_writer(&mut file, self)?;
        file.commit()
    }
}

/// Trains `n_folds` models. Each is judged on one fold, chosen on the next, and trained on the others. The test split
/// of `dataset` is in no fold.
pub(crate) fn cross_validate(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    n_folds: u32,
    snapshots: &Path,
) -> anyhow::Result<OutOfFold> {
    let fold_of = folds_of(dataset, n_folds, run.hyper.seed)?;
    let mut all: Option<(Baselines, Vec<usize>)> = None;
    let mut predictions = BTreeMap::new();
    for number in 1..=n_folds {
        let fold = fit_one(run, dataset, &fold_of, number, n_folds, snapshots)?;
        for prediction in fold.predictions {
            predictions.insert(prediction.video_id.clone(), prediction);
        }
        all = Some(match all {
            None => (fold.baselines, fold.predicted),
            Some((baselines, predicted)) => (
                baselines.and(fold.baselines),
                [predicted, fold.predicted].concat(),
            ),
        });
    }
    let (baselines, predicted) = all.context("no folds")?;
    let in_order = dataset
        .examples
        .iter()
        .filter_map(|it| predictions.remove(&it.video.video_id));
    let predictions = in_order.collect();
    let comparison = baselines.comparison(&predicted, "out_of_fold");
    wo_cli::say!(
        "{n_folds} folds: balanced accuracy of form {}; {}",
        comparison.balanced_accuracy(),
        comparison.words
    );
    Ok(OutOfFold {
        predictions,
        comparison,
    })
}

/// The fold of each group.
fn folds_of(dataset: &Dataset, n_folds: u32, seed: u64) -> anyhow::Result<BTreeMap<Group, u32>> {
    let used = dataset
        .examples
        .iter()
        .filter(|it| !it.is_part && it.video.split != Split::Test);
    let candidates: Vec<Candidate> = used
        .map(|example| Candidate {
            group: example.video.group.clone(),
            exercise: example.video.exercise.clone(),
            label: example.video.label.clone(),
        })
        .collect();
    let folds = fold_groups(&candidates, n_folds, seed);
    dataset.grouping.explained(folds)
}

/// Trains without fold `number`, and judges it. Takes the result from an interrupted run where there is one.
fn fit_one(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    fold_of: &BTreeMap<Group, u32>,
    number: u32,
    n_folds: u32,
    snapshots: &Path,
) -> anyhow::Result<Fold> {
    let chosen_by = number % n_folds + 1;
    let split_of = |example: &Example| match fold_of.get(&example.video.group) {
        Some(fold) if *fold == number => Split::Test,
        // Two folds leave none to choose on.
        Some(fold) if *fold == chosen_by && n_folds > 2 => Split::Validation,
        Some(_) => Split::Train,
        None => Split::Test,
    };
    let mut part = dataset.resplit(split_of)?;
    captions::settle(&mut part, &run.checkpoint.tokenizer)
        .with_context(|| format!("fold {number} of {n_folds}"))
        .exit_or(Exit::Integrity)?;
    let fingerprint = format!(
        "{} {}",
        part.fingerprint(),
        serde_json::to_string(run.hyper)?
    );
    let path = snapshots.join(format!("fold-{number}.json"));
    if let Some(fold) = Fold::read(&path).filter(|fold| fold.fingerprint == fingerprint) {
        wo_cli::say!("fold {number} of {n_folds}: taken from the interrupted run");
        return Ok(fold);
    }
    wo_cli::say!("fold {number} of {n_folds}");
    let test: Vec<&Example> = part
        .of(Split::Test)
        .into_iter()
        .filter(|it| fold_of.contains_key(&it.video.group))
        .collect();
    let fitted = fit(run, &part, &snapshots.join(format!("fold-{number}")))?;
    let judged = judge_with(run, &fitted, &part, &test)?;
    let (vs, clip) = run.build()?;
    let base = run.base_features(&vs, &clip, &part, &test)?;
    let baselines = Baselines::of(&part, &test, &base, run.hyper);
    let fold = Fold {
        fingerprint,
        predicted: baselines.predicted(&part, &judged),
        predictions: test
            .iter()
            .zip(&judged)
            .map(|(example, judged)| prediction(example, &part, judged, number))
            .collect(),
        baselines,
    };
    fold.write(&path)
        .with_context(|| format!("write {}", path.display()))?;
    Ok(fold)
}

fn prediction(example: &Example, part: &Dataset, judged: &Probabilities, fold: u32) -> Prediction {
    let (classes, video) = (&part.classes, &example.video);
    let keys = part.grouping.by.joining(&video.keys, &video.video_id);
    let is_seen = |key: &&Group| {
        let mut seen = part.examples.iter().filter(|it| it.video.is_seen());
        !keys.contains(key) && seen.any(|it| it.video.keys.contains(key))
    };
    let sums = |name: fn(&Class) -> &Name| {
        let mut sums: BTreeMap<Name, f64> = BTreeMap::new();
        for (class, probability) in classes.iter().zip(judged) {
            *sums.entry(name(class).clone()).or_default() += probability;
        }
        sums
    };
    let (labels, exercises) = (sums(|class| &class.label), sums(|class| &class.exercise));
    let most = |sums: &BTreeMap<Name, f64>| {
        let most = sums.iter().max_by(|a, b| a.1.total_cmp(b.1));
        most.map(|(name, _)| name.clone())
    };
    let top = most(&exercises).zip(most(&labels));
    let predicted_faults =
        top.map(|(exercise, label)| Class::faults_of(classes, judged, &exercise, &label).to_vec());
    Prediction {
        video_id: example.video.video_id.clone(),
        path: example.path.clone(),
        group: example.video.group.to_string(),
        seen_keys: video.keys.iter().filter(is_seen).cloned().collect(),
        exercise: Some(example.video.exercise.clone()),
        label: Some(example.video.label.clone()),
        labels,
        exercises,
        faults: example.class.faults.clone(),
        predicted_faults: predicted_faults.unwrap_or_default(),
        fold: Some(fold),
        seen: Some(false),
        keys,
    }
}

/// The predictions as a stream of records.
pub(crate) fn stream(predictions: &[Prediction]) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, crate::TOOL, crate::VERSION, &[])?;
    for prediction in predictions {
        writer.record(&Record::Prediction(prediction.clone()))?;
    }
    writer.end()?;
    String::from_utf8(bytes).context("records are text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_of_an_older_version_is_read() {
        let older = r#"{
            "fingerprint": "f", "predictions": [], "said": [1],
            "baselines": {
                "cases": [{"group": "person:anna", "truth": 1}], "labels": ["bad_form", "good_form"],
                "all": [{"name": "majority", "words": "always the same answer", "said": [0]}], "seed": 0
            }
        }"#;
        let fold: Fold = serde_json::from_str(older).expect("an older fold");
        assert_eq!(fold.predicted, [1]);
        let comparison = fold.baselines.comparison(&fold.predicted, "out_of_fold");
        assert_eq!(comparison.scores.len(), 2);
    }
}
