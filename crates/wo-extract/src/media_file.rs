//! One file that may be a video or a picture: opened once, checked, and known by its content.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use wo_record::code;

use crate::container;
use crate::fault::Fault;

/// As many bytes as the longest signature of a picture has.
const HEAD: u64 = 12;
/// The largest file of which a corrected copy is made.
const MAX_COPY: u64 = 1 << 30;

/// An open file with at least one byte.
#[derive(Debug)]
pub(crate) struct MediaFile {
    file: File,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub(crate) id: String,
    /// How many bytes it has.
    pub(crate) size_bytes: u64,
    /// Its format where its first bytes are those of a picture.
    pub(crate) picture: Option<ImageFormat>,
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
        let mut head = Vec::new();
        (&file)
            .rewind()
            .and_then(|()| (&file).take(HEAD).read_to_end(&mut head))
            .map_err(|e| unreadable(&e))?;
        Ok(Self {
            file,
            id,
            size_bytes,
            picture: picture_format(&head),
        })
    }

    /// The content from the start on.
    pub(crate) fn reader(&self) -> Result<&File, Fault> {
        (&self.file).rewind().map_err(|e| unreadable(&e))?;
        Ok(&self.file)
    }

    /// How many bytes were cut off at the end, as far as the container says.
    pub(crate) fn n_missing_bytes(&self) -> u64 {
        container::n_missing_bytes(&self.file, self.size_bytes)
    }

    /// For an MP4, a copy that says nothing of its duration. GStreamer leaves out tracks that are far shorter than
    /// the whole says it is, as in a clip that an edit list starts late or a short video with a long sound.
    pub(crate) fn without_duration(&self) -> Option<Self> {
        let field = container::mp4_duration_field(&self.file, self.size_bytes)?;
        if self.size_bytes > MAX_COPY {
            return None;
        }
        let mut copy = tempfile::tempfile().ok()?;
        io::copy(&mut self.reader().ok()?, &mut copy).ok()?;
        copy.write_all_at(&vec![0; field.n_bytes], field.offset)
            .ok()?;
        Some(Self {
            file: copy,
            id: self.id.clone(),
            size_bytes: self.size_bytes,
            picture: self.picture,
        })
    }

    /// A path of plain ASCII by which a library can open this very file, whatever it is called and even if it was
    /// replaced since.
    pub(crate) fn handle_path(&self) -> PathBuf {
        format!("/dev/fd/{}", self.file.as_raw_fd()).into()
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
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some(ImageFormat::WebP),
        _ => None,
    }
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
