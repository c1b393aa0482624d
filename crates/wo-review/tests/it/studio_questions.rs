//! Which questions of Label Studio ask for what.

use serde_json::{Value, json};
use wo_testkit::Run;

use crate::harness::{folder, log};
use crate::studio::{choice, import, import_with, labels, task};

#[test]
fn a_question_that_is_not_taken_over_is_named_with_the_flag_that_takes_it() {
    let dir = folder(1, 8);
    let values = [
        "good", "bad", "Okay", "Okay", "good", "so so", "bad", "god form",
    ];
    let tasks: Vec<Value> = (0..)
        .zip(values)
        .map(|(i, value)| {
            task(
                i,
                &json!([choice("form", &json!([value])), choice("depth", &json!(["deep"])),
                {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1}}]),
            )
        })
        .collect();
    let tasks = json!(tasks);
    let run = import(dir.path(), &tasks);
    let said = "tasks.json: the question `form` (8 answers) is read as the label\n\
        wo-review: tasks.json: the question `box` has 8 answers; none is imported: `rectanglelabels` is not supported\n\
        hint: --question box=nothing ignores them silently\n\
        wo-review: tasks.json: the question `depth` has 8 answers; none is imported\n\
        hint: --question depth=label reads it as the label, --question depth=faults as the faults; --question \
        depth=nothing ignores it\n\
        tasks.json: 8 tasks, 4 new reviews\n\
        wo-review: tasks.json: the question `form` has 2 answers `Okay`, which is not a label; the nearest is bad_form\n\
        hint: --label Okay=bad_form maps it to that label, or name another one\n\
        wo-review: tasks.json: the question `form` has 1 answer `god form`, which is not a label; the nearest is good_form\n\
        hint: --label 'god form=good_form' maps it to that label, or name another one\n\
        wo-review: tasks.json: the question `form` has 1 answer `so so`, which is not a label; the nearest is bad_form\n\
        hint: --label 'so so=bad_form' maps it to that label, or name another one\n";
    assert_eq!(run, Run::new(3, "", said));
    // The cures.
    let args = [
        "--label",
        "okay=good",
        "--label",
        "so so=half rep",
        "--label",
        "god form=good_form",
        "--question",
        "depth=note",
        "--question",
        "box=nothing",
        "--question",
        "form",
    ];
    let run = import_with(dir.path(), &tasks.to_string(), &args);
    assert_eq!(run, Run::new(0, "", "tasks.json: 8 tasks, 8 new reviews\n"));
    let (good, bad) = ("good_form", "bad_form");
    assert_eq!(
        labels(dir.path()),
        [good, bad, good, good, good, "half_rep", bad, good]
    );
    assert_eq!(log(dir.path())[11]["new"]["note"], "deep");
}

#[test]
fn questions_that_could_both_be_meant_are_not_guessed() {
    let dir = folder(1, 2);
    let both = |form: &str, light: &str| {
        json!([
            choice("form", &json!([form])),
            choice("light", &json!([light]))
        ])
    };
    let tasks = json!([task(0, &both("bad", "good")), task(1, &both("good", "bad"))]);
    let run = import(dir.path(), &tasks);
    assert_eq!(
        (run.status, log(dir.path()).len()),
        (3, 0),
        "{}",
        run.stderr
    );
    let why = "the question `light` has 2 answers; none is imported: several questions fit\n\
        hint: --question light=label reads it as the label";
    assert!(run.stderr.contains(why), "{}", run.stderr);
    let args = ["--question", "form=label", "--question", "light=nothing"];
    assert_eq!(import_with(dir.path(), &tasks.to_string(), &args).status, 0);
    assert_eq!(labels(dir.path()), ["bad_form", "good_form"]);
    let args = ["--question", "form=label", "--question", "light=label"];
    let run = import_with(dir.path(), &tasks.to_string(), &args);
    let why = "`form` says bad_form and `light` says good_form; --question light=nothing ignores the second";
    assert!(
        run.status == 3 && run.stderr.contains(why),
        "{}",
        run.stderr
    );
    // A new label is one where the question surely asks for labels, as in a table, and is said.
    let run = import(
        dir.path(),
        &json!([task(0, &json!([choice("label", &json!(["Wobbly"]))]))]),
    );
    let said = "tasks.json: 1 task, 1 new review\nwo-review: tasks.json: new labels: wobbly (1 answer)\n\
        hint: --label wobbly=";
    assert!(
        run.status == 0 && run.stderr.starts_with(said),
        "{}",
        run.stderr
    );
    for (flag, value, why) in [
        (
            "--question",
            "form=lable",
            "write one of label, faults, description, note, nothing after =",
        ),
        ("--label", "ok=god_form", "did you mean good_form"),
        ("--label", "ok", "write it as VALUE=LABEL"),
    ] {
        let run = import_with(dir.path(), "[]", &[flag, value]);
        assert!(
            run.status == 2 && run.stderr.contains(why),
            "{}",
            run.stderr
        );
    }
}
