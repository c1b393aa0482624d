//! Where the videos of a folder lie, read before its frames: a name of a file or a folder may name a fault.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_record::Record;

/// Within so many bytes a line says of what type it is, as far as any tool writes it.
const HEAD_BYTES: usize = 64;
/// What stands there in the line of a video, and in no other.
const TYPE: &[u8] = b"\"video\"";

/// The paths of videos, by their ids.
#[derive(Debug, Default)]
pub(crate) struct VideoPaths(HashMap<String, PathBuf>);

impl VideoPaths {
    /// Of the first bytes of a file of records. What is no record is for others to tell.
    pub(crate) fn read(records: &Path, n_bytes: u64) -> anyhow::Result<Self> {
        let reading = || format!("read {}", records.display());
        let file = File::open(records).with_context(reading)?;
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

    /// Where a video lies.
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
