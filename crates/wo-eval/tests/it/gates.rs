//! Gates, over files of predictions.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::tool;
use crate::written::of_type;

/// A squat of a person, and whether it is judged right.
struct Squat {
    person: usize,
    label: &'static str,
    is_right: bool,
}

/// Each of `n_persons` has a good and a bad squat. Those of the first `n_wrong` are judged wrong.
fn squats(n_persons: usize, n_wrong: usize) -> Vec<Squat> {
    let of_person = |person| {
        ["bad_form", "good_form"].map(|label| Squat {
            person,
            label,
            is_right: person >= n_wrong,
        })
    };
    (0..n_persons).flat_map(of_person).collect()
}

fn written(folder: &Path, name: &str, squats: &[Squat]) -> PathBuf {
    let record = |(number, squat): (usize, &Squat)| -> Value {
        let is_bad = (squat.label == "bad_form") == squat.is_right;
        let bad = if is_bad { 0.9 } else { 0.1 };
        json!({
            "type": "prediction", "video_id": format!("v{number}"), "group": format!("person:{}", squat.person),
            "exercise": "squat", "label": squat.label, "labels": {"bad_form": bad, "good_form": 1.0 - bad},
        })
    };
    let lines: Vec<String> = squats
        .iter()
        .enumerate()
        .map(|it| record(it).to_string())
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let path = folder.join(name);
    std::fs::write(&path, stream(&lines)).expect("a file");
    path
}

fn terms(run: &Run) -> Vec<(bool, String)> {
    let gate = &of_type(run, "gate")[0];
    let terms = gate["terms"].as_array().expect("terms").iter();
    let why = |term: &Value| term["why"].as_str().unwrap_or_default().to_owned();
    terms
        .map(|term| (term["passed"].as_bool().expect("a bool"), why(term)))
        .collect()
}

#[test]
fn one_label_alone_opens_no_gate() {
    let folder = tempdir().unwrap();
    let bad: Vec<Squat> = squats(30, 0)
        .into_iter()
        .filter(|it| it.label == "bad_form")
        .collect();
    let file = written(folder.path(), "bad.ndjson", &bad);
    let metrics = [
        "balanced_accuracy.low",
        "balanced_accuracy",
        "accuracy",
        "macro_f1",
        "worst_group_recall.low",
        "roc_auc.bad_form.low",
        "exercise_accuracy",
    ];
    for metric in metrics {
        let gate = format!("{metric}>=0.1");
        let run = tool()
            .args(["--json", "--fail-under", &gate, "--predictions"])
            .arg(&file)
            .run();
        assert_eq!(run.status, 1, "{gate}: {}", run.stderr);
        let (passed, why) = &terms(&run)[0];
        assert!(!passed && why.contains(metric), "{gate}: {why}");
    }
    let run = tool()
        .args([
            "--json",
            "--fail-under",
            "recall.bad_form.low>=0.8",
            "--predictions",
        ])
        .arg(&file)
        .run();
    assert_eq!(run.status, 0, "its own recall is known: {}", run.stderr);
}

#[test]
fn a_difference_is_judged_by_its_interval() {
    let folder = tempdir().unwrap();
    let of = |name: &str, n_wrong| written(folder.path(), name, &squats(40, n_wrong));
    let (good, similar, bad) = (of("good", 2), of("similar", 4), of("bad", 20));
    let compare = |new: &Path, old: &Path, gate: &str| {
        tool()
            .args(["compare", "--json", "--gate", gate])
            .args([new, old])
            .run()
    };
    for metric in [
        "balanced_accuracy",
        "recall.bad_form",
        "macro_f1",
        "f1.good_form",
    ] {
        let better = format!("difference.{metric}.low>0");
        assert_eq!(compare(&good, &bad, &better).status, 0, "{better}");
        assert_eq!(compare(&good, &similar, &better).status, 1, "{better}");
        let not_worse = format!("difference.{metric}.low>=-0.02");
        assert_eq!(
            compare(&similar, &good, &not_worse).status,
            1,
            "{not_worse}"
        );
    }
    let safe = compare(&good, &bad, "difference.accuracy.low>0");
    assert!(!safe.stderr.contains("by chance"), "{}", safe.stderr);
    let bare = compare(&good, &bad, "accuracy>=champion-0.01");
    assert_eq!(bare.status, 0, "{}", bare.stderr);
    assert!(bare.stderr.contains("by chance"), "{}", bare.stderr);
    let run = tool()
        .args(["--fail-under", "difference.accuracy.low>=0"])
        .run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("wo-eval compare"), "{}", run.stderr);
}

