//! Videos for the browser, in parts. A file is sent only if the hash of its bytes is the id of the video.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The most bytes of one response; browsers request the rest.
const MAX_PART: u64 = 1 << 20;

/// Finds the files of videos.
#[derive(Debug)]
pub(crate) struct Videos {
    /// Bases of relative paths: the working directory and all folders above the frames.
    bases: Vec<PathBuf>,
    known: Mutex<HashMap<String, HashedFile>>,
}

/// A file as it was when it was hashed.
#[derive(Debug, Clone)]
struct HashedFile {
    path: PathBuf,
    state: (u64, u64, u64, i64, i64),
}

/// A part of a video.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) media_type: &'static str,
    pub(crate) start: u64,
    pub(crate) total: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Videos {
    /// For the frames of `dir`.
    pub(crate) fn new(dir: &Path) -> Self {
        let mut bases = vec![PathBuf::new()];
        if let Ok(dir) = dir.canonicalize() {
            bases.extend(dir.ancestors().map(Path::to_owned));
        }
        Self {
            bases,
            known: Mutex::default(),
        }
    }

    /// Whether a file exists at the path. Does not read it.
    pub(crate) fn exists(&self, path: &Path) -> bool {
        self.bases.iter().any(|base| base.join(path).is_file())
    }

    /// Reads from `start` to `end`, or less. `None` if the video is gone.
    pub(crate) fn read(
        &self,
        video_id: &str,
        path: &Path,
        start: u64,
        end: Option<u64>,
    ) -> io::Result<Option<Part>> {
        let Some((mut file, total)) = self.open(video_id, path)? else {
            return Ok(None);
        };
        let mut head = [0; 16];
        let n = file.read(&mut head)?;
        let Some(media_type) = video_type(head.get(..n).unwrap_or_default()) else {
            return Ok(None);
        };
        let end = end.map_or(total, |end| end.saturating_add(1).min(total));
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end.saturating_sub(start).min(MAX_PART))
            .read_to_end(&mut bytes)?;
        Ok(Some(Part {
            media_type,
            start,
            total,
            bytes,
        }))
    }

    fn open(&self, video_id: &str, path: &Path) -> io::Result<Option<(File, u64)>> {
        let known = self.known().get(video_id).cloned();
        let places = self.bases.iter().map(|base| base.join(path));
        for place in known.iter().map(|known| known.path.clone()).chain(places) {
            // Wherever it is: its hash is checked before any of it is sent.
            let Ok(mut file) = wo_cli::open_file(&place) else {
                continue;
            };
            let metadata = file.metadata()?;
            let state = (
                metadata.dev(),
                metadata.ino(),
                metadata.len(),
                metadata.mtime(),
                metadata.mtime_nsec(),
            );
            if known.as_ref().is_some_and(|known| known.state == state) {
                return Ok(Some((file, metadata.len())));
            }
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(&mut file)?;
            if hasher.finalize().to_hex().as_str() == video_id {
                file.seek(SeekFrom::Start(0))?;
                self.known()
                    .insert(video_id.to_owned(), HashedFile { path: place, state });
                return Ok(Some((file, metadata.len())));
            }
        }
        Ok(None)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, HashedFile>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parses `bytes=0-` or `bytes=0-99`, the only kinds that players use.
pub(crate) fn parse_range(header: &str) -> Option<(u64, Option<u64>)> {
    let (start, end) = header.strip_prefix("bytes=")?.split_once('-')?;
    let end = match end {
        "" => None,
        end => Some(end.parse().ok()?),
    };
    Some((start.parse().ok()?, end))
}

/// The media type, by the first bytes.
fn video_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        Some("video/mp4")
    } else if bytes.starts_with(b"\x1a\x45\xdf\xa3") {
        Some("video/webm")
    } else if bytes.starts_with(b"OggS") {
        Some("video/ogg")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_start() {
        assert_eq!(parse_range("bytes=0-"), Some((0, None)));
        assert_eq!(parse_range("bytes=5-99"), Some((5, Some(99))));
        for header in ["bytes=-5", "bytes=0-1,3-4", "items=0-", "bytes=a-"] {
            assert_eq!(parse_range(header), None, "{header}");
        }
    }

    #[test]
    fn only_videos_are_videos() {
        assert_eq!(video_type(b"\0\0\0\x18ftypmp42"), Some("video/mp4"));
        assert_eq!(video_type(b"#EXTM3U\nfile:///etc/passwd"), None);
    }
}
