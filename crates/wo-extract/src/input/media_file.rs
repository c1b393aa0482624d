//! One file that may be a video or a picture: opened once, checked, and known by its content.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;

use image::ImageFormat;
use wo_record::code;

use crate::error::Fault;
use crate::input::container;
use crate::input::container::Patch;
use crate::input::foreign::{self, Foreign};
use crate::input::playlist;
use crate::input::turn::Turn;

/// How many bytes tell pictures and playlists.
const HEAD: u64 = 1024;
/// A video that ends by more than so many seconds and by more than this part before what its container promises has lost
/// something.
const LOST_S: f64 = 1.0;
const LOST_PART: f64 = 0.05;

/// An open file with at least one byte.
#[derive(Debug)]
pub(crate) struct MediaFile {
    file: File,
    /// Bytes that are read otherwise than they are stored.
    patches: Vec<Patch>,
    /// What makes the frames of its video upright, where its container says so.
    pub(crate) turn: Option<Turn>,
    /// Whether its container's length is that of its video.
    is_alone: bool,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub(crate) id: String,
    /// How many bytes it has.
    pub(crate) size_bytes: u64,
    /// Its format where its first bytes are those of a picture.
    pub(crate) picture: Option<ImageFormat>,
    /// What kind of playlist it is where it starts like one.
    pub(crate) playlist: Option<&'static str>,
    /// What it is where it starts like a picture that is not read here.
    pub(crate) foreign: Option<Foreign>,
}

impl MediaFile {
    /// Opens `path` and reads it once to the end, for its id.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        // Looked at before it is opened: opening a pipe that nobody writes to waits for ever.
        let kind = std::fs::metadata(path)
            .map_err(|e| unreadable(&e))?
            .file_type();
        if !kind.is_file() {
            return Err(Fault::new(code::UNREADABLE, "not a regular file"));
        }
        let file = File::open(path).map_err(|e| unreadable(&e))?;
        let size_bytes = file.metadata().map_err(|e| unreadable(&e))?.len();
        if size_bytes == 0 {
            return Err(Fault::new(code::EMPTY_FILE, "the file is empty"));
        }
        let id = blake3::Hasher::new()
            .update_reader(&file)
            .map_err(|e| unreadable(&e))?
            .finalize()
            .to_hex()
            .to_string();
        Self::received(file, id)
    }

    /// A file that was opened and hashed elsewhere.
    pub(crate) fn received(file: File, id: String) -> Result<Self, Fault> {
        let size_bytes = file.metadata().map_err(|e| unreadable(&e))?.len();
        let mut head = Vec::new();
        (&file)
            .rewind()
            .and_then(|()| (&file).take(HEAD).read_to_end(&mut head))
            .map_err(|e| unreadable(&e))?;
        Ok(Self {
            file,
            patches: Vec::new(),
            turn: None,
            is_alone: false,
            id,
            size_bytes,
            picture: picture_format(&head),
            playlist: playlist::kind(&head),
            foreign: foreign::of_content(&head),
        })
    }

    /// The open file, to hand it on.
    pub(crate) fn handle(&self) -> &File {
        &self.file
    }

    /// Reads what there is at `offset`, fewer bytes than asked for only at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut n_read = 0;
        while let Some(rest) = buffer.get_mut(n_read..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + n_read as u64) {
                Ok(0) => break,
                Ok(n_bytes) => n_read += n_bytes,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let end = offset + n_read as u64;
        for patch in &self.patches {
            let bytes = (patch.offset..end).zip(&patch.bytes);
            for (at, byte) in bytes.filter(|(at, _)| *at >= offset) {
                buffer[(at - offset) as usize] = *byte;
            }
        }
        Ok(n_read)
    }

    /// The content from the start on.
    pub(crate) fn reader(&self) -> Result<&File, Fault> {
        (&self.file).rewind().map_err(|e| unreadable(&e))?;
        Ok(&self.file)
    }

    /// All of its content. For pictures: a video does not fit into memory.
    pub(crate) fn content(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        self.reader()?
            .read_to_end(&mut bytes)
            .map_err(|e| unreadable(&e))?;
        Ok(bytes)
    }

    /// How many bytes were cut off at the end, as far as the container says.
    pub(crate) fn n_missing_bytes(&self) -> u64 {
        container::n_missing_bytes(&self.file, self.size_bytes)
    }

    /// What is missing of a video that ended without a fault after `lasted_ns`, of which its container promises
    /// `promised_ns`; `None` where all is there, as far as can be told.
    pub(crate) fn loss(&self, lasted_ns: u64, promised_ns: Option<u64>) -> Option<String> {
        let seconds = |ns: u64| ns as f64 * 1e-9;
        let lasted_s = seconds(lasted_ns);
        let promised_ns = promised_ns.filter(|_| self.is_alone);
        let promised_s = promised_ns.map(seconds).filter(|promised_s| {
            promised_s - lasted_s > LOST_S && promised_s - lasted_s > LOST_PART * promised_s
        });
        let unreadable = container::first_unreadable(&self.file, self.size_bytes);
        match (unreadable, promised_s) {
            (None, Some(promised_s)) => Some(format!(
                "the file promises {promised_s:.1} s and ends after {lasted_s:.1} s; a whole copy of the file would do better"
            )),
            (Some(offset), Some(promised_s)) => Some(format!(
                "the file promises {promised_s:.1} s and ends after {lasted_s:.1} s: the part at byte {offset} of {} cannot be read; a whole copy of the file would do better",
                self.size_bytes
            )),
            (Some(offset), None) => Some(format!(
                "the part of the file at byte {offset} of {} cannot be read, and what was there is missing; a whole copy of the file would do better",
                self.size_bytes
            )),
            (None, None) => None,
        }
    }

    /// The same file, in which nothing but the video track to take is found, and what of its container is not obeyed.
    pub(crate) fn with_one_track(&self) -> Result<(Self, Vec<String>), Fault> {
        let choice = container::choose_track(&self.file, self.size_bytes);
        let file = Self {
            patches: choice.patches,
            turn: choice.turn,
            is_alone: choice.is_alone,
            ..self.again().map_err(|e| unreadable(&e))?
        };
        Ok((file, choice.notes))
    }

    /// The same open file once more.
    pub(crate) fn again(&self) -> io::Result<Self> {
        Ok(Self {
            file: self.file.try_clone()?,
            patches: self.patches.clone(),
            turn: self.turn,
            is_alone: self.is_alone,
            id: self.id.clone(),
            size_bytes: self.size_bytes,
            picture: self.picture,
            playlist: self.playlist,
            foreign: self.foreign,
        })
    }
}

