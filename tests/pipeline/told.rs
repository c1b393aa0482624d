//! What people write into a folder, slips of the hand included: each of it is in force in all five tools, or is named by the
//! first that meets it, with what to do.

mod copies;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{bash, records};

/// A run: what it said, and its records.
struct ToolRun {
    status: i32,
    stderr: String,
    stdout: String,
}

fn run(folder: &Path, line: &str) -> ToolRun {
    let output = bash(folder, line);
    ToolRun {
        status: output.status.code().expect("no signal"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        stdout: String::from_utf8(output.stdout).expect("records are UTF-8"),
    }
}

impl ToolRun {
    /// Each of these is in what it said.
    fn names(&self, parts: &[&str]) {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "no `{part}` in:\n{}",
                self.stderr
            );
        }
    }
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rename(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("make it");
    fs::rename(from, to).expect("move a video");
}

/// The same picture in other bytes: a box that no reader looks at.
fn vary(from: &Path, to: &Path, mark: [u8; 4]) {
    let mut bytes = fs::read(from).expect("a video");
    bytes.extend(b"\0\0\0\x0cfree");
    bytes.extend(mark);
    fs::create_dir_all(to.parent().expect("a folder")).expect("make it");
    fs::write(to, bytes).expect("write a video");
}

/// What a tool holds of each video: its label, the faults, and how many frames.
type Told = BTreeMap<String, (String, BTreeSet<String>, usize)>;

fn told_by_frames(text: &str) -> Told {
    let mut told = Told::new();
    for frame in records(text, "frame") {
        let text = |name: &str| frame[name].as_str().unwrap_or("none").to_owned();
        let faults = frame["faults"].as_array().into_iter().flatten();
        let faults = faults
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let new = (text("label"), faults, 0);
        let of_video = told.entry(text("video_id")).or_insert_with(|| new.clone());
        assert_eq!((&of_video.0, &of_video.1), (&new.0, &new.1), "{frame}");
        of_video.2 += 1;
    }
    told
}

fn labels(told: &Told) -> BTreeMap<&str, &str> {
    told.iter()
        .map(|(id, (label, ..))| (id.as_str(), label.as_str()))
        .collect()
}

#[test]
fn whatever_a_person_writes_is_in_force_in_every_tool_or_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let draw = "wo-synth --out v --exercises squat --videos-per-class 8 --persons 8 --seed 3";
    assert_eq!(run(folder, draw).status, 0);
    let people = places(folder);
    let groups = extracted(folder, &people);
    let told = edited(folder, &groups);
    in_force_in_all(folder, &told);
    contradictions_stop_all(folder);
}

/// Mistakes in the places and names of files, and in `groups.csv`. Returns who is in which video.
fn places(folder: &Path) -> BTreeMap<PathBuf, &'static str> {
    let v = folder.join("v");
    let good = files(&v.join("squat/good_form"), "mp4");
    let bad = files(&v.join("squat/bad_form"), "mp4");
    // Labels by folders: a slip, none, a new one, one that the tools know.
    vary(&good[0], &v.join("squat/god_form/slip.mp4"), *b"slip");
    vary(&good[0], &v.join("squat/direct.mp4"), *b"dire");
    rename(&bad[7], &v.join("squat/wobbly/new.mp4"));
    rename(&bad[6], &v.join("squat/unclear/u.mp4"));
    // One video under two labels; a thumbnail; what is no video; what is hidden; a link; a broken file.
    fs::copy(&bad[5], v.join("squat/good_form/twice.mp4")).expect("copy");
    fs::write(good[1].with_extension("jpg"), "a thumbnail").expect("write");
    fs::write(v.join("squat/good_form/x.mp4.part"), "").expect("write");
    fs::write(v.join("squat/good_form/.y.mp4"), "").expect("write");
    fs::create_dir(folder.join("elsewhere")).expect("make");
    std::os::unix::fs::symlink(folder.join("elsewhere"), v.join("squat/good_form/link"))
        .expect("link");
    fs::write(v.join("squat/bad_form/broken.mp4"), "no video").expect("write");
    // Names as people spell them.
    let umlaut = v.join("squat/good_form/Mu\u{308}ller 01.mp4");
    rename(&good[2], &umlaut);
    let upper = v.join("squat/good_form/IMG_7.MP4");
    rename(&good[3], &upper);
    let table = [
        "PATH;Person;Angel;note".to_owned(),
        "squat/good_form/M\u{fc}ller 01.mp4;Anna M\u{fc}ller;side;".to_owned(),
        "squat\\good_form\\img_7.mp4;anna_muller;;".to_owned(),
        format!(
            "{};ben;;",
            good[4].file_name().expect("a name").to_string_lossy()
        ),
        format!("{};ben;;", good[5].with_extension("").display()),
        format!(
            "./{};carla;;",
            good[6].strip_prefix(&v).expect("below").display()
        ),
        format!(
            "v/{};carla;;",
            good[1].strip_prefix(&v).expect("below").display()
        ),
        "squat/good_form/Miller 01.mp4;dora;;".to_owned(),
    ];
    fs::write(v.join("groups.csv"), table.join("\r\n")).expect("write");
    [
        (umlaut, "Anna M\u{fc}ller"),
        (upper, "Anna M\u{fc}ller"),
        (good[4].clone(), "ben"),
        (good[5].clone(), "ben"),
        (good[6].clone(), "carla"),
        (good[1].clone(), "carla"),
    ]
    .into()
}

