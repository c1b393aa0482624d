//! Cross-validation: each group is judged by a model that has not seen it. This gives an honest metric for the recipe,
//! and a held-out prediction for each video.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};
use wo_clip::Class;
use wo_record::{Base, Group, Name, Prediction, Record, Writer};

use crate::data::dataset::{Dataset, Example};
use crate::fit::{fit, judge_with};
use crate::run::Run;
use crate::trainer::snapshot::hash_of;
use crate::validation::baselines::{Baselines, Comparison};
use crate::validation::fold_plan::{FoldPlan, FoldSource};
use crate::validation::metrics::{Probabilities, sum};

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
        serde_json::from_slice(&wo_cli::read_bytes(path).ok()?).ok()
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let mut file = AtomicWriteFile::open(path)?;
        serde_json::to_writer(&mut file, self)?;
        file.commit()
    }
}

/// Trains a model for each fold on the others. The test split of the dataset is in no fold.
pub(crate) fn cross_validate(
    run: &mut Run<'_, '_>,
    source: FoldSource<'_>,
    plan: &FoldPlan,
    snapshots: &Path,
) -> anyhow::Result<OutOfFold> {
    let n_folds = plan.n_folds();
    let mut all: Option<(Baselines, Vec<usize>)> = None;
    let mut predictions = BTreeMap::new();
    for number in 1..=n_folds {
        let fold = fit_one(run, source, plan, number, snapshots)?;
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
    let examples = source.dataset.examples.iter();
    let in_order = examples.filter_map(|it| predictions.remove(&it.video.video_id));
    let predictions = in_order.collect();
    let comparison = baselines.comparison(&predicted, "out_of_fold");
    run.say_metric(&format!(
        "{n_folds} folds: balanced accuracy of form {}; {}",
        comparison.balanced_accuracy(),
        comparison.words
    ));
    Ok(OutOfFold {
        predictions,
        comparison,
    })
}

/// Trains without fold `number`, and judges it. Takes the result from an interrupted run where there is one.
fn fit_one(
    run: &mut Run<'_, '_>,
    source: FoldSource<'_>,
    plan: &FoldPlan,
    number: u32,
    snapshots: &Path,
) -> anyhow::Result<Fold> {
    let n_folds = plan.n_folds();
    let part = source.part(plan, number)?;
    let (vs, clip) = run.build()?;
    let fingerprint = format!(
        "{} {} {} {}",
        crate::VERSION,
        hash_of(&vs),
        part.fingerprint(),
        serde_json::to_string(run.hyper)?
    );
    let path = snapshots.join(format!("fold-{number}.json"));
    let known = || Fold::read(&path).filter(|fold| fold.fingerprint == fingerprint);
    if let Some(fold) = run.group.from_first(|| Ok(known()))? {
        wo_cli::say!("fold {number} of {n_folds}: taken from the interrupted run");
        return Ok(fold);
    }
    run.check_stop(&format!("before fold {number} of {n_folds}"))?;
    wo_cli::say!("fold {number} of {n_folds}");
    let test = plan.judged(&part, number);
    let fitted = fit(run, &part, &snapshots.join(format!("fold-{number}")))?;
    let judged = judge_with(run, &fitted, &part, &test)?;
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
    if run.group.is_first() {
        fold.write(&path)
            .with_context(|| format!("write {}", path.display()))?;
    }
    Ok(fold)
}

fn prediction(example: &Example, part: &Dataset, judged: &Probabilities, fold: u32) -> Prediction {
    let (classes, video) = (&part.classes, &example.video);
    let joining = part.grouping.by.joining(&video.keys, &video.video_id);
    let is_seen = |key: &&Group| {
        let mut seen = part.examples.iter().filter(|it| it.video.is_seen());
        !joining.contains(key) && seen.any(|it| it.video.keys.contains(key))
    };
    let sums = |name| sums(classes, judged, name);
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
        reasons: Vec::new(),
        keys: video.keys.clone(),
        joining,
    }
}

/// The probability of each label, or of each exercise.
fn sums(
    classes: &[Class],
    judged: &Probabilities,
    name: fn(&Class) -> &Name,
) -> BTreeMap<Name, f64> {
    let names = classes.iter().map(name);
    let sum = |it: &Name| sum(classes, judged, |class| name(class) == it);
    names.map(|it| (it.clone(), sum(it))).collect()
}

/// The predictions as a stream of records.
pub(crate) fn stream(base: &Base, predictions: &[Prediction]) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, crate::TOOL, crate::VERSION, &[])?;
    writer.record(&Record::Base(base.clone()))?;
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

    #[test]
    fn a_sum_of_rounded_probabilities_is_no_more_than_one() {
        let class = |faults: &[&str]| Class {
            exercise: "squat".into(),
            label: "bad_form".into(),
            faults: faults.iter().map(|&it| it.into()).collect(),
        };
        let classes = [class(&["a"]), class(&["b"]), class(&["c"])];
        let judged = vec![0.7, 0.2, 0.1 + 3e-16];
        assert!(judged.iter().sum::<f64>() > 1.0);
        let names: [fn(&Class) -> &Name; 2] = [|it| &it.label, |it| &it.exercise];
        for name in names {
            let sums = sums(&classes, &judged, name);
            assert!(
                sums.values().all(|sum| (0.999..=1.0).contains(sum)),
                "{sums:?}"
            );
        }
    }
}
