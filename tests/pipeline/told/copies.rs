//! Folders that were copied in part, tables alone, and what comes back: each says the same, or what it lacks.

use std::fs;
use std::path::Path;

use super::{is_contradiction, records, run, told_by_frames};

const EXTRACT: &str = "wo-extract v --frames-per-video 3 --size 128 --out f";

/// Four videos of two persons, and their frames in `f`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let draw = "wo-synth --out v --exercises squat --videos-per-class 2 --persons 2 --seed 3";
    for line in [draw, &format!("{EXTRACT} > /dev/null")] {
        let run = run(folder.path(), line);
        assert_eq!(run.status, 0, "{line}: {}", run.stderr);
    }
    folder
}

/// Rewrites the lines of a table, its first one too.
fn rewrite(table: &Path, line: impl Fn(usize, &str) -> Option<String>) {
    let text = fs::read_to_string(table).expect("a table");
    let lines = text.lines().enumerate();
    let lines: Vec<String> = lines.filter_map(|(i, it)| line(i, it)).collect();
    fs::write(table, lines.join("\n") + "\n").expect("write");
}

#[test]
fn a_copy_says_the_same_or_what_it_lacks() {
    let folder = folder();
    let folder = folder.path();
    let described = run(folder, "wo-describe f/records.ndjson");
    let told = told_by_frames(&described.stdout);
    assert_eq!(told.len(), 4, "{}", described.stdout);
    assert!(told.values().any(|of| !of.1.is_empty()), "{told:?}");
    // Faults that a file's place names are in what wo-review writes, though nobody described the folder.
    let exported = run(folder, "wo-review export f --to ndjson");
    assert_eq!(
        told_by_frames(&exported.stdout),
        told,
        "{}",
        exported.stderr
    );

    // Without hidden files the tables count, and what is missed cannot be told from what never was.
    let copied =
        "mkdir g h && cp -r f/frames_* f/*.csv f/records.ndjson g && cp -r f/frames_* f/*.csv h";
    assert_eq!(run(folder, copied).status, 0);
    let table = folder.join("g/squat_good_form.csv");
    rewrite(&table, |i, line| match i {
        1 => None,
        2 => Some(line.replace(",good_form,", ",unclear,")),
        _ => Some(line.to_owned()),
    });
    let cp = run(folder, "wo-describe g/records.ndjson");
    cp.names(&[
        "1 frame of g",
        ".wo-extract.ndjson is not there, so it is unknown",
        "cp COPY/.wo-extract.ndjson g",
    ]);
    let unclear = records(&cp.stdout, "frame");
    let unclear = unclear.iter().filter(|frame| frame["label"] == "unclear");
    assert_eq!(unclear.count(), 1);
    assert_eq!(
        run(folder, "cp g/records.ndjson g/described.ndjson").status,
        0
    );
    for line in [
        "wo-describe g/described.ndjson",
        "wo-describe < g/records.ndjson",
    ] {
        let unread = run(folder, line);
        unread.names(&["2 tables beside it are not read", "hint: give"]);
    }

    // Tables alone: a video is one video, whatever its frames are called.
    let alone = run(folder, "wo-review export h --to ndjson");
    let frames = records(&alone.stdout, "frame");
    let mut of_video = std::collections::BTreeMap::<String, usize>::new();
    for frame in &frames {
        let id = frame["video_id"].as_str().expect("an id").to_owned();
        *of_video.entry(id).or_default() += 1;
    }
    let n_frames: Vec<usize> = of_video.into_values().collect();
    assert_eq!(n_frames, [3, 3, 3, 3], "{}", alone.stderr);
    let bad = run(
        folder,
        "cp h/squat_good_form.csv 'h/squat_good_form (1).csv'",
    );
    assert_eq!(bad.status, 0);
    rewrite(&folder.join("h/squat_good_form (1).csv"), |_, line| {
        Some(line.replace(",good_form,", ",unclear,"))
    });
    for line in [
        "wo-review export h --to ndjson",
        "wo-train --data-dir h --output m --method probe --validation 0 --test 0",
    ] {
        is_contradiction(folder, line);
    }
}

#[test]
fn what_comes_back_is_what_a_person_left() {
    let folder = folder();
    let folder = folder.path();
    let f = folder.join("f");
    let table = f.join("squat_good_form.csv");
    rewrite(&table, |i, line| match i {
        1 => Some(line.replace(",good_form,", ",unclear,")),
        _ => Some(line.to_owned()),
    });
    let text = fs::read_to_string(&table).expect("a table");
    let row = text.lines().nth(1).expect("a row").to_owned();
    let image = row.split(',').next().expect("a path");
    fs::remove_file(f.join(image)).expect("delete an image");
    let deleted = run(folder, EXTRACT);
    deleted.names(&["1 frame counts as deleted", "stays deleted"]);
    assert_eq!(records(&deleted.stdout, "frame").len(), 11);
    // The row is put back by hand: it says nothing, and how it would.
    let without = fs::read_to_string(&table).expect("a table");
    fs::write(&table, format!("{without}{row}\n")).expect("write");
    let put_back = run(folder, "wo-describe f/records.ndjson");
    put_back.names(&["1 row is of a deleted frame", "--restore"]);
    fs::write(&table, without).expect("write");
    let restored = run(folder, &format!("{EXTRACT} --restore"));
    restored.names(&["1 frame restored"]);
    let now = fs::read_to_string(&table).expect("a table");
    assert!(now.contains(&row), "{row} is not in:\n{now}");
    let labels = records(&restored.stdout, "frame");
    let unclear = labels.iter().filter(|frame| frame["label"] == "unclear");
    assert_eq!(
        (labels.len(), unclear.count()),
        (12, 1),
        "{}",
        restored.stderr
    );

    // A row is deleted, and then its video goes: what is of it waits until it is there again.
    let bad = f.join("squat_bad_form.csv");
    let row = fs::read_to_string(&bad).expect("a table");
    let row = row.lines().nth(1).expect("a row").to_owned();
    let id = row.split('/').nth(1).expect("a name")[..16].to_owned();
    rewrite(&bad, |i, line| (i != 1).then(|| line.to_owned()));
    let deleted = run(folder, EXTRACT);
    deleted.names(&["stays deleted"]);
    let text = fs::read_to_string(f.join("records.ndjson")).expect("records");
    let is_of = |video: &&serde_json::Value| {
        let its = video["video_id"].as_str().expect("an id");
        its.starts_with(&id)
    };
    let videos = records(&text, "video");
    let video = videos.iter().find(is_of).expect("its video");
    let video = &folder.join(video["path"].as_str().expect("a path"));
    let aside = folder.join("aside.mp4");
    fs::rename(video, &aside).expect("move it");
    let pruned = run(folder, &format!("{EXTRACT} --prune=all > /dev/null"));
    assert_eq!(pruned.status, 0, "{}", pruned.stderr);
    let restored = run(folder, &format!("{EXTRACT} --restore > /dev/null"));
    restored.names(&["1 frame not restored"]);
    assert!(
        !restored.stderr.contains("frame restored"),
        "{}",
        restored.stderr
    );
    fs::rename(&aside, video).expect("move it");
    let restored = run(folder, &format!("{EXTRACT} --restore"));
    restored.names(&["1 frame restored"]);
    assert_eq!(records(&restored.stdout, "frame").len(), 12);
}
