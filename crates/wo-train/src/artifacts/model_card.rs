//! The model card: what a stranger must know of a model before using it (Mitchell et al. 2019, arXiv 1810.03993), as the
//! `README.md` that the Hugging Face Hub shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use wo_cli::count;
use wo_clip::Split;
use wo_record::{Group, LearningCurve, Score};

use crate::VERSION;
use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::validation::baselines::Comparison;
use crate::validation::learning_curve;

/// The words of a split.
const SPLITS: [(Split, &str); 3] = [
    (Split::Train, "training"),
    (Split::Validation, "validation"),
    (Split::Test, "test"),
];

/// The card of a model that was fitted to `dataset` from `init`.
pub(crate) fn card(
    dataset: &Dataset,
    hyper: &Hyperparameters,
    init: &str,
    metrics: &BTreeMap<String, f64>,
    comparison: &Comparison,
    out_of_fold: Option<&Comparison>,
    learning_curve: Option<&LearningCurve>,
) -> String {
    let mut text = front_matter(init);
    let _ = write!(
        text,
        "# A judge of form in gym videos\n\n\
         CLIP, fitted by `wo-train` {VERSION} from `{init}` (method `{}`). It says of a few frames of a video which exercise \
         they show, whether the form is good or bad, and which fault it has.\n\n",
        hyper.method
    );
    let _ = writeln!(text, "## How good it is\n");
    match (out_of_fold, comparison.scores.is_empty()) {
        (Some(comparison), _) => {
            let _ = writeln!(
                text,
                "On groups that none of the models which judged them had seen (cross-validation):\n"
            );
            table(&mut text, comparison);
        }
        (None, false) => {
            let _ = writeln!(
                text,
                "On the validation part, which also chose the epoch, so a little too nice; `wo-eval` on the test part tells more:\n"
            );
            table(&mut text, comparison);
        }
        (None, true) => {
            let _ = writeln!(
                text,
                "Nothing was kept aside to tell. Ask `wo-eval` with other videos."
            );
        }
    }
    if let Some(curve) = learning_curve {
        let _ = writeln!(
            text,
            "\nWhat more videos would bring: {}.",
            learning_curve::in_words(curve)
        );
    }
    let _ = writeln!(
        text,
        "\n## What it was fitted to\n\nVideos (groups: persons, else sources, else single videos):\n"
    );
    counts(&mut text, dataset);
    let _ = writeln!(
        text,
        "\nFingerprint of the data and its split: `{}`\n",
        dataset.fingerprint()
    );
    let _ = writeln!(
        text,
        "## How\n\n```json\n{}\n```\n",
        serde_json::to_string_pretty(hyper).unwrap_or_default()
    );
    if !metrics.is_empty() {
        let _ = writeln!(
            text,
            "Figures of the epoch that was kept:\n\n| Figure | Value |\n|---|---|"
        );
        for (name, value) in metrics {
            let _ = writeln!(text, "| {} | {value:.4} |", name.replace('_', " "));
        }
    }
    text.push_str(
        "\n## Limits\n\n\
         - It judges what its frames show, from the angles and in the rooms that it was fitted to. Of other exercises, angles, \
         cameras and kinds of bodies it knows nothing.\n\
         - It has no class for \"cannot tell\": a video of something else gets one of its answers all the same.\n\
         - A figure without an interval, or on a few groups, says little about the next person.\n\
         - It is no medical device, and no advice on how to lift.\n",
    );
    text
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
        "| Who says it | Balanced accuracy of form, by video | 95 % interval over groups |\n|---|---|---|"
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
    // Videos and groups of each split.
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
