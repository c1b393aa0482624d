//! Runs the binary, and reads what it says by the mirror of the contract.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use wo_testkit::Tool;

/// A stream as a reader that trusts nobody sees it.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) sandbox: String,
    pub(crate) videos: Vec<Video>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) errors: Vec<Failure>,
    pub(crate) dropped: Vec<serde_json::Value>,
    /// What `end` says of them.
    pub(crate) n_dropped: serde_json::Value,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Record {
    Begin(serde_json::Value),
    Video(Video),
    Frame(Frame),
    Dropped(serde_json::Value),
    Error(Failure),
    End(serde_json::Value),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are those on the wire")]
pub(crate) struct Video {
    pub(crate) video_id: String,
    pub(crate) path: serde_json::Value,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) rotation_deg: u32,
    pub(crate) frame_rate_hz: Option<f64>,
    pub(crate) variable_frame_rate: Option<bool>,
    pub(crate) codec: String,
    pub(crate) container: String,
    pub(crate) bitrate_bps: Option<u64>,
    pub(crate) size_bytes: u64,
    pub(crate) exercise: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) source_id: Option<String>,
    pub(crate) person_id: Option<String>,
    pub(crate) n_frames: Option<u32>,
    pub(crate) n_frames_wanted: Option<u32>,
    #[serde(default)]
    pub(crate) repetitions: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    pub(crate) cuts_ms: Option<Vec<f64>>,
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    #[serde(default)]
    pub(crate) duplicate_of: Option<String>,
    #[serde(default)]
    pub(crate) near_duplicate_of: Option<String>,
    #[serde(default)]
    pub(crate) n_damaged: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Frame {
    pub(crate) video_id: String,
    pub(crate) index: u32,
    pub(crate) pts_ms: f64,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) image: Image,
    pub(crate) exercise: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) label_origin: Option<String>,
    pub(crate) faults: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) quality: Quality,
    #[serde(default)]
    pub(crate) repetition: Option<u32>,
    #[serde(default)]
    pub(crate) phase: Option<f64>,
    #[serde(default)]
    pub(crate) shot: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quality {
    pub(crate) sharpness: f64,
    pub(crate) brightness: f64,
    pub(crate) contrast: f64,
    pub(crate) motion: Option<f64>,
    pub(crate) perceptual_hash: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Image {
    File { path: String, blake3: String },
    Inline { jpeg_base64: String },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) what: String,
    pub(crate) tool: String,
    pub(crate) path: Option<serde_json::Value>,
    pub(crate) video_id: Option<String>,
}

/// Whether the long form of a test is asked for, as `just verify-full` does.
pub(crate) fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

/// The binary with `args`, in the folder `dir`.
pub(crate) fn tool(dir: &Path, args: &[&str]) -> Tool {
    let tool = Tool::new(env!("CARGO_BIN_EXE_wo-extract"));
    tool.current_dir(dir).args(args)
}

/// The same for a test that does something while it runs, or runs it as somebody else.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wo-extract"));
    command.current_dir(dir).args(args);
    command
}

/// The worker that can misbehave, under a name of its own in `dir`, which it goes by.
pub(crate) fn test_worker(dir: &Path, name: &str) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_wo-extract"))
        .parent()
        .unwrap();
    let link = dir.join(name);
    if !link.exists() {
        std::os::unix::fs::symlink(binaries.join("examples/test_worker"), &link).unwrap();
    }
    link.to_str().unwrap().to_owned()
}

/// Runs it, checks its exit code, and reads its stream.
pub(crate) fn extract(dir: &Path, args: &[&str], exit: i32) -> Stream {
    let run = tool(dir, args).run();
    assert_eq!(run.status, exit, "{args:?}: {}", run.stderr);
    read(&run.stdout)
}

/// Reads a stream, which must be complete.
pub(crate) fn read(bytes: impl AsRef<[u8]>) -> Stream {
    let mut stream = Stream::default();
    let text = std::str::from_utf8(bytes.as_ref()).unwrap();
    let records: Vec<Record> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(
        matches!(records.first(), Some(Record::Begin(_)))
            && matches!(records.last(), Some(Record::End(_))),
        "{text}"
    );
    for record in records {
        match record {
            Record::Begin(begin) => {
                assert_eq!(begin["tool"], "wo-extract");
                begin["sandbox"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut stream.sandbox);
            }
            Record::Video(video) => stream.videos.push(video),
            Record::Frame(frame) => stream.frames.push(frame),
            Record::Dropped(dropped) => stream.dropped.push(dropped),
            Record::Error(error) => stream.errors.push(error),
            Record::End(end) => {
                assert_eq!(end["n_videos"], stream.videos.len());
                assert_eq!(end["n_frames"], stream.frames.len());
                assert_eq!(end["n_errors"], stream.errors.len());
                stream.n_dropped = end["n_dropped"].clone();
            }
        }
    }
    stream
}

impl Stream {
    /// The times of all frames.
    pub(crate) fn times_ms(&self) -> Vec<f64> {
        self.frames.iter().map(|frame| frame.pts_ms).collect()
    }

    /// The code of the only error, of a stream with nothing else.
    pub(crate) fn only_error(&self) -> &str {
        assert!(
            self.videos.is_empty() && self.frames.is_empty() && self.errors.len() == 1,
            "{self:?}"
        );
        &self.errors[0].code
    }
}

impl Frame {
    /// The path of its file.
    pub(crate) fn file(&self) -> &str {
        let Image::File { path, .. } = &self.image else {
            panic!("{self:?}")
        };
        path
    }

    /// The image that travels in the record.
    pub(crate) fn image(&self) -> image::RgbImage {
        use base64::Engine;
        let Image::Inline { jpeg_base64 } = &self.image else {
            panic!("{self:?}")
        };
        let jpeg = base64::engine::general_purpose::STANDARD
            .decode(jpeg_base64)
            .unwrap();
        let image = image::load_from_memory(&jpeg).unwrap().into_rgb8();
        assert_eq!(image.dimensions(), (self.width_px, self.height_px));
        image
    }
}
