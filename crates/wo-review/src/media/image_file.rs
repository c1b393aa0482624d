//! Images of frames as bytes. A file is opened only inside the folder, and is sent only if its first bytes are those of an
//! image.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use wo_folder::{Beneath, TRASH};

use crate::folder::FrameImage;

/// The largest image that is sent.
const MAX_IMAGE_BYTES: u64 = 64 * 1024 * 1024;

/// The folder of frames.
#[derive(Debug, Clone)]
pub(crate) struct ImageFolder {
    dir: PathBuf,
}

impl ImageFolder {
    pub(crate) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// The bytes of an image and its media type.
    pub(crate) fn read(&self, image: &FrameImage) -> io::Result<(Vec<u8>, &'static str)> {
        let bytes = match image {
            FrameImage::File(path) => self.read_file(path)?,
            FrameImage::Inline(inline) => inline.read()?,
        };
        match image_type(&bytes) {
            Some(media_type) => Ok((bytes, media_type)),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "no image")),
        }
    }

    /// The bytes of a file in its place or in the trash.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = match self.open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.open(&Path::new(TRASH).join(path))
            }
            other => other,
        }?;
        let metadata = file.metadata()?;
        if metadata.len() > MAX_IMAGE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no image"));
        }
        let mut bytes = Vec::with_capacity(metadata.len() as usize);
        file.take(MAX_IMAGE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a file inside the folder. The kernel refuses `..`, absolute paths and links that point outside.
    fn open(&self, path: &Path) -> io::Result<File> {
        let path = path.strip_prefix(&self.dir).unwrap_or(path);
        Beneath::open(&self.dir)?.open_file(path)
    }
}

/// The media type, by the first bytes. SVG is refused, since it can run scripts.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_are_images() {
        assert_eq!(image_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        for bytes in [
            &b"<svg onload=alert(1)>"[..],
            b"<html>",
            b"",
            b"RIFF1234AVI ",
        ] {
            assert_eq!(image_type(bytes), None);
        }
    }
}
