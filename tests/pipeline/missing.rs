//! What the command line names and is not there is a wrong command line, in every tool and for every flag.

use std::fs;

use crate::bash;

/// A stream without videos.
const EMPTY: &str = r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}
{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}
"#;

/// Each takes a path that is not there. `NO` stands for a file, and for a folder, that does not exist.
const LINES: [&str; 43] = [
    "wo-collect --sources NO",
    "wo-collect --sources sources.csv --videos NO",
    "wo-collect --sources sources.csv --videos folder --ledger NO/ledger.ndjson",
    "wo-collect --settings NO",
    "wo-collect --sources sources.csv --videos folder --ledger l --yt-dlp ./NO",
    "wo-extract NO",
    "wo-extract NO/a.mp4 NO/b.mp4",
    "wo-extract NO --out out",
    "wo-extract NO --out out --prune",
    "wo-extract --video-dir NO",
    "wo-extract probe NO",
    "wo-extract probe NO --table",
    "wo-describe NO",
    "wo-describe empty.ndjson --csv NO",
    "wo-describe empty.ndjson --captions NO",
    "wo-describe empty.ndjson --reviews NO",
    "wo-train NO --init scratch:tiny",
    "wo-train --data-dir NO --init scratch:tiny",
    "wo-train empty.ndjson --captions NO --init scratch:tiny",
    "wo-train --init NO < empty.ndjson",
    "wo-train --init ./NO --offline < empty.ndjson",
    "wo-train --init folder/NO < empty.ndjson",
    "wo-train --init NO/clip.safetensors < empty.ndjson",
    "wo-train --init NO/ < empty.ndjson",
    "wo-train --init a/b/NO < empty.ndjson",
    "wo-eval NO",
    "wo-eval --data-dir NO",
    "wo-eval --predictions NO",
    "wo-eval --model NO < empty.ndjson",
    "wo-eval compare NO NO < empty.ndjson",
    "wo-eval compare empty.ndjson NO",
    "wo-review NO --no-open",
    "wo-review folder --no-open --suspects NO",
    "wo-review folder --no-open --predictions NO",
    "wo-review folder --no-open --captions NO",
    "wo-review export NO --to csv",
    "wo-review export folder --to csv --captions NO",
    "wo-review import folder NO",
    "wo-models split --keep training NO",
    "wo-models look --dry-run NO",
    "wo-models look --challenger NO empty.ndjson",
    "wo-models fingerprint NO",
    "wo-models promote --challenger NO --comparison empty.ndjson",
];

#[test]
fn what_is_not_there_ends_with_two_and_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("empty.ndjson"), EMPTY).expect("a stream");
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    let table = "frame_path,label,description\na.jpg,good_form,upright\n";
    fs::write(folder.path().join("folder/squat.csv"), table).expect("a table");
    fs::create_dir(folder.path().join("folder/squat")).expect("a folder");
    let sources = "url,exercise,label\nhttps://example.invalid/a,squat,good\n";
    fs::write(folder.path().join("sources.csv"), sources).expect("a table");
    for line in LINES {
        let line = line.replace("NO", "no-such-thing");
        let output = bash(folder.path(), &line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}\n{errors}");
        assert!(errors.contains("no-such-thing"), "{line}\n{errors}");
        assert!(output.stdout.is_empty(), "{line}");
        assert!(!errors.contains("try again later"), "{line}\n{errors}");
    }
    assert!(!folder.path().join("out").exists(), "nothing was begun");
}

/// A folder where a file is meant, a file where a folder is, and a folder of videos where one of frames is.
#[test]
fn what_is_something_else_ends_with_two() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("empty.ndjson"), EMPTY).expect("a stream");
    fs::create_dir_all(folder.path().join("my videos/squat/good_form")).expect("a folder");
    fs::write(folder.path().join("my videos/squat/good_form/a.mp4"), "x").expect("a file");
    for (line, words) in [
        ("wo-train 'my videos' --init scratch:tiny", "is a folder"),
        ("wo-eval 'my videos'", "is a folder"),
        ("wo-describe 'my videos'", "is a folder"),
        ("wo-describe empty.ndjson --csv 'my videos'", "is a folder"),
        (
            "wo-train --data-dir empty.ndjson --init scratch:tiny",
            "is a file",
        ),
        ("wo-eval --data-dir empty.ndjson", "is a file"),
        ("wo-review export empty.ndjson --to csv", "is a file"),
        (
            "wo-train --data-dir 'my videos' --init scratch:tiny",
            "hint: wo-extract 'my videos' --out labeled_frames > /dev/null && \
             wo-describe labeled_frames/records.ndjson -o labeled_frames/records.ndjson && \
             wo-train --data-dir labeled_frames\n",
        ),
        (
            "wo-eval --data-dir 'my videos'",
            "wo-eval --data-dir labeled_frames\n",
        ),
        (
            "wo-train --data-dir . --init scratch:tiny",
            "is a folder of videos",
        ),
    ] {
        let output = bash(folder.path(), line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}\n{errors}");
        assert!(errors.contains(words), "{line}\n{errors}");
    }
}
