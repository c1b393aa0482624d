//! Paths of the videos, read before the frames, since a path may name a fault.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_record::Record;

/// A line names its type within this many bytes, in records of all our tools.
const HEAD_BYTES: usize = 64;
/// Only the line of a video has this text there.
const TYPE: &[u8] = b"\"video\"";

/// The paths of videos, by their ids.
#[derive(Debug, Default)]
pub(crate) struct VideoPaths(HashMap<String, PathBuf>);

impl VideoPaths {
    /// From the first bytes of a records file. Bad lines are ignored here and reported elsewhere.
    pub(crate) fn read(records: &Path, n_bytes: u64) -> anyhow::Result<Self> {
        let reading = || format!("read {}", records.display());
        let file = wo_cli::open_file(records).with_context(reading)?;
        let mut input = BufReader::with_capacity(1 << 20, file.take(n_bytes));
        let (mut paths, mut line) = (HashMap::new(), Vec::new());
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).with_context(reading)? == 0 {
                return Ok(Self(paths));
            }
            let head = line.get(..HEAD_BYTES).unwrap_or(&line);
            if !head.windows(TYPE.len()).any(|part| part == TYPE) {
                continue;
            }
            let text = std::str::from_utf8(&line).unwrap_or_default();
            if let Ok(Ok(Record::Video(video))) = Record::parse(text)
                && let Some(path) = video.path
            {
                paths.insert(video.video_id, path.as_path().to_owned());
            }
        }
    }

    /// The path of a video.
    pub(crate) fn of(&self, video_id: &str) -> Option<&Path> {
        self.0.get(video_id).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_lines_of_videos_are_read() {
        let dir = wo_testkit::tempdir().unwrap();
        let path = dir.path().join("records.ndjson");
        let lines = [
            r#"{"type":"frame","video_id":"v","index":0,"image":{"file":{"path":"a.jpg"}}}"#,
            "no record",
            r#"{"type": "video", "video_id": "v", "path": "squat/bad_form/knees_cave/a.mp4"}"#,
            r#"{"type":"video","video_id":"w"}"#,
        ];
        fs::write(&path, lines.join("\n")).unwrap();
        let paths = VideoPaths::read(&path, u64::MAX).unwrap();
        let expected = Path::new("squat/bad_form/knees_cave/a.mp4");
        assert_eq!((paths.of("v"), paths.of("w")), (Some(expected), None));
    }
}
