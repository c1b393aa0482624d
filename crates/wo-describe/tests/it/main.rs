//! The binary, as a pipe sees it: all of stdout, stderr and the exit status. And the table that ships with it.

mod captions;
mod csv;
mod flow;
mod reviews;
mod shards;
mod stream;
mod webdataset;
mod words;

use wo_testkit::Tool;

/// A frame of a squat with knees that cave, as `wo-extract --out` writes it.
const FRAME: &str = r#"{"type":"frame","video_id":"v1","index":0,"image":{"file":{"path":"frames/a.jpg"}},"exercise":"squat","label":"bad_form","label_origin":"folder"}"#;
/// The video that it is from.
const VIDEO: &str =
    r#"{"type":"video","video_id":"v1","path":"squat/bad_form/knees_cave_003.mp4"}"#;

fn tool() -> Tool {
    Tool::new(env!("CARGO_BIN_EXE_wo-describe"))
}

/// The first line that the tool writes after one of `wo-test`.
fn begin() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"{{"type":"begin","tool":"wo-describe","version":"{version}","schema":"wo-record","schema_version":1,"upstream":[{{"tool":"wo-test","version":"0.0.0"}}]}}"#
    )
}

/// A stream of the tool with these lines.
fn written(lines: &[&str], end: &str) -> String {
    let mut text = begin() + "\n";
    for line in lines.iter().chain([&end]) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// `FRAME` as it comes out with this label, origin, faults and description, the last two as JSON.
fn frame_out(label: &str, origin: &str, faults: &str, description: &str) -> String {
    format!(
        r#"{{"type":"frame","video_id":"v1","index":0,"pts_ms":null,"width_px":null,"height_px":null,"image":{{"file":{{"path":"frames/a.jpg","blake3":null}}}},"exercise":"squat","label":"{label}","label_origin":"{origin}","faults":{faults},"description":{description}}}"#
    )
}
