//! Cross-validation on data as people have it: few groups, of unequal sizes, and fewer still with bad form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::{SMALL, records, tool, video};

/// Twelve persons of six gyms of unequal sizes. Three of them, of two gyms, show bad form.
fn gyms() -> Vec<String> {
    let (mut lines, mut number) = (Vec::new(), 0_u8);
    for (person, n_videos) in [8, 1, 1, 4, 2, 2, 1, 3, 1, 1, 2, 1].into_iter().enumerate() {
        let gym = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5][person];
        for nth in 0..n_videos {
            let is_bad = nth == 0 && [0, 3, 7].contains(&person);
            let label = if is_bad { "bad_form" } else { "good_form" };
            let mut of_video = video(number, &format!("p{person}"), label);
            let mut record: Value = serde_json::from_str(&of_video[0]).expect("JSON");
            record["source_id"] = json!(format!("gym{gym}"));
            of_video[0] = record.to_string();
            lines.extend(of_video);
            number += 1;
        }
    }
    lines
}

fn train(output: &Path, lines: &[String], more: &[&str]) -> Run {
    tool()
        .args(SMALL)
        .args(["--epochs", "1", "--output"])
        .arg(output)
        .args(more)
        .stdin(stream(lines))
        .run()
}

/// The hint that ends a run, as flags.
fn folds_that_work(run: &Run) -> String {
    let hint = run.stderr.lines().find_map(|it| {
        let it = it.strip_prefix("hint: --folds ")?;
        it.strip_suffix(" works")
    });
    hint.unwrap_or_else(|| panic!("no hint in {}", run.stderr))
        .to_owned()
}

#[test]
fn few_and_unequal_groups_are_cross_validated() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    // Three persons with bad form are too few to choose an epoch on; the run says how to go on, and it does.
    let refused = train(&output, &gyms(), &["--folds", "5"]);
    assert_eq!(
        (refused.status, refused.stdout.as_str()),
        (6, ""),
        "{}",
        refused.stderr
    );
    for words in ["too_few_groups: ", "--validation 0"] {
        assert!(
            refused.stderr.contains(words),
            "{words}: {}",
            refused.stderr
        );
    }
    let planned = train(&output, &gyms(), &["--validation", "0", "--dry-run"]);
    assert_eq!(planned.status, 0, "{}", planned.stderr);
    let flags = ["--validation", "0", "--test", "0", "--folds", "5"];
    let run = train(&output, &gyms(), &flags);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("each model keeps its last epoch"),
        "{}",
        run.stderr
    );
    let stream = std::fs::read_to_string(output.join("out_of_fold.ndjson")).expect("written");
    let predictions = records(&stream, "prediction");
    assert_eq!(predictions.len(), 27, "each video");
    let mut folds: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for prediction in &predictions {
        let fold = prediction["fold"].as_u64().expect("a number");
        folds
            .entry(fold)
            .or_default()
            .insert(prediction["group"].to_string());
    }
    assert_eq!(folds.len(), 5);
    let most = folds.values().map(BTreeSet::len).max();
    let fewest = folds.values().map(BTreeSet::len).min();
    assert!(most <= fewest.map(|it| it + 1), "{folds:?}");
}

#[test]
fn folds_that_cannot_work_are_refused_before_anything_is_fitted_and_what_works_is_named() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let flags = |folds: &str| {
        let more = ["--validation", "0", "--test", "0", "--folds"].map(str::to_owned);
        let mut flags = Vec::from(more);
        flags.push(folds.to_owned());
        flags
    };
    let run = |folds: &str, lines: &[String], dry: &[&str]| {
        let flags = flags(folds);
        let flags: Vec<&str> = flags
            .iter()
            .map(String::as_str)
            .chain(dry.iter().copied())
            .collect();
        train(&output, lines, &flags)
    };
    for dry in [&["--dry-run"][..], &[]] {
        let refused = run("40", &gyms(), dry);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (6, ""),
            "{}",
            refused.stderr
        );
        assert!(!refused.stderr.contains("\nfold 1"), "{}", refused.stderr);
        let works = folds_that_work(&refused);
        let done = run(&works, &gyms(), &["--dry-run"]);
        assert_eq!(done.status, 0, "{works}: {}", done.stderr);
        let more = (works.parse::<u32>().expect("a number") + 1).to_string();
        assert_eq!(
            run(&more, &gyms(), &["--dry-run"]).status,
            6,
            "{works} is the most"
        );
    }
    // Bad form of one person: no number of folds can work, and none is named.
    let one: Vec<String> = (0..8)
        .flat_map(|n| {
            let label = if n == 0 { "bad_form" } else { "good_form" };
            video(n, &format!("p{n}"), label)
        })
        .collect();
    let refused = run("3", &one, &["--dry-run"]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    for words in ["bad_form is shown by 1 group", "leave --folds out"] {
        assert!(
            refused.stderr.contains(words),
            "{words}: {}",
            refused.stderr
        );
    }
    let done = train(
        &output,
        &one,
        &["--validation", "0", "--test", "0", "--dry-run"],
    );
    assert_eq!(done.status, 0, "{}", done.stderr);
}

#[test]
fn the_folds_that_the_plan_recommends_work() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let lines: Vec<String> = (0..28_u8)
        .flat_map(|n| {
            let label = if n % 2 == 0 { "good_form" } else { "bad_form" };
            video(n, &format!("p{}", n / 2), label)
        })
        .collect();
    let run = train(&output, &lines, &["--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let expected = "2 groups in the validation split are too few to set an abstention threshold for a risk of 10 %, which takes 9: \
                    wo-eval will say unclear (no_threshold) to every video\nhint: --folds 5 sets one by 11 groups\n";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let run = train(&output, &lines, &["--folds", "5"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for words in [
        "5 folds of ",
        "each model chooses its epoch on some of the groups of the other folds",
        "abstention threshold ",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("too few to set"), "{}", run.stderr);
}
