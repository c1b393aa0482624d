//! Whole runs with a model that guesses: what is judged, what is scored, and what never is.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use wo_testkit::{Run, TempDir, Tool, stream, tempdir};

use crate::model::{video, write_model};
use crate::tool;

/// A `verdict`, as a reader of our output may rely on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "all fields are named so that a new one is noticed"
)]
struct Verdict {
    r#type: String,
    video_id: String,
    path: Option<String>,
    label: String,
    probability: f64,
    exercise: String,
    exercise_probability: f64,
    faults: Vec<String>,
    evidence: Value,
    n_frames: u32,
    true_label: Option<String>,
    true_exercise: Option<String>,
    seen: bool,
    reasons: Vec<String>,
    leaning: Option<String>,
    span_ms: Option<(f64, f64)>,
    nearest_other: Option<Value>,
}

/// A `score`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "all fields are named so that a new one is noticed"
)]
struct Score {
    r#type: String,
    task: String,
    by: String,
    unit: String,
    scope: String,
    name: String,
    class: Option<String>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    bca_low: Option<f64>,
    bca_high: Option<f64>,
    detectable: Option<f64>,
    n: u64,
    n_groups: u64,
    effective_groups: Option<f64>,
}

fn of_type<T: for<'de> Deserialize<'de>>(run: &Run, kind: &str) -> Vec<T> {
    let values = run
        .lines()
        .into_iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is JSON"));
    values
        .filter(|value| value["type"] == kind)
        .map(|value| serde_json::from_value(value).expect("a record of its kind"))
        .collect()
}

fn eval(model: &Path) -> Tool {
    tool()
        .arg("--model")
        .arg(model)
        .args(["--device", "cpu", "-j", "1"])
}

fn labelled(person: &str, label: &str) -> Value {
    json!({"person_id": person, "exercise": "squat", "label": label})
}

/// Four new videos of two persons, one of a known person, one without a label, one unclear, one of another exercise.
fn videos(folder: &TempDir) -> Vec<String> {
    let video = |id: &str, fields: Value| video(folder.path(), id, &fields);
    [
        video("a0", labelled("a", "good_form")),
        video("a1", labelled("a", "bad_form")),
        video("b0", labelled("b", "good_form")),
        video("b1", labelled("b", "bad_form")),
        video("t0", labelled("known", "good_form")),
        video("new", json!({})),
        video("u0", labelled("c", "unclear")),
        video(
            "d0",
            json!({"person_id": "d", "exercise": "dip", "label": "good_form"}),
        ),
    ]
    .concat()
}

#[test]
fn only_new_videos_are_scored() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let run = eval(&model).stdin(stream(&videos(&folder))).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.lines()
            .first()
            .unwrap()
            .contains(r#""upstream":[{"tool":"wo-test""#)
    );
    assert_eq!(
        run.lines().last().unwrap(),
        &r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#
    );
    let verdicts: Vec<Verdict> = of_type(&run, "verdict");
    let ids: Vec<&str> = verdicts
        .iter()
        .map(|verdict| verdict.video_id.as_str())
        .collect();
    assert_eq!(ids, ["a0", "a1", "b0", "b1", "new", "u0", "d0"]);
    assert!(verdicts.iter().all(|verdict| !verdict.seen));
    // The model has no threshold.
    let reasons = |it: &Verdict| it.reasons.contains(&"no_threshold".to_owned());
    assert!(
        verdicts
            .iter()
            .all(|it| it.label == "unclear" && reasons(it))
    );
    let mut scores: Vec<Score> = of_type(&run, "score");
    // Slices are of some of them.
    scores.retain(|score| !score.scope.contains('='));
    assert!(
        scores
            .iter()
            .filter(|score| score.unit == "video" && score.class.is_none())
            .all(|score| (score.n, score.n_groups) == (4, 2))
    );
    let mut recalls = scores.iter().filter(|score| {
        (
            score.unit.as_str(),
            score.task.as_str(),
            score.name.as_str(),
        ) == ("video", "label", "recall")
    });
    assert!(
        recalls.all(|score| (score.n, score.n_groups) == (2, 2)),
        "of each label there are two videos"
    );
    assert!(
        scores
            .iter()
            .all(|score| ["all", "squat"].contains(&score.scope.as_str()))
    );
    let by: Vec<&str> = scores.iter().map(|score| score.by.as_str()).collect();
    assert!(by.contains(&"majority") && by.contains(&"duration_only"));
    let mut lines = run.stderr.lines();
    assert!(
        lines.next().unwrap().starts_with("new.mp4: "),
        "{}",
        run.stderr
    );
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "wo-eval: 1 video excluded: the model was trained or chosen on them or their group (--allow-seen scores them apart).",
            "wo-eval: 1 video judged but not scored: labelled unclear.",
            "wo-eval: 1 video judged but not scored: the model has no class for dip.",
            "wo-eval: 1 video has another label or exercise than in the model: t0.mp4 (squat good_form, in the model squat bad_form).",
            "wo-eval: 7 videos judged unclear: the model has no abstention threshold. wo-train sets one with --folds 5, or with more validation groups; --force-verdict gives verdicts without.",
            "wo-eval: Duplicates of training videos cannot be detected: the model has no image hashes of them.",
            "wo-eval: 1 of 2 training videos has neither person nor source: the model may have seen the people of the scored videos.",
        ]
    );
}

