//! What people change in the folder of `--out` between two runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Stream, extract, read, tool};
use crate::videos;

/// A folder with a good and a bad squat, and their frames in `out`.
fn folder() -> wo_testkit::TempDir {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 6, "ball");
    videos::plain(&dir.path().join("v/squat/good_form/b.mp4"), 6, "snow");
    assert_eq!(run(dir.path(), &[]).frames.len(), 12);
    dir
}

fn run(dir: &Path, more: &[&str]) -> Stream {
    let args = [&["v", "--out", "out"], more].concat();
    extract(dir, &args, 0)
}

/// What the run says.
fn said(dir: &Path, more: &[&str]) -> (String, Stream) {
    let args = [&["v", "--out", "out"], more].concat();
    let output = tool(dir, &args).run();
    (output.stderr, read(&output.stdout))
}

fn records(dir: &Path) -> Stream {
    read(fs::read(dir.join("out/records.ndjson")).unwrap())
}

fn table(dir: &Path) -> String {
    fs::read_to_string(dir.join("out/squat_bad_form.csv")).unwrap()
}

fn images(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("out/frames_squat_bad")).unwrap();
    let mut images: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    images.sort();
    images
}

/// Writes into the records what `wo-describe` does in place.
fn describe(dir: &Path, write: impl Fn(&mut serde_json::Value)) {
    let path = dir.join("out/records.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        if record["type"] == "frame" && record["exercise"] == "squat" {
            write(&mut record);
        }
        record.to_string()
    });
    let lines: Vec<String> = lines.collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn what_was_described_does_not_outlast_the_folder_or_the_row_it_came_from() {
    let dir = wo_testkit::tempdir().unwrap();
    let at = |name: &str| dir.path().join("v/squat/bad_form").join(name);
    videos::plain(&at("knees_cave/a.mp4"), 2, "ball");
    videos::plain(&dir.path().join("v/squat/good_form/b.mp4"), 2, "snow");
    run(dir.path(), &[]);
    describe(dir.path(), |frame| {
        if frame["label"] == "bad_form" {
            frame["faults"] = serde_json::json!(["knees_cave"]);
            frame["description"] = "knees in".into();
        } else {
            // A row said so, and was put back.
            frame["label"] = "unclear".into();
            frame["label_origin"] = "csv".into();
            frame["description"] = "hard to tell".into();
        }
    });
    run(dir.path(), &[]);
    let told = |name: &str| {
        let stream = records(dir.path());
        let video = stream
            .videos
            .iter()
            .find(|it| it.path.as_str().unwrap().ends_with(name));
        let id = &video.unwrap().video_id;
        let frames = stream.frames.iter().filter(|it| it.video_id == *id);
        let told: Vec<_> = frames
            .map(|it| {
                let words = it.description.clone().unwrap();
                (it.label.clone().unwrap(), it.faults.clone(), words)
            })
            .collect();
        assert!(told.len() == 2 && told[0] == told[1], "{told:?}");
        told[0].clone()
    };
    let (label, faults, words) = told("a.mp4");
    assert_eq!(
        (label.as_str(), faults),
        ("bad_form", vec!["knees_cave".into()])
    );
    assert_eq!(words, "knees in", "words that fit stay");
    let (label, _, words) = told("b.mp4");
    assert_eq!(label, "good_form");
    assert_ne!(words, "hard to tell");

    fs::rename(at("knees_cave"), at("shallow_depth")).unwrap();
    run(dir.path(), &[]);
    let (label, faults, words) = told("a.mp4");
    assert_eq!(
        (label.as_str(), faults),
        ("bad_form", vec!["shallow_depth".into()])
    );
    assert_ne!(words, "knees in");
}

