//! What an output option names and is no regular file keeps its place: it is written through, or refused; and a run whose
//! result is elsewhere ends well though nobody reads its stdout.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use wo_testkit::stream;

use crate::{bash, ok, status, write};

/// Closes its end of the pipe at once. The tool finds that out when it writes.
const GONE: &str = "| (exec 0<&-; sleep 1)";

/// Each output option that names a file. `OUT` stands for it.
const FILES: [&str; 6] = [
    "wo-describe empty.ndjson -o OUT",
    "wo-eval --predictions one.ndjson -o OUT",
    "wo-eval --predictions one.ndjson --report OUT",
    "wo-review export good --to csv -o OUT",
    "wo-review export good --to ndjson -o OUT",
    "wo-review export good --to label-studio -o OUT",
];
/// Options whose file is read before it is written, or is a folder, or needs one beside it: with the exit code.
const REFUSED: [(&str, i32); 9] = [
    ("wo-review export good --to imagefolder -o OUT", 5),
    ("wo-extract broken.mp4 --out OUT", 5),
    ("wo-synth --out OUT --stills 1", 5),
    ("wo-train empty.ndjson --init scratch:tiny --output OUT", 2),
    ("wo-collect init OUT", 2),
    ("wo-collect add-exercise lunge --captions OUT", 5),
    ("wo-collect --sources sources.csv --ledger OUT", 5),
    (
        "wo-collect --sources sources.csv --ledger l --videos OUT",
        2,
    ),
    ("wo-eval --predictions one.ndjson -o OUT/x", 5),
];

/// Each command with its options that take a path: those that are written, and those that are read. A new one has its place
/// here, and among the lines above if it is written.
const OPTIONS: [(&str, &[&str], &[&str]); 15] = [
    ("wo-extract", &["--out"], &["--video-dir"]),
    ("wo-extract probe", &[], &[]),
    (
        "wo-describe",
        &["--output"],
        &["--captions", "--csv", "--reviews"],
    ),
    (
        "wo-train",
        &["--output", "--tensorboard"],
        &["--captions", "--data-dir"],
    ),
    (
        "wo-eval",
        &["--contact-sheet", "--output", "--report"],
        &["--captions", "--data-dir", "--predictions"],
    ),
    ("wo-eval compare", &[], &["--captions", "--data-dir"]),
    (
        "wo-review",
        &[],
        &["--captions", "--predictions", "--suspects"],
    ),
    ("wo-review export", &["--output"], &["--captions"]),
    ("wo-review import", &[], &["--captions"]),
    ("wo-synth", &["--out"], &[]),
    (
        "wo-collect",
        &["--ledger", "--videos"],
        &["--settings", "--sources", "--yt-dlp"],
    ),
    ("wo-collect add-exercise", &["--captions", "--videos"], &[]),
    ("wo-models split", &[], &[]),
    ("wo-models look", &[], &["--challenger"]),
    (
        "wo-models promote",
        &[],
        &[
            "--audit",
            "--audit-of-champion",
            "--challenger",
            "--comparison",
            "--report",
        ],
    ),
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    write("empty.ndjson", &stream::<&str>(&[]));
    let of = |video: &str, label: &str, good: f64| {
        format!(
            r#"{{"type":"prediction","video_id":"{video}","group":"person:{video}","label":"{label}","labels":{{"good_form":{good},"bad_form":{}}}}}"#,
            1.0 - good
        )
    };
    let predictions = [of("a", "good_form", 0.75), of("b", "bad_form", 0.25)];
    write("one.ndjson", &stream(&predictions));
    write("good/squat.csv", "frame_path,label\na.jpg,good_form\n");
    write("broken.mp4", "no video");
    write("sources.csv", "url,exercise,label\n");
    write("data/training_data/squat/note", "");
    folder
}

/// Makes a device like `/dev/null`. False where that is not permitted.
fn device(folder: &Path) -> bool {
    let made = status(folder, "mknod device c 1 3 && : > device") == 0;
    if !made {
        wo_testkit::skip::not_available("making a device (CAP_MKNOD)");
    }
    made
}

/// Runs each line of [`REFUSED`] on `out`; `then` gets the line and what it said.
fn each_is_refused(folder: &Path, out: &str, then: impl Fn(&str, &str)) {
    for (line, code) in REFUSED {
        let line = format!("timeout 20 {}", line.replace("OUT", out));
        let output = bash(folder, &line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}\n{errors}");
        then(&line, &errors);
    }
}

fn check_device(folder: &Path, line: &str) {
    let facts = fs::symlink_metadata(folder.join("device")).expect("it is there");
    assert!(facts.file_type().is_char_device(), "{line}");
    // Nothing lies beside it, such as what was to take its place.
    let is_left = |name: &str| name.starts_with("device") || name.starts_with(".device");
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|it| it.file_name().to_string_lossy().into_owned());
    let names: Vec<String> = names.filter(|it| is_left(it)).collect();
    assert_eq!(names, ["device"], "{line}");
}

#[test]
fn each_option_that_takes_a_path_is_known() {
    let here = Path::new("/");
    for (command, written, read) in OPTIONS {
        let help = ok(here, &format!("{command} --help"));
        let words: Vec<&str> = help.split_whitespace().collect();
        let is_path = |word: &str| {
            matches!(
                word,
                "<FILE>" | "<DIR>" | "<PATH>" | "<FOLDER>" | "<DIR|SHARDS>"
            )
        };
        let options = words.windows(2).filter(|pair| is_path(pair[1]));
        let options = options.filter_map(|pair| pair[0].starts_with("--").then_some(pair[0]));
        let known: BTreeSet<&str> = written.iter().chain(read).copied().collect();
        assert_eq!(options.collect::<BTreeSet<_>>(), known, "{command}");
    }
}