#[test]
fn a_model_without_a_threshold_gives_verdicts_where_they_are_forced() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let input = stream(&videos(&folder));
    let held_back = eval(&model).stdin(input.as_str()).run();
    let forced = eval(&model)
        .arg("--force-verdict")
        .stdin(input.as_str())
        .run();
    assert_eq!(forced.status, 0, "{}", forced.stderr);
    let reasons: Vec<String> = of_type::<Verdict>(&forced, "verdict")
        .into_iter()
        .flat_map(|it| it.reasons)
        .collect();
    assert!(!reasons.contains(&"no_threshold".to_owned()), "{reasons:?}");
    let coverage = |run: &Run| of_type::<Value>(run, "selection")[0]["coverage"].clone();
    assert_eq!(coverage(&held_back), 0.0);
    let line = held_back.stderr.lines().next().unwrap();
    assert!(
        line.starts_with("new.mp4: unclear ")
            && line.contains("no_threshold")
            && line.contains("leaning to "),
        "{line}"
    );
    assert!(!forced.stderr.contains("no_threshold"), "{}", forced.stderr);
    // Scores count the best guess in both.
    let accuracy = |run: &Run| -> Vec<Option<f64>> {
        let scores: Vec<Score> = of_type(run, "score");
        scores.iter().map(|it| it.value).collect()
    };
    assert_eq!(accuracy(&held_back), accuracy(&forced));
}

#[test]
fn seen_videos_are_scored_apart_and_only_when_asked_for() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let lines = [
        video(
            folder.path(),
            "t0",
            &json!({"exercise": "squat", "label": "bad_form"}),
        ),
        video(folder.path(), "k0", &labelled("known", "good_form")),
    ]
    .concat();
    let run = eval(&model).stdin(stream(&lines)).run();
    assert_eq!(run.status, 6);
    assert!(run.stderr.contains("--allow-seen"), "{}", run.stderr);
    assert!(
        !run.stdout.contains("verdict") && !run.stdout.contains(r#""end""#),
        "{}",
        run.stdout
    );

    let run = eval(&model).arg("--allow-seen").stdin(stream(&lines)).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        of_type::<Verdict>(&run, "verdict")
            .iter()
            .all(|verdict| verdict.seen)
    );
    let scores: Vec<Score> = of_type(&run, "score");
    assert!(
        !scores.is_empty() && scores.iter().all(|score| score.scope.starts_with("seen")),
        "{scores:?}"
    );
}

#[test]
fn pictures_that_do_not_load_are_told_and_counted() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let lines = [
        video(folder.path(), "a0", &labelled("a", "good_form")),
        video(folder.path(), "b0", &labelled("b", "good_form")),
        vec![r#"{"type":"error","code":"decode","what":"broken","tool":"wo-extract"}"#.to_owned()],
    ]
    .concat();
    for name in ["a0_1", "b0_0", "b0_1", "b0_2"] {
        std::fs::remove_file(folder.path().join(name).with_extension("png")).unwrap();
    }
    let run = eval(&model).stdin(stream(&lines)).run();
    assert_eq!(run.status, 3);
    let verdicts: Vec<Verdict> = of_type(&run, "verdict");
    assert_eq!(
        verdicts
            .iter()
            .map(|verdict| verdict.n_frames)
            .collect::<Vec<_>>(),
        [2]
    );
    let errors: Vec<Value> = of_type(&run, "error");
    let codes: Vec<_> = errors
        .iter()
        .map(|error| (&error["code"], &error["tool"]))
        .collect();
    assert_eq!(
        codes,
        [
            (&json!("bad_image"), &json!("wo-eval")),
            (&json!("bad_image"), &json!("wo-eval")),
            (&json!("decode"), &json!("wo-extract"))
        ]
    );
    assert!(
        run.stderr
            .contains("a0.mp4: 1 of 3 frames does not load; frame 1: "),
        "{}",
        run.stderr
    );
}

#[test]
fn table_records_and_contact_sheet_go_where_they_are_sent() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let (records, sheet) = (
        folder.path().join("eval.ndjson"),
        folder.path().join("eval.png"),
    );
    let input = stream(&videos(&folder));
    let plain = eval(&model).stdin(input.as_str()).run();
    let run = eval(&model)
        .args(["--table", "--quiet", "--output"])
        .arg(&records)
        .arg("--contact-sheet")
        .arg(&sheet)
        .stdin(input.as_str())
        .run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout.contains("4 videos of 2 groups"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("Too little to conclude: too few independent groups"),
        "{}",
        run.stdout
    );
    assert_eq!(std::fs::read_to_string(records).unwrap(), plain.stdout);
    let sheet = image::open(sheet).unwrap();
    assert!(sheet.width() >= 960 && sheet.height() > 7 * 112);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let run = eval(&model).stdin(stream(&videos(&folder))).into_dev_full();
    assert_eq!(run.status, 5, "{}", run.stderr);
    let run = eval(&model)
        .arg("--quiet")
        .stdin(stream(&videos(&folder)))
        .into_closed_pipe();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}