/// Takes frames. What is not in force is named; returns the group of each video by its id.
fn extracted(folder: &Path, people: &BTreeMap<PathBuf, &str>) -> BTreeMap<String, String> {
    let run = run(
        folder,
        "wo-extract v --frames-per-video 3 --size 128 --out f",
    );
    assert_eq!(run.status, 3, "{}", run.stderr);
    run.names(&[
        "v/squat/god_form: 1 file gets no label",
        "if you mean good_form, rename the folder",
        "v/squat: 1 file gets no label",
        "v/squat/wobbly: 1 file gets a new label",
        "two copies of a video",
        "twice.mp4 (squat/good_form",
        "thumbnail: ",
        "x.mp4.part",
        ".y.mp4",
        "not followed: v/squat/good_form/link",
        "broken.mp4",
        "the column `angel` is not read",
        "if you mean `angle`, rename it",
        "1 of 7 rows names no video",
        "Miller 01.mp4 (the nearest is squat/good_form/M",
        "\"Anna M\u{fc}ller\", \"anna_muller\" count as one id",
    ]);
    let videos = records(&run.stdout, "video");
    let mut groups = BTreeMap::new();
    for (path, person) in people {
        let path = path
            .strip_prefix(folder)
            .expect("below")
            .to_string_lossy()
            .into_owned();
        let video = videos.iter().find(|video| video["path"] == path.as_str());
        let video = video.unwrap_or_else(|| panic!("{path}: {}", run.stdout));
        assert_eq!(video["person_id"], *person, "{path}");
        let id = video["video_id"].as_str().expect("an id").to_owned();
        groups.insert(id, (*person).to_owned());
    }
    // The conflict is mended; the file that is broken goes, and its error with it.
    fs::remove_file(folder.join("v/squat/good_form/twice.mp4")).expect("remove");
    fs::remove_file(folder.join("v/squat/bad_form/broken.mp4")).expect("remove");
    let again = self::run(
        folder,
        "wo-extract v --frames-per-video 3 --size 128 --out f > /dev/null",
    );
    assert_eq!(again.status, 0, "{}", again.stderr);
    again.names(&["--prune"]);
    let pruned = "wo-extract v --frames-per-video 3 --size 128 --out f --prune > /dev/null";
    assert_eq!(self::run(folder, pruned).status, 0);
    let described = "wo-describe f/records.ndjson -o f/records.ndjson";
    assert_eq!(self::run(folder, described).status, 0);
    groups
}

