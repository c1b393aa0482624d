//! The demo's main scores: fine-tuned beside from scratch beside the baselines, with their confidence intervals.

use std::fs;
use std::io::stdout;
use std::path::Path;

use serde_json::{Value, json};

use crate::say;

const ROWS: [(&str, &str, &str); 4] = [
    ("tiny CLIP, fine-tuned", "scores_tuned.ndjson", "model"),
    ("tiny CLIP, from scratch", "scores_scratch.ndjson", "model"),
    ("always the same answer", "scores_tuned.ndjson", "majority"),
    (
        "looking at duration only",
        "scores_tuned.ndjson",
        "duration_only",
    ),
];

pub(crate) fn print(folder: &Path) {
    let output = &mut stdout();
    say(
        output,
        "Balanced accuracy per video on persons never seen, with its 95 % interval (drawn lifters, not real ones):",
    );
    for (name, file, by) in ROWS {
        let scores = fs::read_to_string(folder.join(file)).expect("the demo wrote the scores");
        say(
            output,
            &format!("  {name:<26} form {}", score(&scores, by, "label")),
        );
        if by == "model" {
            say(
                output,
                &format!("  {:<26} exercise {}", "", score(&scores, by, "exercise")),
            );
        }
    }
    say(
        output,
        "The fine-tuned one started from a CLIP that was pre-trained on drawings of other persons by the same program;",
    );
    say(output, "of real lifters it knows nothing.");
    say(
        output,
        "Look at demo/report.html (all that was found), demo/contact_sheet.png (videos and verdicts) and demo/new_video.png.",
    );
    if folder.join("review.png").exists() {
        say(
            output,
            "demo/review.png is the page of wo-review: wo-review demo/labeled_frames opens it.",
        );
    }
}

/// The balanced accuracy by video with its interval, as a person reads it; `-` where there is none.
fn score(scores: &str, by: &str, task: &str) -> String {
    let wanted = json!({"type": "score", "by": by, "task": task, "unit": "video", "scope": "all",
        "name": "balanced_accuracy", "class": null});
    let record = scores
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"))
        .find(|record| {
            let keys = wanted.as_object().expect("an object");
            keys.iter().all(|(key, value)| &record[key] == value)
        });
    let Some(record) = record else {
        return "-".to_owned();
    };
    let Some(value) = record["value"].as_f64() else {
        return "-".to_owned();
    };
    let interval = match (record["low"].as_f64(), record["high"].as_f64()) {
        (Some(low), Some(high)) => format!(" [{low:.2}, {high:.2}]"),
        _ => String::new(),
    };
    let (n, n_groups) = (&record["n"], &record["n_groups"]);
    format!("{value:.2}{interval}  ({n} videos of {n_groups} persons)")
}
