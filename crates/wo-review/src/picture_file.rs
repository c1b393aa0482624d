//! Pictures and videos as bytes for the page. A file is opened below the folder or not at all, and is sent only where its
//! first bytes say that it is what it should be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

use crate::folder::TRASH;
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

    /// Moves a picture into the trash. Nothing happens where it is there already.
    pub(crate) fn throw_away(&self, path: &Path) -> io::Result<()> {
        let trash = self.dir.join(TRASH);
        self.rename(path, &self.dir, &trash)
    }

    /// Moves a picture back to where it was. Nothing happens where it is there already.
    pub(crate) fn take_back(&self, path: &Path) -> io::Result<()> {
        let trash = self.dir.join(TRASH);
        if !trash.exists() {
            return Ok(());
        }
        self.rename(path, &trash, &self.dir)
    }

    fn rename(&self, path: &Path, from: &Path, to: &Path) -> io::Result<()> {
        let path = path.strip_prefix(&self.dir).unwrap_or(path);
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        // A record may name any file; only what lies in the folder itself is ever moved.
        if !is_inside || !is_below(&self.dir, &from.join(path)) || to.join(path).exists() {
            return Ok(());
        }
        if let Some(folder) = to.join(path).parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(from.join(path), to.join(path))
    }
}

/// Whether the folder of a file is in truth below `dir`, whatever links there are on the way; the file itself may be one.
fn is_below(dir: &Path, file: &Path) -> bool {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    let dir = dir.canonicalize().ok();
    file.symlink_metadata().is_ok()
        && folder
            .zip(dir)
            .is_some_and(|(folder, dir)| folder.starts_with(dir))
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