/// Edits the tables and the images as people and spreadsheets do. Returns what the tools are to hold of each video.
fn edited(folder: &Path, groups: &BTreeMap<String, String>) -> Told {
    let f = folder.join("f");
    let text = fs::read_to_string(f.join("records.ndjson")).expect("records");
    let mut told = told_by_frames(&text);
    let ids = |label: &str| -> Vec<String> {
        let of_label = told.iter().filter(|(_, (of, ..))| of == label);
        of_label.map(|(id, _)| id.clone()).collect()
    };
    let (good, bad) = (ids("good_form"), ids("bad_form"));
    assert!(
        good.len() == 8 && bad.len() == 6 && groups.len() == 6,
        "{good:?} {bad:?}"
    );
    let read = |name: &str| fs::read_to_string(f.join(name)).expect("a table");
    let is_of = |line: &str, id: &str| line.contains(&id[..16]);
    // The bad ones: a label, with each path spelt otherwise, faults, slips.
    let mut table: Vec<String> = read("squat_bad_form.csv")
        .lines()
        .map(str::to_owned)
        .collect();
    "Frame_Path\tLABEL\tdescription\tFaults".clone_into(&mut table[0]);
    let absolute = f.canonicalize().expect("a path");
    for line in &mut table[1..] {
        let cells: Vec<&str> = line.split(',').collect();
        let path = cells[0];
        let (label, faults) = if is_of(line, &bad[0]) {
            ("good", "")
        } else {
            (cells[1], "")
        };
        let spelt = |id: usize| is_of(line, &bad[id]);
        let (path, label, faults) = if spelt(1) {
            (format!("./{path}"), "GoodForm", faults)
        } else if spelt(2) {
            (absolute.join(path).display().to_string(), "unclear", faults)
        } else if spelt(3) {
            (path.replace('/', "\\").to_uppercase(), label, "heels lift")
        } else if spelt(4) {
            (path.to_owned(), "god_form", faults)
        } else if spelt(5) {
            (path.to_owned(), "shaky", faults)
        } else {
            (path.to_owned(), label, faults)
        };
        *line = format!("{path}\t{label}\t\t{faults}");
    }
    let units: Vec<u8> = format!("\u{feff}{}\r\n", table.join("\r\n"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(f.join("squat_bad_form.csv"), units).expect("write");
    // The good ones: rows and images go, a row names nothing, faults beside a good label.
    let mut table = read("squat_good_form.csv").replace("description", "description,faults");
    let of_first: Vec<String> = table
        .lines()
        .filter(|line| is_of(line, &good[0]))
        .map(str::to_owned)
        .collect();
    table = table.replace(&format!("{}\n", of_first[1]), "");
    let lines: Vec<String> = table
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => line.to_owned(),
            _ if is_of(line, &good[1]) => format!("{line},knees_cave"),
            _ => format!("{line},"),
        })
        .collect();
    fs::write(
        f.join("squat_good_form.csv"),
        lines.join("\n") + "\nframes_squat_good/none.jpg,bad,,\n",
    )
    .expect("write");
    let image = files(&f.join("frames_squat_good"), "jpg");
    let image = image
        .iter()
        .find(|path| is_of(&path.to_string_lossy(), &good[2]));
    fs::remove_file(image.expect("an image")).expect("remove");
    fs::write(f.join("labels.xlsx"), "PK\x03\x04").expect("write");
    fs::write(f.join("old.txt"), "frame_path\tlabel\n").expect("write");
    let inside = f.join("frames_squat_good/mine.csv");
    fs::write(inside, "frame_path,label\n").expect("write");

    let mut set = |id: &str, label: &str, faults: &[&str]| {
        let of_video = told.get_mut(id).expect("a video");
        label.clone_into(&mut of_video.0);
        of_video.1 = faults.iter().map(|&fault| fault.to_owned()).collect();
    };
    set(&bad[0], "good_form", &[]);
    set(&bad[1], "good_form", &[]);
    set(&bad[2], "unclear", &[]);
    set(&bad[3], "bad_form", &["heels_lift"]);
    set(&bad[5], "shaky", &[]);
    told.get_mut(&good[0]).expect("a video").2 -= 1;
    told.get_mut(&good[2]).expect("a video").2 -= 1;
    told
}

