//! The filter between two tools.

use std::collections::BTreeSet;

use wo_testkit::{BEGIN, Run, end, stream};

use crate::workspace::{Workspace, ids, video};

#[test]
fn each_video_is_on_one_side_and_a_second_call_changes_nothing() {
    let workspace = Workspace::new();
    workspace.write_persons(20);
    let training = workspace.split("training");
    let held_out = workspace.split("held-out");
    let (trained, kept) = (ids(&training.stdout), ids(&held_out.stdout));
    assert_eq!(trained.len() + kept.len(), 40);
    assert!((8..=16).contains(&kept.len()), "{kept:?}");
    let trained: BTreeSet<_> = trained.iter().collect();
    assert!(kept.iter().all(|it| !trained.contains(it)));
    assert_eq!(
        workspace.split("training"),
        Run {
            stderr: workspace.split("training").stderr,
            ..training.clone()
        }
    );
    assert_eq!(workspace.events("assigned").len(), 1);
    assert!(
        training.stderr.contains("of 20 new groups, "),
        "{}",
        training.stderr
    );
    assert!(!held_out.stderr.contains("new"), "{}", held_out.stderr);
    // No name of anybody is in the ledger.
    let ledger = workspace.read("models/ledger.ndjson");
    assert!(
        !ledger.contains("p1") && !ledger.contains("person"),
        "{ledger}"
    );
}

#[test]
fn a_stream_stays_a_stream() {
    let workspace = Workspace::new();
    let [one, frame] = video("v1", "anna", "", "good_form");
    let unknown = r#"{ "type":"weather" , "x":1e2 }"#;
    let error = r#"{"type":"error","code":"empty_file","what":"no bytes","tool":"wo-extract","path":"a.mp4"}"#;
    workspace.write(
        "in/records.ndjson",
        &stream(&[unknown, error, &one, &frame]),
    );
    let version = env!("CARGO_PKG_VERSION");
    let begin = format!(
        r#"{{"type":"begin","tool":"wo-models","version":"{version}","schema":"wo-record","schema_version":1,"upstream":[{{"tool":"wo-test","version":"0.0.0"}}]}}"#
    );
    let run = workspace.tool().args(["split", "--keep", "training"]);
    let run = run.stdin(workspace.read("in/records.ndjson")).run();
    let expected = [&begin, unknown, error, &one, &frame, &end(1, 1, 1)].join("\n") + "\n";
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (0, expected.as_str()),
        "{}",
        run.stderr
    );
    // From a file elsewhere, paths of images are written so that they mean the same from here.
    let file = workspace.ok(&["split", "--keep", "training", "in/records.ndjson"]);
    assert!(file.contains(r#""path":"in/frames/v1.jpg""#), "{file}");
    // The other side has nothing: the answer is no, and the stream is whole.
    let none = workspace.run(&["split", "--keep", "held-out", "in/records.ndjson"]);
    assert_eq!(none.status, 1);
    assert!(
        none.stdout.ends_with(&(end(0, 0, 1) + "\n")),
        "{}",
        none.stdout
    );
    assert!(
        none.stderr.contains("no held-out video shows good_form"),
        "{}",
        none.stderr
    );
}

#[test]
fn what_is_cut_or_no_record_assigns_nothing() {
    let workspace = Workspace::new();
    let [one, frame] = video("v1", "anna", "", "good_form");
    let cut = format!("{BEGIN}\n{one}\n{frame}\n");
    let run = |args: &[&str], input: &str| {
        let args = [&["split", "--keep", "training"], args].concat();
        workspace.tool().args(args).stdin(input).run()
    };
    let of_cut = run(&[], &cut);
    assert_eq!((of_cut.status, of_cut.stdout.as_str()), (6, ""));
    assert!(
        of_cut.stderr.contains("the stream was cut"),
        "{}",
        of_cut.stderr
    );
    assert_eq!(run(&[], "").status, 6);
    let bad = stream(&[one.as_str(), "no record", &frame]);
    assert_eq!(run(&[], &bad).status, 6);
    assert!(!workspace.path("models/ledger.ndjson").exists());
    let skipped = run(&["--on-error", "skip"], &bad);
    assert_eq!(skipped.status, 3);
    assert!(skipped.stdout.contains("bad_line") && skipped.stdout.contains(&frame));
    assert_eq!(
        workspace
            .run(&["split", "--keep", "training", "nothing.ndjson"])
            .status,
        2
    );
}

#[test]
fn a_reader_that_goes_away_and_a_full_disk_are_told_apart() {
    let workspace = Workspace::new();
    workspace.write_persons(1500);
    let split = || {
        workspace
            .tool()
            .args(["split", "--keep", "training", "described.ndjson"])
    };
    let closed = split().into_closed_pipe();
    assert_eq!(closed.status, 0, "{}", closed.stderr);
    assert_eq!(split().into_dev_full().status, 5);
}

#[test]
fn videos_on_neither_side_are_named_with_a_cure() {
    let workspace = Workspace::with_persons();
    let persons = |side: &str| -> Vec<String> {
        let text = workspace.read(side);
        let persons = text.split("\"person_id\":\"").skip(1);
        persons
            .map(|it| it.split('"').next().expect("a name").to_owned())
            .collect()
    };
    let (trained, held_out) = (persons("training.ndjson"), persons("held-out.ndjson"));
    let mut lines: Vec<String> = Vec::new();
    lines.extend(video("a", &trained[0], "gym", "good_form"));
    lines.extend(video("b", &held_out[0], "other", "good_form"));
    workspace.write("described.ndjson", &stream(&lines));
    workspace.split("training");
    lines.extend(video("both", &held_out[0], "gym", "good_form"));
    lines.extend(video("alone", "", "", "good_form"));
    workspace.write("described.ndjson", &stream(&lines));
    let (training, kept) = (workspace.split("training"), workspace.split("held-out"));
    assert!(ids(&training.stdout).contains(&"a".to_owned()));
    assert_eq!(ids(&kept.stdout), ["b"]);
    for run in [&training, &kept] {
        assert!(!ids(&run.stdout).contains(&"both".to_owned()));
        let (person, said) = (&held_out[0], &run.stderr);
        let named = format!(
            "1 video joins trained and held-out groups, and is on neither side: both.mp4 (person {person} held out, source \
             gym training)\nhint: correct groups.csv"
        );
        assert!(said.contains(&named), "{said}");
        let alone = "1 video has neither person nor source and counts as a group of its own";
        assert!(
            said.contains(alone) && said.contains("alone.mp4\nhint: write groups.csv"),
            "{said}"
        );
    }
}

#[test]
fn the_order_in_which_videos_came_changes_nothing() {
    let workspace = Workspace::with_persons();
    let [first, second] =
        ["training", "held-out"].map(|it| workspace.read(&format!("{it}.ndjson")));
    assert!(ids(&first).is_sorted() && ids(&second).is_sorted());
    let described = workspace.read("described.ndjson");
    let lines: Vec<&str> = described.lines().collect();
    let mut videos: Vec<&[&str]> = lines[1..lines.len() - 1].chunks(2).collect();
    videos.reverse();
    workspace.write("described.ndjson", &stream(&videos.concat()));
    for (side, before) in [("training", first), ("held-out", second)] {
        assert_eq!(workspace.split(side).stdout, before);
    }
}
