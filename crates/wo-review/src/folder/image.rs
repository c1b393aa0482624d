//! Where the image of a frame is: in a file, or inline in the record.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_record::{Image, Record};

use super::records_file::LineSpan;

/// Where an image is.
#[derive(Debug, Clone)]
pub(crate) enum FrameImage {
    /// In a file, as the records name it.
    File(PathBuf),
    /// In a record.
    Inline(InlineImage),
}

/// An image inside a record. Only its place is kept, since the images of many frames would fill the memory.
#[derive(Debug, Clone)]
pub(crate) struct InlineImage {
    /// The records as they were read. A rewrite makes a new file, so offsets in this one stay valid.
    pub(crate) records: Arc<File>,
    pub(crate) line: LineSpan,
}

impl InlineImage {
    /// Its bytes.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut line = vec![0; self.line.n_bytes];
        self.records.read_exact_at(&mut line, self.line.offset)?;
        match parse(&line) {
            Some(Image::Inline { jpeg_base64 }) => STANDARD
                .decode(jpeg_base64)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "no image")),
        }
    }
}

fn parse(line: &[u8]) -> Option<Image> {
    match Record::parse(std::str::from_utf8(line).ok()?).ok()?.ok()? {
        Record::Frame(frame) => Some(frame.image),
        _ => None,
    }
}