/// All five tools hold the same, and each says what is not in force.
fn in_force_in_all(folder: &Path, told: &Told) {
    let troubles = [
        "`god_form` is no label",
        "if you mean `good_form`, write that",
        "new label shaky",
        "faults beside a label other than bad_form",
        "rows names no frame",
        "frames_squat_good/none.jpg (the nearest is",
        "labels.xlsx is a workbook",
        "old.txt is a table of frames and is not read",
        "mine.csv is not read: tables lie beside",
    ];
    // The readers first: nothing was moved into the trash yet.
    let described = run(folder, "wo-describe f/records.ndjson");
    assert_eq!(described.status, 0, "{}", described.stderr);
    described.names(&troubles);
    described.names(&["1 without an image, 1 without a row"]);
    assert_eq!(&told_by_frames(&described.stdout), told);
    for frame in records(&described.stdout, "frame") {
        let words = frame["description"].as_str().unwrap_or_default();
        let is_bad = frame["label"] == "bad_form";
        assert_eq!(
            is_bad,
            words.contains("bad form") || !frame["faults"].as_array().expect("a list").is_empty(),
            "{frame}"
        );
    }
    let trained = run(
        folder,
        "wo-train --data-dir f --output m --method probe --validation 0 --test 0 > /dev/null",
    );
    assert_eq!(trained.status, 0, "{}", trained.stderr);
    trained.names(&troubles);
    let model: Value =
        serde_json::from_slice(&fs::read(folder.join("m/wo.json")).expect("a model"))
            .expect("JSON");
    let mut of_model = BTreeMap::new();
    for video in model["videos"].as_array().expect("a list") {
        let text = |name: &str| video[name].as_str().expect("text");
        of_model.insert(text("video_id"), text("label"));
        let faults = video["faults"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let faults: BTreeSet<String> = faults.map(str::to_owned).collect();
        assert_eq!(faults, told[text("video_id")].1, "{video}");
    }
    let mut trains = labels(told);
    trains.retain(|id, label| {
        *label != "none" && of_model.contains_key(id)
            || *label == "good_form"
            || *label == "bad_form"
    });
    assert_eq!(of_model, trains);
    let judged = run(folder, "wo-eval --model m --data-dir f --allow-seen --json");
    judged.names(&troubles);
    let mut n_judged = 0;
    for verdict in records(&judged.stdout, "verdict") {
        let id = verdict["video_id"].as_str().expect("an id");
        if let Some(label) = verdict["true_label"].as_str() {
            assert_eq!(label, told[id].0, "{verdict}");
            n_judged += 1;
        }
        assert_eq!(verdict["n_frames"], told[id].2, "{verdict}");
    }
    assert!(n_judged >= 10, "{n_judged}: {}", judged.stderr);
    let reviewed = run(folder, "wo-review export f --to ndjson");
    assert_eq!(reviewed.status, 0, "{}", reviewed.stderr);
    reviewed.names(&troubles);
    assert_eq!(&told_by_frames(&reviewed.stdout), told);
    // At last the tool that keeps the folder: its stream says the same, and what was deleted is not made anew.
    let extract = "wo-extract v --frames-per-video 3 --size 128 --out f";
    let extracted = run(folder, extract);
    assert_eq!(extracted.status, 0, "{}", extracted.stderr);
    extracted.names(&troubles);
    let is_in_folder: BTreeSet<&String> = told.keys().collect();
    let mut of_stream = told_by_frames(&extracted.stdout);
    of_stream.retain(|id, _| is_in_folder.contains(id));
    assert_eq!(labels(&of_stream), labels(told));
    let n_frames = |told: &Told| told.values().map(|of| of.2).collect::<Vec<_>>();
    assert_eq!(n_frames(&of_stream), n_frames(told));
    let again = run(folder, "wo-describe f/records.ndjson");
    assert_eq!(&told_by_frames(&again.stdout), told);
    let whole = run(folder, &format!("{extract} --restore"));
    let n_whole: usize = told_by_frames(&whole.stdout).values().map(|of| of.2).sum();
    let n_told: usize = told.values().map(|of| of.2).sum();
    assert_eq!(n_whole, n_told + 2, "{}", whole.stderr);
}

/// The line stops since `squat_good_form (1).csv` says otherwise than the table that it is a copy of.
fn is_contradiction(folder: &Path, line: &str) {
    let stopped = run(folder, line);
    assert_eq!(stopped.status, 6, "{line}: {}", stopped.stderr);
    stopped.names(&[
        "two tables contradict each other",
        "squat_good_form (1).csv:2",
        "delete the table that is a copy",
    ]);
}

/// A copy of a table that says something else stops each tool, since nobody can know which counts.
fn contradictions_stop_all(folder: &Path) {
    let table = fs::read_to_string(folder.join("f/squat_good_form.csv")).expect("a table");
    let copy = folder.join("f/squat_good_form (1).csv");
    fs::write(&copy, table.replace(",good_form,", ",unclear,")).expect("write");
    for line in [
        "wo-extract v --frames-per-video 3 --size 128 --out f",
        "wo-describe f/records.ndjson",
        "wo-train --data-dir f --output m2 --method probe --validation 0 --test 0",
        "wo-eval --model m --data-dir f --allow-seen",
        "wo-review export f --to ndjson",
    ] {
        is_contradiction(folder, line);
    }
    fs::remove_file(copy).expect("remove");
    assert_eq!(run(folder, "wo-review export f --to ndjson").status, 0);
}
