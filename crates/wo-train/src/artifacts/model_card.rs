//! The model card: what to know before using the model (Mitchell et al. 2019, arXiv 1810.03993), as the
//! `README.md` that the Hugging Face Hub shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use wo_cli::count;
use wo_clip::Split;
use wo_record::{Base, Group, LearningCurve, Score};

use crate::VERSION;
use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::model::base::{CAUTION, FOR_PHOTOGRAPHS};
use crate::run::Fitted;
use crate::validation::baselines::Comparison;
use crate::validation::learning_curve;

const LIMITS: &str = "
## Limits

- It judges what its frames show, from the angles and in the rooms of its training videos. Other exercises, angles, cameras and \
kinds of bodies are untested.
- The weights alone give every video one of their labels; wo-eval says unclear below the abstention threshold, and to all \
videos of a model without one.
- A metric without a confidence interval, or on a few groups, says little about the next person.
- It is no medical device, and no advice on how to lift.
";
/// Names of the splits.
const SPLITS: [(Split, &str); 3] = [
    (Split::Train, "training"),
    (Split::Validation, "validation"),
    (Split::Test, "test"),
];

/// The card of a model that was trained on `dataset` from `base`.
pub(crate) fn card(
    dataset: &Dataset,
    hyper: &Hyperparameters,
    base: &Base,
    fitted: &Fitted,
    out_of_fold: Option<&Comparison>,
    learning_curve: Option<&LearningCurve>,
    license_note: Option<&str>,
) -> String {
    let mut text = front_matter(&base.init);
    let _ = write!(
        text,
        "# A judge of form in gym videos\n\n\
         CLIP, trained by `wo-train` {VERSION} from `{}`{} (method `{}`). From a few frames of a video it predicts the \
         exercise, whether the form is good or bad, and the fault.\n\nWhy this base model: {}.\n\n",
        base.init,
        base.commit
            .as_ref()
            .map_or_else(String::new, |it| format!(" at commit `{it}`")),
        hyper.method,
        base.why
    );
    if base.caution.is_some() {
        let _ = writeln!(
            text,
            "**Caution: {CAUTION}.** All metrics below are of such a model; expect better ones from `{FOR_PHOTOGRAPHS}`.\n"
        );
    }
    if let Some(note) = license_note {
        let _ = writeln!(text, "{note}.\n");
    }
    performance(&mut text, &fitted.comparison, out_of_fold);
    if let Some(curve) = learning_curve {
        let words = learning_curve::in_words(curve);
        let _ = writeln!(text, "\nWhat more videos would bring: {words}.");
    }
    let _ = writeln!(
        text,
        "\n## Training data\n\nVideos ({}):\n",
        dataset.grouping.line()
    );
    counts(&mut text, dataset);
    let _ = writeln!(
        text,
        "\nFingerprint of the data and its split: `{}`\n",
        dataset.fingerprint()
    );
    let _ = writeln!(
        text,
        "## Hyperparameters\n\n```json\n{}\n```\n",
        serde_json::to_string_pretty(hyper).unwrap_or_default()
    );
    metrics_of_epoch(&mut text, fitted);
    text.push_str(LIMITS);
    text
}

fn metrics_of_epoch(text: &mut String, fitted: &Fitted) {
    if fitted.metrics.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "Metrics of the epoch that was kept:\n\n| Metric | Value |\n|---|---|"
    );
    for (name, value) in &fitted.metrics {
        let _ = writeln!(text, "| {} | {value:.4} |", name.replace('_', " "));
    }
}

/// How well the model predicts held-out videos, beside the baselines.
fn performance(text: &mut String, validation: &Comparison, out_of_fold: Option<&Comparison>) {
    let (words, comparison) = match (out_of_fold, validation.scores.is_empty()) {
        (Some(comparison), _) => (
            "On groups that the judging model had not seen (cross-validation):",
            Some(comparison),
        ),
        (None, false) => (
            "On the validation split, which also chose the epoch, so a little optimistic; `wo-eval` on the test split is \
             unbiased:",
            Some(validation),
        ),
        (None, true) => (
            "Unknown: no videos were held out. Evaluate it with `wo-eval` on other videos.",
            None,
        ),
    };
    let _ = writeln!(text, "## Performance\n\n{words}");
    if let Some(comparison) = comparison {
        text.push('\n');
        table(text, comparison);
    }
}

fn front_matter(init: &str) -> String {
    let base = if init.contains('/') && !init.starts_with(['.', '/']) {
        format!("base_model: {init}\n")
    } else {
        String::new()
    };
    format!(
        "---\nlibrary_name: transformers\npipeline_tag: zero-shot-image-classification\n{base}tags: [clip, workout-form]\n---\n\n"
    )
}

fn table(text: &mut String, comparison: &Comparison) {
    let _ = writeln!(
        text,
        "| Model or baseline | Balanced accuracy of form, by video | 95 % confidence interval over groups |\n|---|---|---|"
    );
    for Score {
        by,
        value,
        low,
        high,
        ..
    } in &comparison.scores
    {
        let value = value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let interval = low.zip(*high).map_or("-".to_owned(), |(low, high)| {
            format!("{low:.2} to {high:.2}")
        });
        let _ = writeln!(text, "| {} | {value} | {interval} |", by.words());
    }
    if let Some(score) = comparison.scores.first() {
        let _ = writeln!(
            text,
            "\n{} of {}. The model is {}.",
            count(score.n, "video"),
            count(score.n_groups, "group"),
            comparison.words
        );
    }
}

fn counts(text: &mut String, dataset: &Dataset) {
    // Videos and groups per split.
    type Row<'a> = [(usize, BTreeSet<&'a Group>); 3];
    let mut rows: BTreeMap<(&str, &str), Row<'_>> = BTreeMap::new();
    for example in dataset.examples.iter().filter(|it| !it.is_part) {
        let row = rows
            .entry((
                example.video.exercise.as_str(),
                example.video.label.as_str(),
            ))
            .or_default();
        for ((split, _), (n, groups)) in SPLITS.iter().zip(row.iter_mut()) {
            if *split == example.video.split {
                *n += 1;
                groups.insert(&example.video.group);
            }
        }
    }
    let heads: Vec<&str> = SPLITS.iter().map(|(_, words)| *words).collect();
    let _ = writeln!(
        text,
        "| Exercise | Label | {} |\n|---|---|---|---|---|",
        heads.join(" | ")
    );
    for ((exercise, label), cells) in rows {
        let cells: Vec<String> = cells
            .iter()
            .map(|(n, groups)| format!("{n} ({})", groups.len()))
            .collect();
        let _ = writeln!(
            text,
            "| {exercise} | {} | {} |",
            label.replace('_', " "),
            cells.join(" | ")
        );
    }
}
