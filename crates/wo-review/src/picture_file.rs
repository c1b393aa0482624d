//! Pictures and videos as bytes for the page. A file is opened below the folder or not at all, and is sent only where its
//! first bytes say that it is what it should be.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use wo_folder::TRASH;

use crate::picture::Picture;

/// The largest picture that is sent.
const MAX_PICTURE_BYTES: u64 = 64 * 1024 * 1024;

/// The folder that pictures are in.
#[derive(Debug, Clone)]
pub(crate) struct PictureFolder {
    dir: PathBuf,
}

impl PictureFolder {
    pub(crate) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// The bytes of a picture and its media type.
    pub(crate) fn read(&self, picture: &Picture) -> io::Result<(Vec<u8>, &'static str)> {
        let bytes = match picture {
            Picture::File(path) => self.read_file(path)?,
            Picture::Inline(inline) => inline.read()?,
        };
        match picture_type(&bytes) {
            Some(media_type) => Ok((bytes, media_type)),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "no picture")),
        }
    }

    /// The bytes of a file, whether it is in its place or in the trash.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = match self.open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.open(&Path::new(TRASH).join(path))
            }
            other => other,
        }?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > MAX_PICTURE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no picture"));
        }
        let mut bytes = Vec::with_capacity(metadata.len() as usize);
        file.take(MAX_PICTURE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a file below the folder. The kernel refuses `..`, absolute paths and links that lead out of it.
    fn open(&self, path: &Path) -> io::Result<File> {
        let dir: OwnedFd = File::open(&self.dir)?.into();
        let path = path.strip_prefix(&self.dir).unwrap_or(path);
        let file = rustix::fs::openat2(
            &dir,
            path,
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS,
        )?;
        Ok(file.into())
    }
}

/// What a picture's first bytes say. SVG is none: it can run scripts.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// What a video's first bytes say.
pub(crate) fn video_type(bytes: &[u8]) -> Option<&'static str> {
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

/// Opens a video file, wherever it is: what is sent of it is checked by its hash.
pub(crate) fn open_video(path: &Path) -> io::Result<File> {
    let file = rustix::fs::openat(
        CWD,
        path,
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK,
        Mode::empty(),
    )?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_pictures() {
        assert_eq!(picture_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        for bytes in [
            &b"<svg onload=alert(1)>"[..],
            b"<html>",
            b"",
            b"RIFF1234AVI ",
        ] {
            assert_eq!(picture_type(bytes), None);
        }
        assert_eq!(video_type(b"\0\0\0\x18ftypmp42"), Some("video/mp4"));
        assert_eq!(video_type(b"#EXTM3U\nfile:///etc/passwd"), None);
    }
}
