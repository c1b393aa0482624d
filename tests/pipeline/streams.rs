//! Streams whose lines are broken or out of place: all tools say the same of them, and none takes them for whole.
//! `WO_FULL=1` tries hundreds.

use std::fs;
use std::path::Path;
use std::process::Output;

use wo_testkit::mutation::Random;
use wo_testkit::wounds::wound_lines;

use crate::{bash, records};

/// The tools that read records, each with a line of its own. The first decides what is expected of the others.
const READERS: [&str; 6] = [
    "wo-describe in.ndjson",
    "wo-models split --keep training in.ndjson",
    "wo-models look --dry-run in.ndjson",
    "wo-eval --predictions in.ndjson",
    "wo-train --init scratch:tiny --dry-run in.ndjson",
    "wo-collect check - --json < in.ndjson",
];
/// How a tool may end: done, with the answer no, with parts that failed, or with a stream that cannot be trusted.
const EXITS: [i32; 4] = [0, 1, 3, 6];

fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

/// Videos with frames, a prediction and an error.
fn whole() -> Vec<String> {
    let mut lines = vec![wo_testkit::BEGIN.to_owned()];
    for (id, label) in [("a", "good_form"), ("b", "bad_form"), ("c", "good_form")] {
        lines.push(format!(
            r#"{{"type":"video","video_id":"{id}","path":"{id}.mp4","duration_ms":4000.0,"exercise":"squat","label":"{label}","person_id":"p{id}"}}"#
        ));
        for index in 0..2 {
            lines.push(format!(
                r#"{{"type":"frame","video_id":"{id}","index":{index},"pts_ms":{index}.5,"image":{{"file":{{"path":"{id}{index}.jpg"}}}},"exercise":"squat","label":"{label}"}}"#
            ));
        }
    }
    lines.push(
        r#"{"type":"error","code":"decode","what":"broken","tool":"t","path":"d.mp4"}"#.to_owned(),
    );
    lines.push(
        r#"{"type":"prediction","video_id":"a","group":"a","label":"good_form","labels":{"good_form":0.9}}"#
            .to_owned(),
    );
    lines.push(wo_testkit::end(3, 6, 1));
    lines
}

/// Whether a tool may refuse a stream for what a record says, where the others refuse it for its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnReasons {
    MayCount,
    AreNone,
}

/// What a tool says of the stream itself: from the place on, on its first line. `None` where it says nothing of it.
fn complaint(output: &Output) -> Option<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    let of_stream = errors.lines().find_map(|line| {
        let start = ["line ", "the stream was cut"]
            .iter()
            .filter_map(|it| line.find(it))
            .min()?;
        let said = &line[start..];
        let is_of_reader = said.contains(" (byte ") || said.contains(": the stream is ");
        is_of_reader.then(|| said.to_owned())
    });
    of_stream.filter(|_| output.status.code() == Some(6))
}

/// Runs all readers on a stream in `folder`, and gives what the first says of it.
fn read_by_all(
    folder: &Path,
    lines: &[String],
    what: &str,
    own_reasons: OwnReasons,
) -> Option<String> {
    let text = lines.iter().map(|line| format!("{line}\n"));
    fs::write(folder.join("in.ndjson"), text.collect::<String>()).expect("a stream");
    let _ = fs::remove_dir_all(folder.join("models"));
    let mut expected = None;
    for (place, reader) in READERS.iter().enumerate() {
        let output = bash(folder, reader);
        let errors = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code().unwrap_or(-1);
        assert!(EXITS.contains(&code), "{what}: {reader}: {code}\n{errors}");
        assert!(!errors.contains("panicked"), "{what}: {reader}\n{errors}");
        let said = complaint(&output);
        // A video or a prediction that is none may stop a tool before a bad line does.
        let has_own_reason = code == 6 && said.is_none() && own_reasons == OwnReasons::MayCount;
        if place == 0 {
            expected = said;
        } else if !has_own_reason {
            assert_eq!(said, expected, "{what}: {reader}: {code}\n{errors}");
        }
    }
    expected
}

fn world() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(folder.path().join("data/training_data")).expect("a folder");
    fs::write(folder.path().join("wo.toml"), "").expect("settings");
    folder
}

#[test]
fn streams_out_of_order_are_refused_by_all_tools_in_the_same_words() {
    let folder = world();
    let whole = whole();
    assert_eq!(
        read_by_all(folder.path(), &whole, "whole", OwnReasons::MayCount),
        None
    );
    let moved = |from: usize, to: usize| {
        let mut lines = whole.clone();
        let line = lines.remove(from);
        lines.insert(to, line);
        lines
    };
    let mut without = whole.clone();
    without.remove(1);
    let mut cut = whole.clone();
    cut.pop();
    let twice = [&whole[..4], &whole[..]].concat();
    let after = [&whole[..], &whole[2..3]].concat();
    for (what, lines, expected) in [
        (
            "a frame before its video",
            moved(2, 1),
            "a `frame` record of video a, and no `video` record of it came before",
        ),
        (
            "a frame behind another video",
            moved(3, 5),
            "a `frame` record of video a, whose `video` record is line 2, and line 4 came between",
        ),
        (
            "a frame whose video never comes",
            without,
            "a `frame` record of video a, and no `video` record of it came before",
        ),
        ("no end", cut, "the stream was cut"),
        ("a begin in the middle", twice, "the stream was cut"),
        (
            "a frame after the end",
            after,
            "a `frame` record with no `begin` record before it",
        ),
    ] {
        let said = read_by_all(folder.path(), &lines, what, OwnReasons::AreNone);
        let said = said.unwrap_or_default();
        assert!(said.contains(expected), "{what}: {said}");
    }
    // Streams of several runs may follow one another.
    let both = [&whole[..], &whole[..]].concat();
    assert_eq!(
        read_by_all(folder.path(), &both, "two streams", OwnReasons::MayCount),
        None
    );
}

#[test]
fn streams_with_wounds_are_read_by_all_tools_in_the_same_way() {
    let folder = world();
    let mut n_refused = 0;
    let n_seeds = if is_full() { 400 } else { 8 };
    for seed in 0..n_seeds {
        let mut lines = whole();
        let what = wound_lines(&mut lines, &mut Random::new(seed));
        let what = format!("seed {seed}: {what}");
        let said = read_by_all(folder.path(), &lines, &what, OwnReasons::MayCount);
        n_refused += u64::from(said.is_some());
    }
    assert!(n_refused > n_seeds / 4, "{n_refused} of {n_seeds}");
}

#[test]
fn a_bad_stream_can_be_skipped_with_its_failures_counted() {
    let folder = world();
    let mut lines = whole();
    lines.swap(1, 2);
    let text = lines.iter().map(|line| format!("{line}\n"));
    fs::write(folder.path().join("in.ndjson"), text.collect::<String>()).expect("a stream");
    let output = bash(folder.path(), "wo-describe --on-error skip in.ndjson");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).expect("records are UTF-8");
    assert_eq!(records(&text, "frame").len(), 5);
    let errors = records(&text, "error");
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().any(|it| it["code"] == "bad_line"));
}
