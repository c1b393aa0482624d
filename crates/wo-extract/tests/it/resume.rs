//! A second run over a folder does only what is new, whatever became of the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::harness::{command, extract, is_full, read, test_worker};
use crate::videos;

/// The hashes of all files under `dir` but the state, by their paths in it.
fn contents(dir: &Path) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| entry.file_name() != ".wo-extract.ndjson")
        .map(|entry| {
            let name = entry.path().strip_prefix(dir).unwrap();
            (name.to_str().unwrap().to_owned(), hash(entry.path()))
        })
        .collect()
}

fn hash(file: &Path) -> String {
    blake3::hash(&std::fs::read(file).unwrap()).to_string()
}

/// Runs with a decoder that refuses all files: what is decoded all the same fails.
fn without_decoders(dir: &Path, args: &[&str]) -> crate::harness::Stream {
    let worker = test_worker(dir, "refuse");
    extract(dir, &[args, &["--worker", &worker]].concat(), 0)
}

#[test]
fn what_is_finished_is_not_decoded_again() {
    let dir = wo_testkit::tempdir().unwrap();
    let video = |name: &str| dir.path().join("v/squat/bad_form").join(name);
    videos::plain(&video("a.mp4"), 4, "ball");
    videos::plain(&video("b.mp4"), 4, "snow");
    let args = ["v", "--out", "out"];
    let first = extract(dir.path(), &args, 0);
    let before = contents(&dir.path().join("out"));
    let second = without_decoders(dir.path(), &args);
    assert_eq!(
        (second.videos, second.frames),
        (first.videos.clone(), first.frames.clone())
    );
    assert_eq!(contents(&dir.path().join("out")), before);

    // Records that are lost come back from the state, and a group that is new is told.
    let records = dir.path().join("out/records.ndjson");
    let lines = || {
        let text = std::fs::read_to_string(&records).unwrap();
        text.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let all_lines = lines();
    std::fs::remove_file(&records).unwrap();
    without_decoders(dir.path(), &args);
    // Videos come back in the order of their ids, which are hashes of files that differ from run to run.
    assert_eq!(lines(), all_lines);
    let without_records = |mut contents: BTreeMap<String, String>| {
        contents.remove("records.ndjson");
        contents
    };
    assert_eq!(
        without_records(contents(&dir.path().join("out"))),
        without_records(before.clone())
    );
    std::fs::write(
        dir.path().join("v/groups.csv"),
        "path,person_id,source_id\nsquat/bad_form/a.mp4,anna,\n",
    )
    .unwrap();
    without_decoders(dir.path(), &args);
    let records = read(std::fs::read(dir.path().join("out/records.ndjson")).unwrap());
    let persons = records
        .videos
        .iter()
        .filter_map(|it| it.person_id.as_deref());
    assert_eq!(persons.collect::<Vec<_>>(), ["anna"]);
    assert_eq!(records.frames.len(), first.frames.len());

    // An image that is not as it was is made anew, and so is a video whose settings or labels changed.
    let image = first.frames[0].file();
    std::fs::write(dir.path().join(image), "scribble").unwrap();
    extract(dir.path(), &args, 0);
    assert_eq!(
        hash(&dir.path().join(image)),
        before[image.strip_prefix("out/").unwrap()]
    );
    let fewer = extract(
        dir.path(),
        &["v", "--out", "out", "--frames-per-video", "2"],
        0,
    );
    assert_eq!(fewer.frames.len(), 4);
    std::fs::rename(
        dir.path().join("v/squat/bad_form"),
        dir.path().join("v/squat/good_form"),
    )
    .unwrap();
    let moved = extract(
        dir.path(),
        &["v", "--out", "out", "--frames-per-video", "2"],
        0,
    );
    assert!(
        moved
            .frames
            .iter()
            .all(|frame| frame.file().contains("squat_good/"))
    );
}

#[test]
fn what_a_person_wrote_into_the_records_stays() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 2, "ball");
    extract(dir.path(), &["v", "--out", "out"], 0);
    let records = dir.path().join("out/records.ndjson");
    let text = std::fs::read_to_string(&records).unwrap();
    let described = text.replace("\"description\":null", "\"description\":\"knees cave in\"");
    assert_ne!(text, described);
    std::fs::write(&records, &described).unwrap();
    extract(dir.path(), &["v", "--out", "out"], 0);
    assert_eq!(std::fs::read_to_string(&records).unwrap(), described);
}

#[test]
fn a_failed_file_is_tried_again_only_when_asked() {
    let dir = wo_testkit::tempdir().unwrap();
    let broken = dir.path().join("v/squat/bad_form/a.mp4");
    videos::plain(&broken, 4, "ball");
    let worker = test_worker(dir.path(), "refuse");
    extract(dir.path(), &["v", "--out", "out", "--worker", &worker], 3);
    let again = extract(dir.path(), &["v", "--out", "out"], 3);
    assert_eq!((again.errors.len(), again.videos.len()), (1, 0));
    let retried = extract(dir.path(), &["v", "--out", "out", "--retry-failed"], 0);
    assert_eq!((retried.errors.len(), retried.videos.len()), (0, 1));
    let records = read(std::fs::read(dir.path().join("out/records.ndjson")).unwrap());
    assert_eq!((records.errors.len(), records.videos.len()), (0, 1));
}

