//! What the model can read of captions, and what follows where it cannot tell two classes apart by them.

use serde_json::Value;
use wo_testkit::{Run, stream, tempdir};

use crate::{SMALL, colours, tool};

const GOOD: &str = "squat with knees over the toes";
const BAD: &str = "squat with knees collapsing inward";

/// The sixteen videos of [`colours`], whose good and bad frames are described by these texts in turns.
fn described(good: &[&str], bad: &[&str]) -> String {
    let (mut n_good, mut n_bad) = (0, 0);
    let of_line = |line: String| {
        let (texts, n) = if line.contains(GOOD) {
            (good, &mut n_good)
        } else if line.contains(BAD) {
            (bad, &mut n_bad)
        } else {
            return line;
        };
        *n += 1;
        let mut record: Value = serde_json::from_str(&line).expect("JSON");
        record["description"] = texts[(*n - 1) % texts.len()].into();
        record.to_string()
    };
    stream(&colours().into_iter().map(of_line).collect::<Vec<_>>())
}

fn dry_run(args: &[&str], input: String) -> Run {
    let folder = tempdir().expect("a folder");
    let run = tool()
        .args(args)
        .args(["--dry-run", "--validation", "0", "--test", "0", "--output"])
        .arg(folder.path().join("model"))
        .stdin(input)
        .run();
    assert!(!folder.path().join("model").exists());
    run
}

/// Words that are more tokens than the model reads.
fn long() -> String {
    "a lifter in a squat with a bar on the back and both feet on the floor ".repeat(5)
}

#[test]
fn equal_captions_of_two_labels_are_refused() {
    for init in ["tiny", "scratch:tiny"] {
        for (good, bad) in [
            (&["a lifter with a bar"][..], &["a lifter with a bar"][..]),
            // To the model these are the same.
            (&["a lifter with a bar"], &["A  lifter with a BAR "]),
            // One of the two says nothing of its own.
            (
                &["a lifter with a bar", "knees out"],
                &["a lifter with a bar"],
            ),
            (&["a lifter"], &["a lifter", "knees in"]),
        ] {
            let run = dry_run(&["--init", init], described(good, bad));
            assert_eq!(run.status, 6, "{init}: {}", run.stderr);
            for words in [
                "equal_captions: squat/",
                "squat/bad_form+knees_cave",
                "squat/good_form",
                &format!("\"{}\"", good[0]),
                "hint: reword one of them",
            ] {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
        }
    }
    let folder = tempdir().expect("a folder");
    let run = tool()
        .args(SMALL)
        .args(["--epochs", "1", "--output"])
        .arg(folder.path().join("model"))
        .stdin(described(&["a lifter"], &["a lifter"]))
        .run();
    assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
}

#[test]
fn captions_that_differ_only_where_they_are_cut_are_refused() {
    let (good, bad) = (long() + "knees out", long() + "knees in");
    for init in ["tiny", "scratch:tiny"] {
        let run = dry_run(&["--init", init], described(&[&good], &[&bad]));
        assert_eq!(run.status, 6, "{init}: {}", run.stderr);
        for words in [
            "2 of 2 captions are longer than the 77 tokens that the model reads",
            "loses \"",
            "equal_captions: ",
            "after truncation",
            "describe the difference early",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    // The cure: what differs comes first.
    let (good, bad) = (
        format!("knees out, {}", long()),
        format!("knees in, {}", long()),
    );
    let run = dry_run(&["--init", "tiny"], described(&[&good], &[&bad]));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("2 of 2 captions are longer"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_caption_of_two_classes_is_left_out_of_both_and_said() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("model");
    let run = tool()
        .args(SMALL)
        .args([
            "--epochs",
            "1",
            "--validation",
            "0",
            "--test",
            "0",
            "--output",
        ])
        .arg(&model)
        .stdin(described(&["a lifter", GOOD], &[BAD, "A lifter"]))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    for words in [
        "1 of 4 captions belong to several classes, so they teach no difference between them:\n",
        "lifter\": squat/bad_form+knees_cave, squat/good_form\n",
        "2 classes, 2 captions",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let manifest = std::fs::read(model.join("wo.json")).expect("written");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["prompts"], serde_json::json!([[BAD], [GOOD]]));
}

#[test]
fn captions_beyond_those_that_are_used_are_counted() {
    let many: Vec<String> = (0..16)
        .map(|n| format!("knees out by {n} centimetres"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain([GOOD; 0]).collect();
    let run = dry_run(&["--init", "tiny"], described(&many, &[BAD]));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("are used"), "{}", run.stderr);
    let lines: Vec<String> = colours();
    let extra = crate::video(16, "p9", "good_form");
    let mut n = 0;
    let lines = lines.into_iter().chain(extra).map(|line| {
        let mut record: Value = serde_json::from_str(&line).expect("JSON");
        if line.contains(GOOD) {
            n += 1;
            record["description"] = format!("knees out by {n} centimetres").into();
        }
        record.to_string()
    });
    let run = dry_run(&["--init", "tiny"], stream(&lines.collect::<Vec<_>>()));
    assert_eq!(run.status, 0, "{}", run.stderr);
    let words = "squat/good_form has 18 different captions; only the 16 most frequent are used";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn faults_that_are_said_frame_by_frame_are_put_together() {
    let (knees, heels) = ("squat with knees in", "squat with heels up");
    let mut n_bad = 0;
    // Bad videos show one fault, the other, and each in one of two frames.
    let lines = colours().into_iter().map(|line| {
        if !line.contains(BAD) {
            return line;
        }
        let (video, frame) = (n_bad / 2, n_bad % 2);
        n_bad += 1;
        let is_knees = [true, false, frame == 0][video % 3];
        let mut record: Value = serde_json::from_str(&line).expect("JSON");
        record["description"] = if is_knees { knees } else { heels }.into();
        record["faults"] = serde_json::json!([if is_knees { "knees_cave" } else { "heels_lift" }]);
        record.to_string()
    });
    let input = stream(&lines.collect::<Vec<_>>());
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("model");
    let run = tool()
        .args(SMALL)
        .args([
            "--epochs",
            "1",
            "--validation",
            "0",
            "--test",
            "0",
            "--output",
        ])
        .arg(&model)
        .stdin(input)
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("2 of 5 captions belong to several classes"),
        "{}",
        run.stderr
    );
    let manifest = std::fs::read(model.join("wo.json")).expect("written");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let both = format!("{heels}; {knees}");
    assert_eq!(
        manifest["prompts"],
        serde_json::json!([[heels], [both], [knees], [GOOD]]),
        "{}",
        manifest["classes"]
    );
}
