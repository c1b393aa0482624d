//! What the plan says of videos that lack something, and that what it says to do helps.

use serde_json::{Value, json};
use wo_testkit::{stream, tempdir};

use crate::told::{said, train};
use crate::{colours, tool, video};

/// The same videos, of another exercise.
fn of_exercise(lines: Vec<String>, exercise: &str) -> Vec<String> {
    let of_line = |line: String| {
        let mut record: Value = serde_json::from_str(&line).expect("a record");
        for field in ["video_id", "path", "exercise", "description"] {
            if let Some(text) = record[field].as_str() {
                let text = text.replace("video", exercise).replace("squat", exercise);
                record[field] = text.into();
            }
        }
        record.to_string()
    };
    lines.into_iter().map(of_line).collect()
}

#[test]
fn an_exercise_with_one_label_is_named_with_what_helps() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let all = ["--validation", "0", "--dry-run"];
    let plan = |lines: &[String]| train(&model, lines, &all);
    let plank = of_exercise(
        (0..4)
            .flat_map(|n| video(40 + n, &format!("p{n}"), "good_form"))
            .collect(),
        "plank",
    );
    let lines = [colours(), plank.clone()].concat();
    let run = plan(&lines);
    assert_eq!(run.status, 0, "{}", run.stderr);
    said(
        &run,
        &[
            "plank has good_form only (4 training videos): nothing shows bad_form there, and the exercise alone gives the label away\n\
             hint: add videos to plank/bad_form, or leave plank out",
        ],
    );
    assert!(!run.stderr.contains("squat has"), "{}", run.stderr);
    // Both cures help.
    let bad = of_exercise(video(44, "p4", "bad_form"), "plank");
    for cured in [colours(), [colours(), plank.clone(), bad].concat()] {
        let run = plan(&cured);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(
            !run.stderr.contains("gives the label away"),
            "{}",
            run.stderr
        );
    }
    // The person with the bad planks is held out: the model sees none of them.
    let held_out = of_exercise(video(45, "p7", "bad_form"), "plank");
    let lines = [colours(), plank, held_out].concat();
    let seeds: Vec<String> = (0..20).map(|seed| seed.to_string()).collect();
    let run = seeds.iter().find_map(|seed| {
        let flags = ["--test", "0.3", "--dry-run", "--seed", seed];
        let run = train(&model, &lines, &flags);
        let words = "plank has good_form only among its training videos";
        run.stderr.contains(words).then_some(run)
    });
    said(
        &run.expect("a seed by which p7 is held out"),
        &["hint: add videos of more persons or sources with plank/bad_form"],
    );
}

#[test]
fn the_device_and_its_precision_are_said() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let plan = |more: &[&str]| {
        let run = train(
            &model,
            &colours(),
            &[&["--dry-run", "--device", "cpu"], more].concat(),
        );
        assert_eq!(run.status, 0, "{}", run.stderr);
        run
    };
    said(&plan(&[]), &["\non cpu in fp32\n"]);
    said(&plan(&["--precision", "bf16"]), &["\non cpu in bf16\n"]);
}

#[test]
fn records_say_the_precision_where_it_is_less_than_32_bits() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let precision = |more: &[&str]| {
        let flags = [&["--epochs", "1", "--device", "cpu"], more].concat();
        let run = train(&model, &colours(), &flags);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let begin = run.stdout.lines().next().expect("a record").to_owned();
        let begin: Value = serde_json::from_str(&begin).expect("JSON");
        begin["precision"].clone()
    };
    assert_eq!(precision(&[]), Value::Null);
    assert_eq!(precision(&["--precision", "bf16"]), "bf16");
}

#[test]
fn a_plan_from_records_alone_opens_no_image() {
    let folder = tempdir().expect("a folder");
    let gone = |line: String| {
        let mut record: Value = serde_json::from_str(&line).expect("JSON");
        if record["type"] == "frame" {
            record["image"] = json!({ "file": { "path": "no/such.jpg" } });
        }
        record.to_string()
    };
    let lines: Vec<String> = colours().into_iter().map(gone).collect();
    let run = |args: &[&str]| {
        let tool = tool()
            .args(args)
            .args(["--validation", "0.25", "--test", "0.25"]);
        tool.current_dir(folder.path()).stdin(stream(&lines)).run()
    };
    let plan = run(&["--init", "tiny", "--dry-run=records"]);
    assert_eq!(
        (plan.status, plan.stdout.as_str()),
        (0, ""),
        "{}",
        plan.stderr
    );
    for words in [
        "training: 8 videos",
        "32 frames, 2 classes",
        "planned from the records alone",
    ] {
        assert!(plan.stderr.contains(words), "{words}: {}", plan.stderr);
    }
    let without = run(&["--dry-run=records"]);
    assert_eq!(without.status, 2, "{}", without.stderr);
    assert!(
        without.stderr.contains("name one, such as --init tiny"),
        "{}",
        without.stderr
    );
    let with_images = run(&["--init", "tiny", "--dry-run"]);
    assert_eq!(with_images.status, 6, "{}", with_images.stderr);
}