#[test]
fn pruning_takes_away_what_is_gone_from_the_folders_given() {
    let dir = wo_testkit::tempdir().unwrap();
    for name in [
        "v/squat/bad_form/a.mp4",
        "v/squat/bad_form/b.mp4",
        "w/squat/good_form/c.mp4",
    ] {
        let pattern = if name.ends_with("a.mp4") {
            "ball"
        } else {
            "snow"
        };
        let n_frames = if name.starts_with('w') { 3 } else { 2 };
        videos::plain(&dir.path().join(name), n_frames, pattern);
    }
    extract(dir.path(), &["v", "w", "--out", "out"], 0);
    std::fs::remove_file(dir.path().join("v/squat/bad_form/a.mp4")).unwrap();
    std::fs::remove_file(dir.path().join("w/squat/good_form/c.mp4")).unwrap();
    extract(dir.path(), &["v", "--out", "out"], 0);
    let videos = || {
        let records = read(std::fs::read(dir.path().join("out/records.ndjson")).unwrap());
        let mut names: Vec<String> = records
            .videos
            .iter()
            .map(|video| video.path.to_string())
            .collect();
        names.sort();
        names
    };
    assert_eq!(videos().len(), 3);
    extract(dir.path(), &["v", "--out", "out", "--prune"], 0);
    // `w` was not given, so nothing is said about it.
    assert_eq!(
        videos(),
        ["\"v/squat/bad_form/b.mp4\"", "\"w/squat/good_form/c.mp4\""]
    );
    let n_pictures = contents(&dir.path().join("out"))
        .keys()
        .filter(|name| name.contains(".jpg"))
        .count();
    assert_eq!(n_pictures, 2 + 3);
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let dir = wo_testkit::tempdir().unwrap();
    for (i, pattern) in ["ball", "snow", "smpte", "gradient", "circular"]
        .iter()
        .enumerate()
    {
        let label = if i % 2 == 0 { "good_form" } else { "bad_form" };
        videos::plain(
            &dir.path().join(format!("v/squat/{label}/{i}.mp4")),
            4,
            pattern,
        );
    }
    std::fs::write(dir.path().join("v/squat/bad_form/text.mp4"), "no video").unwrap();
    extract(dir.path(), &["v", "--out", "undisturbed"], 3);
    let mut n_killed = 0;
    for i in 0..if is_full() { 500u64 } else { 20 } {
        let mut child = command(dir.path(), &["v", "--out", "out", "-j", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(40 + 97 * i % 800));
        n_killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // Half of them go on where the last was killed, half start again.
        if i % 2 == 1 {
            let _ = std::fs::remove_dir_all(dir.path().join("out"));
        }
    }
    assert!(
        n_killed >= 5,
        "only {n_killed} runs were long enough to be killed"
    );
    let mut child = command(dir.path(), &["v", "--out", "out"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(250));
    child.kill().unwrap();
    child.wait().unwrap();
    extract(dir.path(), &["v", "--out", "out"], 3);
    assert_eq!(
        contents(&dir.path().join("out")),
        contents(&dir.path().join("undisturbed"))
    );
}

/// A run over a folder that was filled before is killed when it has taken the videos. The next ends as an undisturbed one.
fn is_finished_as_if_undisturbed(label: &str, args: &[&str]) {
    let dir = wo_testkit::tempdir().unwrap();
    let folder = |label: &str| dir.path().join("v/squat").join(label);
    for (name, pattern) in [("a.mp4", "ball"), ("b.mp4", "snow"), ("c.mp4", "smpte")] {
        videos::plain(&folder("bad_form").join(name), 4, pattern);
    }
    let mut of_out = vec!["v", "--out", "out", "-j", "1"];
    extract(dir.path(), &of_out, 0);
    if label != "bad_form" {
        std::fs::rename(folder("bad_form"), folder(label)).unwrap();
    }
    let copied = std::process::Command::new("cp")
        .args(["-a", "out", "undisturbed"])
        .current_dir(dir.path())
        .status();
    assert!(copied.unwrap().success());
    of_out.extend(args);
    let mut undisturbed = of_out.clone();
    undisturbed[2] = "undisturbed";
    extract(dir.path(), &undisturbed, 0);

    // The last file keeps the decoder busy until the run is killed.
    let busy = folder(label).join("z.mp4");
    std::fs::write(&busy, "wo-test sleep").unwrap();
    let state = dir.path().join("out/.wo-extract.ndjson");
    let n_lines = || std::fs::read_to_string(&state).unwrap().lines().count();
    let n_before = n_lines();
    let worker = test_worker(dir.path(), "worker");
    let mut child = command(dir.path(), &[&of_out[..], &["--worker", &worker]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while n_lines() < n_before + 3 {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "three are taken"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(busy).unwrap();
    // Nothing is decoded again.
    without_decoders(dir.path(), &of_out);
    assert_eq!(
        contents(&dir.path().join("out")),
        contents(&dir.path().join("undisturbed")),
        "{label} {args:?}"
    );
}

#[test]
fn other_labels_and_settings_are_in_force_after_a_kill() {
    is_finished_as_if_undisturbed("good_form", &[]);
    is_finished_as_if_undisturbed("bad_form", &["--frames-per-video", "2"]);
    is_finished_as_if_undisturbed("bad_form", &["--size", "64"]);
    is_finished_as_if_undisturbed("good_form", &["--frames-per-video", "3"]);
}

#[test]
fn a_line_that_a_crash_cut_off_is_forgotten() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 2, "ball");
    extract(dir.path(), &["v", "--out", "out"], 0);
    let state = dir.path().join("out/.wo-extract.ndjson");
    let whole = std::fs::read(&state).unwrap();
    std::fs::write(&state, &whole[..whole.len() / 2]).unwrap();
    extract(dir.path(), &["v", "--out", "out"], 0);
    assert_eq!(std::fs::read(&state).unwrap(), whole);
}
