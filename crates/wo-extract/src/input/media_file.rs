//! An open video or image file, checked and recognized by its content.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use image::ImageFormat;
use wo_record::code;

use crate::error::ExtractError;
use crate::input::container;
use crate::input::container::Patch;
use crate::input::foreign::{self, Foreign};
use crate::input::playlist;
use crate::input::turn::Turn;

/// How many bytes tell images and playlists.
const HEAD: u64 = 1024;
/// A video that ends by more than so many seconds and by more than this part before what its container promises has lost
/// something.
const LOST_S: f64 = 1.0;
const LOST_PART: f64 = 0.05;

/// An open file with at least one byte.
#[derive(Debug)]
pub(crate) struct MediaFile {
    file: File,
    /// Bytes that replace stored ones when the file is read.
    patches: Vec<Patch>,
    /// The turn that makes its frames upright, if its container has one.
    pub(crate) turn: Option<Turn>,
    /// Whether the duration in its container is that of its video track.
    is_alone: bool,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub(crate) id: String,
    /// How many bytes it has.
    pub(crate) size_bytes: u64,
    /// Its format if it is an image.
    pub(crate) image: Option<ImageFormat>,
    /// Its kind if it is a playlist.
    pub(crate) playlist: Option<&'static str>,
    /// Its format if it is an image that the tool cannot read.
    pub(crate) foreign: Option<Foreign>,
}

impl MediaFile {
    /// Opens `path` and reads it once to the end, for its id.
    pub(crate) fn open(path: &Path) -> Result<Self, ExtractError> {
        // Check before opening: opening a pipe without a writer waits forever.
        let kind = std::fs::metadata(path)
            .map_err(|e| unreadable(&e))?
            .file_type();
        if !kind.is_file() {
            return Err(ExtractError::new(code::UNREADABLE, "not a regular file"));
        }
        let file = wo_cli::open_file(path).map_err(|e| unreadable(&e))?;
        let size_bytes = file.metadata().map_err(|e| unreadable(&e))?.len();
        if size_bytes == 0 {
            return Err(ExtractError::new(code::EMPTY_FILE, "the file is empty"));
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
    pub(crate) fn received(file: File, id: String) -> Result<Self, ExtractError> {
        // Its metadata cannot be asked for in the sandbox, where that call could name other files.
        let size_bytes = (&file).seek(SeekFrom::End(0)).map_err(|e| unreadable(&e))?;
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
            image: image_format(&head),
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
    pub(crate) fn reader(&self) -> Result<&File, ExtractError> {
        (&self.file).rewind().map_err(|e| unreadable(&e))?;
        Ok(&self.file)
    }

    /// All of its content. For images: a video does not fit into memory.
    pub(crate) fn content(&self) -> Result<Vec<u8>, ExtractError> {
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

    /// What is missing of a video that ended without an error after `lasted_ns`, of which its container promises
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
                "the file should last {promised_s:.1} s and ends after {lasted_s:.1} s; use a complete copy of the file if there is one"
            )),
            (Some(offset), Some(promised_s)) => Some(format!(
                "the file should last {promised_s:.1} s and ends after {lasted_s:.1} s: the part at byte {offset} of {} cannot be read; use a complete copy of the file if there is one",
                self.size_bytes
            )),
            (Some(offset), None) => Some(format!(
                "the part of the file at byte {offset} of {} cannot be read and is missing; use a complete copy of the file if there is one",
                self.size_bytes
            )),
            (None, None) => None,
        }
    }

    /// The same file reduced to the chosen video track, and notes on what of its container is ignored.
    pub(crate) fn with_one_track(&self) -> Result<(Self, Vec<String>), ExtractError> {
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
            image: self.image,
            playlist: self.playlist,
            foreign: self.foreign,
        })
    }
}

fn unreadable(error: &io::Error) -> ExtractError {
    ExtractError::new(code::UNREADABLE, error.to_string())
}

/// By content: names lie.
fn image_format(head: &[u8]) -> Option<ImageFormat> {
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
            image_format(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"),
            Some(ImageFormat::Jpeg)
        );
        assert_eq!(image_format(b"RIFF\x24\0\0\0WEBP"), Some(ImageFormat::WebP));
        assert_eq!(
            image_format(b"RIFF\x24\0\0\0WEBPVP8L\x17\0\0\0/"),
            Some(ImageFormat::WebP)
        );
        assert_eq!(image_format(b"RIFF\x24\0\0\0AVI "), None);
        assert_eq!(image_format(b"\x89PNG"), Some(ImageFormat::Png));
        assert_eq!(image_format(b""), None);
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