#[test]
fn a_fifo_as_output_gets_what_a_file_gets() {
    let folder = folder();
    let folder = folder.path();
    ok(folder, "mkfifo fifo");
    for line in FILES {
        let to = |out: &str| line.replace("OUT", out);
        ok(folder, &to("file"));
        let through = format!(
            "timeout 20 cat fifo > got & timeout 20 {}; rc=$?; wait; exit $rc",
            to("fifo")
        );
        ok(folder, &through);
        let [file, got] = ["file", "got"].map(|it| fs::read(folder.join(it)).expect("written"));
        assert!(!file.is_empty() && file == got, "{line}");
        let facts = fs::symlink_metadata(folder.join("fifo")).expect("it is there");
        assert!(facts.file_type().is_fifo(), "{line}");
    }
}

#[test]
fn a_device_as_output_stays_a_device() {
    let folder = folder();
    let folder = folder.path();
    if !device(folder) {
        return;
    }
    for line in FILES {
        ok(folder, &line.replace("OUT", "device"));
        check_device(folder, line);
    }
    each_is_refused(folder, "device", |line, errors| {
        assert!(errors.contains("device"), "{line}\n{errors}");
        check_device(folder, line);
    });
}

#[test]
fn a_fifo_where_a_folder_is_meant_is_refused_and_not_waited_for() {
    let folder = folder();
    let folder = folder.path();
    ok(folder, "mkfifo fifo");
    each_is_refused(folder, "fifo", |line, _| {
        let facts = fs::symlink_metadata(folder.join("fifo")).expect("it is there");
        assert!(facts.file_type().is_fifo(), "{line}");
    });
}

#[test]
fn a_link_as_output_stays_and_its_file_is_written() {
    let folder = folder();
    let folder = folder.path();
    ok(folder, "mkdir there && ln -s there/x link");
    for line in FILES {
        ok(folder, &line.replace("OUT", "link"));
        let facts = fs::symlink_metadata(folder.join("link")).expect("it is there");
        assert!(facts.file_type().is_symlink(), "{line}");
        let file = folder.join("there/x");
        assert!(fs::read(&file).is_ok_and(|it| !it.is_empty()), "{line}");
        fs::remove_file(file).expect("written");
    }
    // What a shell appends to is not replaced.
    ok(folder, "echo before > log");
    ok(folder, "wo-describe empty.ndjson -o /dev/stdout >> log");
    let log = fs::read_to_string(folder.join("log")).expect("a log");
    assert!(log.starts_with("before\n{\"type\":\"begin\""), "{log}");
}

#[test]
fn an_export_writes_nothing_outside_of_its_folder() {
    let folder = folder();
    let folder = folder.path();
    ok(
        folder,
        "wo-synth --out drawn --exercises squat --videos-per-class 1 --stills 1 > /dev/null",
    );
    fs::create_dir_all(folder.join("out")).expect("a folder");
    fs::write(folder.join("mine"), "mine").expect("a file");
    ok(folder, "ln -s ../mine out/metadata.jsonl");
    let line = "wo-review export drawn --to imagefolder -o out";
    assert_ne!(
        status(folder, line),
        0,
        "what the link points to is not read"
    );
    let mine = || fs::read_to_string(folder.join("mine")).expect("it is there");
    assert_eq!(mine(), "mine");
    ok(folder, "rm out/metadata.jsonl");
    ok(folder, line);
    // A link that takes the place of an image is replaced; what it points to stays.
    let link = "cd out && f=$(ls *.jpg | head -1) && rm $f && ln -s ../mine $f";
    ok(folder, link);
    ok(folder, line);
    assert_eq!(mine(), "mine");
    assert_eq!(ok(folder, "find out -type l"), "");
    // Ids that are paths are refused before anything is written.
    ok(
        folder,
        "sed -i -E 's|\"video_id\":\"[^\"]*\"|\"video_id\":\"../../x\"|' drawn/records.ndjson",
    );
    let output = bash(folder, "wo-review export drawn --to imagefolder -o new");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{errors}");
    assert!(
        errors.contains("the video_id \"../../x\" is no id"),
        "{errors}"
    );
    assert!(!folder.join("new").exists() && !folder.join("../x_000.jpg").exists());
}

#[test]
fn a_result_is_finished_though_nobody_reads_stdout() {
    let folder = folder();
    let folder = folder.path();
    let drawn = "wo-synth --out v --exercises squat --videos-per-class 2 --stills 2";
    ok(folder, &format!("{drawn} {GONE}"));
    for name in ["v/records.ndjson", "v/truth.ndjson"] {
        let text = fs::read_to_string(folder.join(name)).expect("finished");
        assert!(text.contains(r#""type":"end""#), "{name}");
    }
    let stills = "v/frames_squat_good/*.jpg v/frames_squat_bad/*.jpg";
    ok(folder, &format!("wo-extract {stills} --out f {GONE}"));
    let text = fs::read_to_string(folder.join("f/records.ndjson")).expect("finished");
    assert!(text.contains(r#""type":"end""#));
    let evaluated = "wo-eval --predictions one.ndjson --report r.html -o r.ndjson --table";
    ok(folder, &format!("{evaluated} {GONE}"));
    assert!(folder.join("r.html").exists() && folder.join("r.ndjson").exists());
    // What a gate answers is the exit code, whoever reads the records.
    let gate = "wo-eval --predictions one.ndjson --fail-under 'balanced_accuracy>=1.5' --json";
    let code = status(folder, gate);
    assert_eq!(status(folder, &format!("{gate} {GONE}")), code);
}