#[test]
fn a_surer_interval_is_wider() {
    let folder = tempdir().expect("a folder");
    let good = written(folder.path(), "good", &squats(40, 4));
    let bad = written(folder.path(), "bad", &squats(40, 11));
    let compare = |confidence: &str| {
        let gate = ["--gate", "difference.balanced_accuracy.low>0"];
        let run = tool()
            .args(["compare", "--json", "--confidence", confidence])
            .args(gate)
            .args([&good, &bad])
            .run();
        let main = of_type(&run, "comparison").into_iter().next();
        let main = main.map(|it| {
            let of = |key: &str| it[key].as_f64().expect("a number");
            [of("low"), of("high"), of("confidence"), of("detectable")]
        });
        (run.status, main, run.stderr)
    };
    let ((usual, Some(narrow), _), (surer, Some(wide), _)) = (compare("0.95"), compare("0.999"))
    else {
        panic!("a comparison");
    };
    assert!(wide[0] < narrow[0] && wide[1] > narrow[1] && wide[3] > narrow[3]);
    assert_eq!([narrow[2], wide[2]], [0.95, 0.999]);
    assert_eq!((usual, surer), (0, 1), "{narrow:?} {wide:?}");
    for wrong in ["95", "1", "0.5", "0", "NaN", "high"] {
        let (status, _, stderr) = compare(wrong);
        assert_eq!(status, 2, "{wrong}: {stderr}");
        assert!(stderr.contains("between 0.5 and 1"), "{wrong}: {stderr}");
    }
}

#[test]
fn mistakes_that_are_left_out_open_no_gate() {
    let folder = tempdir().expect("a folder");
    let champion = written(folder.path(), "champion", &squats(40, 8));
    let candidate = written(folder.path(), "candidate", &squats(40, 16));
    // Those of the first 16 persons are its mistakes.
    let text = std::fs::read_to_string(&candidate).expect("written");
    let is_mistake = |line: &str| (0..16).any(|it| line.contains(&format!("\"person:{it}\"")));
    let left: Vec<&str> = text.lines().filter(|it| !is_mistake(it)).collect();
    let unlabelled: Vec<String> = text
        .lines()
        .map(|it| {
            let hidden = if is_mistake(it) {
                "\"was\":"
            } else {
                "\"label\":"
            };
            it.replace("\"label\":", hidden)
        })
        .collect();
    for lines in [left.join("\n"), unlabelled.join("\n")] {
        std::fs::write(&candidate, lines + "\n").expect("a file");
        let run = tool()
            .args([
                "compare",
                "--json",
                "--gate",
                "difference.accuracy.low>=-0.02",
            ])
            .args([&candidate, &champion])
            .run();
        assert_eq!(run.status, 1, "{}", run.stderr);
        let why = &terms(&run)[0].1;
        assert!(why.contains("32 labelled videos predicted by one"), "{why}");
    }
}

#[test]
fn one_person_in_most_videos_shuts_a_comparison() {
    let folder = tempdir().unwrap();
    let of = |name: &str, n_wrong: usize| {
        let mut all = squats(40, n_wrong);
        // The last person has 60 % of the videos of bad form.
        all.extend((0..60).map(|_| Squat {
            person: 39,
            label: "bad_form",
            is_right: true,
        }));
        written(folder.path(), name, &all)
    };
    let (good, bad) = (of("good", 2), of("bad", 30));
    let compare = |gate: &str, flags: &[&str]| {
        tool()
            .args(["compare", "--json", "--gate", gate])
            .args(flags)
            .args([&good, &bad])
            .run()
    };
    for gate in [
        "difference.balanced_accuracy.low>0",
        "difference.recall.bad_form>0",
        "balanced_accuracy>=champion",
    ] {
        let shut = compare(gate, &[]);
        assert_eq!(shut.status, 1, "{gate}: {}", shut.stderr);
        let why = &terms(&shut)[0].1;
        assert!(
            why.starts_with("too few independent groups with bad form")
                && why.contains("effective: 2.7"),
            "{why}"
        );
        let open = compare(gate, &["--allow-few-groups"]);
        assert_eq!(open.status, 0, "{gate}: {}", open.stderr);
    }
    let good_form = compare("difference.recall.good_form.low>0", &[]);
    assert_eq!(good_form.status, 0, "{}", good_form.stderr);
    let main = &of_type(&good_form, "comparison")[0];
    let effective = main["effective_groups"].as_f64().unwrap();
    assert!((2.6..2.8).contains(&effective), "{main}");
}