#[test]
fn rows_that_were_there_before_the_frames_are_in_force() {
    let dir = folder();
    let out = dir.path().join("out");
    let rows = table(dir.path()).replacen(",bad_form,", ",good,chest up", 1);
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.remove(2);
    fs::remove_dir_all(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(
        out.join("squat_bad_form.csv"),
        rows.join("\n") + "\nx.jpg,bad,\n",
    )
    .unwrap();
    let (words, stream) = said(dir.path(), &[]);
    assert!(words.contains("1 of 13 rows"), "{words}");
    assert!(words.contains("x.jpg"), "{words}");
    assert!(words.contains("7 frames had no row and got one"), "{words}");
    let good = |frame: &&crate::harness::Frame| frame.description.as_deref() == Some("chest up");
    assert_eq!(stream.frames.iter().filter(good).count(), 1);
    assert_eq!(table(dir.path()).lines().count(), 8);
}

#[test]
fn a_corrected_row_stays_and_is_in_force_in_the_stream() {
    let dir = folder();
    let path = dir.path().join("out/squat_bad_form.csv");
    let edited = table(dir.path()).replacen(",bad_form,", ",good,chest up", 1) + "# no frame,,\n";
    fs::write(&path, &edited).unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/c.mp4"), 2, "smpte");
    let (words, stream) = said(dir.path(), &[]);
    let rows = edited.split_once('\n').unwrap().1;
    assert!(table(dir.path()).contains(rows), "{}", table(dir.path()));
    assert_eq!(
        table(dir.path()).lines().count(),
        edited.lines().count() + 2
    );
    assert!(
        words.contains("1 of 13 rows names no frame") && words.contains("# no frame"),
        "{words}"
    );
    let good: Vec<_> = stream
        .frames
        .iter()
        .filter(|frame| frame.label_origin.as_deref() == Some("csv"))
        .collect();
    assert_eq!(good.len(), 1);
    assert_eq!(good[0].label.as_deref(), Some("good_form"));
    assert_eq!(good[0].description.as_deref(), Some("chest up"));
}

#[test]
fn rows_and_images_that_are_deleted_stay_deleted_until_they_are_wanted_back() {
    let dir = folder();
    let before = fs::read(dir.path().join("out/records.ndjson")).unwrap();
    let whole = table(dir.path());
    let mut rows: Vec<&str> = whole.lines().collect();
    rows.remove(2);
    fs::write(
        dir.path().join("out/squat_bad_form.csv"),
        rows.join("\n") + "\n",
    )
    .unwrap();
    fs::remove_file(&images(dir.path())[4]).unwrap();
    let (words, stream) = said(dir.path(), &[]);
    assert!(
        words.contains("1 without an image, 1 without a row"),
        "{words}"
    );
    assert!(words.contains("--restore"), "{words}");
    let check = |stream: &Stream| {
        assert_eq!(stream.frames.len(), 10);
        let of_a: Vec<u32> = stream
            .frames
            .iter()
            .filter(|frame| frame.label.as_deref() == Some("bad_form"))
            .map(|frame| frame.index)
            .collect();
        assert_eq!(of_a, [0, 2, 3, 5]);
        let n_frames: Vec<_> = stream.videos.iter().map(|video| video.n_frames).collect();
        assert_eq!(n_frames, [Some(4), Some(6)]);
    };
    check(&stream);
    check(&records(dir.path()));
    // Again, and under other settings, at which the same moments are met.
    check(&run(dir.path(), &[]));
    check(&run(dir.path(), &["--size", "64"]));
    check(&records(dir.path()));
    assert_eq!(images(dir.path()).len(), 4);
    assert_eq!(table(dir.path()).lines().count(), 5);

    assert_eq!(run(dir.path(), &["--restore"]).frames.len(), 12);
    assert_eq!(
        fs::read(dir.path().join("out/records.ndjson")).unwrap(),
        before
    );
    assert_eq!(table(dir.path()), whole);
    assert_eq!(run(dir.path(), &[]).frames.len(), 12);
}

#[test]
fn a_table_that_is_gone_deletes_nothing() {
    let dir = folder();
    let whole = table(dir.path());
    fs::remove_file(dir.path().join("out/squat_bad_form.csv")).unwrap();
    let (words, stream) = said(dir.path(), &[]);
    assert_eq!(stream.frames.len(), 12);
    assert!(
        words.contains("out: 6 frames had no row and got one"),
        "{words}"
    );
    assert_eq!(table(dir.path()), whole);
}

#[test]
fn tables_that_contradict_each_other_stop_the_run() {
    let dir = folder();
    let copy = table(dir.path()).replacen(",bad_form,", ",unclear,", 1);
    fs::write(dir.path().join("out/squat_bad_form (1).csv"), copy).unwrap();
    let output = tool(dir.path(), &["v", "--out", "out"]).run();
    let words = &output.stderr;
    assert_eq!(output.status, 6, "{words}");
    for part in ["squat_bad_form (1).csv:2", "squat_bad_form.csv:2", "hint:"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn errors_of_files_that_are_gone_go_with_prune() {
    let dir = folder();
    let broken = dir.path().join("v/squat/bad_form/broken.mp4");
    fs::write(&broken, "no video").unwrap();
    extract(dir.path(), &["v", "--out", "out"], 3);
    fs::remove_file(&broken).unwrap();
    let (words, _) = said(dir.path(), &[]);
    assert!(words.contains("--prune"), "{words}");
    assert_eq!(records(dir.path()).errors.len(), 1);
    // Spelt otherwise it is the same folder.
    extract(dir.path(), &["./v/../v", "--out", "out", "--prune"], 0);
    assert_eq!(records(dir.path()).errors.len(), 0);
    assert_eq!(records(dir.path()).frames.len(), 12);
}

#[test]
fn one_video_under_two_labels_is_neither() {
    let dir = folder();
    let copy = dir.path().join("v/squat/good_form/copy.mp4");
    fs::copy(dir.path().join("v/squat/bad_form/a.mp4"), &copy).unwrap();
    for _ in 0..2 {
        let stream = extract(dir.path(), &["v", "--out", "out"], 3);
        assert_eq!((stream.videos.len(), stream.errors.len()), (1, 2));
        for error in &stream.errors {
            assert_eq!(error.code, "label_conflict");
            for path in ["bad_form/a.mp4", "good_form/copy.mp4"] {
                assert!(error.what.contains(path), "{}", error.what);
            }
        }
        assert_eq!(records(dir.path()).frames.len(), 6);
    }
    fs::remove_file(copy).unwrap();
    assert_eq!(run(dir.path(), &[]).frames.len(), 12);
    assert_eq!(records(dir.path()).errors.len(), 0);

    // From two runs as well.
    fs::create_dir_all(dir.path().join("w/squat/good_form")).unwrap();
    let other = dir.path().join("w/squat/good_form/x.mp4");
    fs::copy(dir.path().join("v/squat/bad_form/a.mp4"), &other).unwrap();
    let stream = extract(dir.path(), &["w", "--out", "out"], 3);
    assert!(stream.errors[0].what.contains("v/squat/bad_form/a.mp4"));
    assert_eq!(records(dir.path()).frames.len(), 6);
}

#[test]
fn places_that_say_nothing_are_named_with_what_to_do() {
    let dir = folder();
    let v = dir.path().join("v");
    videos::plain(&v.join("squat/direct.mp4"), 2, "smpte");
    videos::plain(&v.join("squat/god_form/slip.mp4"), 3, "smpte");
    videos::plain(&v.join("squat/unclear/u.mp4"), 4, "smpte");
    videos::plain(&v.join("squat/wobbly/w.mp4"), 5, "smpte");
    fs::write(v.join("squat/good_form/b.jpg"), "thumbnail").unwrap();
    fs::write(v.join("squat/good_form/c.mp4.part"), "").unwrap();
    let (words, stream) = said(dir.path(), &[]);
    for part in [
        "v/squat/god_form: 1 file gets no label",
        "if you mean good_form, rename the folder",
        "v/squat: 1 file gets no label",
        "v/squat/wobbly: 1 file gets a new label",
        "its thumbnail: v/squat/good_form/b.jpg",
        "c.mp4.part",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let mut labels: Vec<_> = stream.videos.iter().map(|it| it.label.as_deref()).collect();
    labels.sort_unstable();
    let expected = [
        None,
        None,
        Some("bad_form"),
        Some("good_form"),
        Some("unclear"),
        Some("wobbly"),
    ];
    assert_eq!(labels, expected);

    // One level too high: what was written is no video.
    let output = tool(dir.path(), &["."]).run();
    assert_eq!(read(&output.stdout).videos.len(), 6);
    assert!(
        output
            .stderr
            .contains("skipped, since wo-extract wrote its frames")
    );
    let own = dir.path().join("out/frames_squat_bad");
    for at in [own.as_path(), &dir.path().join("out")] {
        let output = tool(at, &["."]).run();
        assert_eq!(output.status, 2, "{}", output.stderr);
        let cure = format!("wo-train --data-dir {}", dir.path().join("out").display());
        let cure = if at == own {
            cure
        } else {
            "--data-dir .".to_owned()
        };
        assert!(output.stderr.contains(&cure), "{}", output.stderr);
    }
    for (args, part) in [
        (&["out"][..], "wo-train --data-dir out"),
        (&["v", "--out", "v"][..], "--out data/labeled_frames"),
        (&["none", "nothing.mp4"][..], "no such file"),
    ] {
        let output = tool(dir.path(), args).run();
        assert_eq!(output.status, 2, "{args:?}");
        assert!(output.stderr.contains(part), "{}", output.stderr);
    }
}

#[test]
fn an_image_that_is_changed_is_made_anew_and_that_is_said() {
    let dir = folder();
    let image = &images(dir.path())[1];
    let before = fs::read(image).unwrap();
    fs::write(image, "cropped").unwrap();
    let (words, stream) = said(dir.path(), &[]);
    assert!(
        words.contains("was changed, so the frames of its video are taken again"),
        "{words}"
    );
    assert_eq!(
        (stream.frames.len(), fs::read(image).unwrap()),
        (12, before)
    );
}

#[test]
fn videos_without_a_label_are_named_where_tables_are_made() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/a.mp4"), 2, "ball");
    // Nothing here is labelled: new videos are to be judged.
    let output = tool(dir.path(), &["v"]).run();
    assert_eq!(output.stderr, "");
    let (words, _) = said(dir.path(), &[]);
    for part in ["v/squat: 1 file gets no label", "such as squat/good_form"] {
        assert!(words.contains(part), "{words}");
    }
}