fn unreadable(error: &io::Error) -> Fault {
    Fault::new(code::UNREADABLE, error.to_string())
}

/// By content: names lie.
fn picture_format(head: &[u8]) -> Option<ImageFormat> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some(ImageFormat::Jpeg),
        [0x89, b'P', b'N', b'G', ..] => Some(ImageFormat::Png),
        [b'G', b'I', b'F', b'8', ..] => Some(ImageFormat::Gif),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Whether the file is still there and still that video.
pub(crate) fn is_video(path: &Path, video_id: &str) -> bool {
    MediaFile::open(path).is_ok_and(|file| file.id == video_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(
            picture_format(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"),
            Some(ImageFormat::Jpeg)
        );
        assert_eq!(
            picture_format(b"RIFF\x24\0\0\0WEBP"),
            Some(ImageFormat::WebP)
        );
        assert_eq!(
            picture_format(b"RIFF\x24\0\0\0WEBPVP8L\x17\0\0\0/"),
            Some(ImageFormat::WebP)
        );
        assert_eq!(picture_format(b"RIFF\x24\0\0\0AVI "), None);
        assert_eq!(picture_format(b"\x89PNG"), Some(ImageFormat::Png));
        assert_eq!(picture_format(b""), None);
    }

    #[test]
    fn empty_missing_and_odd_files_are_refused_by_code() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty.mp4");
        std::fs::write(&empty, "").unwrap();
        assert_eq!(MediaFile::open(&empty).unwrap_err().code, code::EMPTY_FILE);
        assert_eq!(
            MediaFile::open(dir.path()).unwrap_err().code,
            code::UNREADABLE
        );
        assert_eq!(
            MediaFile::open(Path::new("/dev/zero")).unwrap_err().code,
            code::UNREADABLE
        );
        assert_eq!(
            MediaFile::open(&dir.path().join("none")).unwrap_err().code,
            code::UNREADABLE
        );
    }
}
