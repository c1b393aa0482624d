//! Each tool ends with the exit code that the README gives, whatever is wrong.

use wo_testkit::{BEGIN, stream};

use crate::{bash, write};

/// What is wrong, and how the tool ends.
const LINES: [(&str, i32); 47] = [
    ("wo-collect --sources noise --videos videos", 6),
    (
        "wo-collect --sources sources.csv --videos videos --ledger noise",
        6,
    ),
    (
        "wo-collect --sources sources.csv --videos videos --ledger l > /dev/full",
        5,
    ),
    ("wo-extract videos", 6),
    ("wo-extract videos --out out", 6),
    ("wo-extract probe videos", 6),
    ("wo-extract broken.mp4 > records", 3),
    ("wo-extract broken.mp4 > /dev/full", 5),
    ("wo-extract broken.mp4 --out file/frames", 5),
    ("wo-describe noise", 6),
    ("wo-describe cut.ndjson", 6),
    ("wo-describe newer.ndjson", 6),
    ("wo-describe empty.ndjson --csv bad.csv", 6),
    ("wo-describe inline.ndjson --to csv", 6),
    ("wo-describe empty.ndjson > /dev/full", 5),
    ("wo-describe noise --on-error skip", 6),
    ("wo-describe unordered.ndjson", 6),
    ("wo-train noise --init scratch:tiny", 6),
    ("wo-train cut.ndjson --init scratch:tiny", 6),
    ("wo-train empty.ndjson --init scratch:tiny", 6),
    ("wo-train unordered.ndjson --init scratch:tiny", 6),
    ("wo-train --data-dir frames --init scratch:tiny", 6),
    ("wo-eval --predictions noise", 6),
    ("wo-eval --predictions cut.ndjson", 6),
    ("wo-eval --predictions empty.ndjson", 6),
    ("wo-eval --predictions sum.ndjson", 6),
    ("wo-eval --predictions unordered.ndjson", 6),
    ("wo-eval --model broken.pt < empty.ndjson", 6),
    ("wo-eval compare one.ndjson two.ndjson", 6),
    ("wo-eval --predictions one.ndjson --output file/x", 5),
    ("wo-review export frames --to csv", 6),
    // What a crash cut off at the end of the log was never acknowledged.
    ("wo-review export reviewed --to csv", 6),
    ("wo-review import good noise", 6),
    ("wo-review export good --to csv > /dev/full", 5),
    ("wo-review export good --to csv -o file/x", 5),
    ("wo-models split --keep training noise", 6),
    ("wo-models split --keep training cut.ndjson", 6),
    (
        "wo-models split --keep held-out empty.ndjson > /dev/full",
        5,
    ),
    ("wo-models split --keep training unordered.ndjson", 6),
    ("wo-models look --dry-run noise", 6),
    ("wo-models look --dry-run unordered.ndjson", 6),
    ("wo-models show", 1),
    ("wo-models rollback", 2),
    ("cd noted && wo-models history", 6),
    ("cd set && wo-models get gate.alpha", 2),
    ("wo-models get gate.alpha > /dev/full", 5),
    ("wo-synth --out file/x", 5),
];

fn prediction(video: &str, probability: f64) -> String {
    format!(
        r#"{{"type":"prediction","video_id":"{video}","group":"{video}","label":"good_form","labels":{{"good_form":{probability}}}}}"#
    )
}

#[test]
fn what_is_wrong_has_its_exit_code() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    let stream_of = |name: &str, line: &str| write(name, &stream(&[line]));
    write("file", "");
    write("broken.mp4", "no video");
    write("broken.pt", "no model");
    write("noise", "neither JSON nor a table\n");
    write("videos/squat/good_form/a.mp4", "no video");
    write("videos/groups.csv", "clip,who\na,b\n");
    write("sources.csv", "url,exercise,label\n");
    write("bad.csv", "picture,verdict\na,b\n");
    write("empty.ndjson", &stream::<&str>(&[]));
    write("cut.ndjson", &format!("{BEGIN}\n"));
    write(
        "newer.ndjson",
        &BEGIN.replace("version\":1", "version\":99"),
    );
    stream_of(
        "inline.ndjson",
        "{\"type\":\"video\",\"video_id\":\"v\"}\n\
         {\"type\":\"frame\",\"video_id\":\"v\",\"index\":0,\"image\":{\"inline\":{\"jpeg_base64\":\"\"}}}",
    );
    stream_of(
        "unordered.ndjson",
        "{\"type\":\"frame\",\"video_id\":\"v\",\"index\":0,\"image\":{\"inline\":{\"jpeg_base64\":\"\"}}}\n\
         {\"type\":\"video\",\"video_id\":\"v\",\"exercise\":\"squat\",\"label\":\"good_form\"}",
    );
    stream_of("one.ndjson", &prediction("one", 0.9));
    stream_of("two.ndjson", &prediction("two", 0.9));
    stream_of("sum.ndjson", &prediction("one", 7.0));
    for folder in ["good", "frames", "reviewed"] {
        let table = "frame_path,label,description\na.jpg,good_form,upright\n";
        write(&format!("{folder}/squat.csv"), table);
    }
    write(
        "frames/squat_good.csv",
        "frame_path,label\na.jpg,bad_form\n",
    );
    write("reviewed/reviews.ndjson", "no review\n{}\n");
    write("noted/models/ledger.ndjson", "no entry\n{}\n");
    write("set/wo.toml", "[gate]\nalpha = 7\n");
    let mut wrong = Vec::new();
    for (line, expected) in LINES {
        let output = bash(folder.path(), line);
        let errors = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(expected) {
            wrong.push(format!("{line}\n{:?}\n{errors}", output.status.code()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
