//! Where the picture of a frame is: in a file of its own, or in the record itself.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_record::{Image, Record};

use crate::records_file::Place;

/// Where a picture is.
#[derive(Debug, Clone)]
pub(crate) enum Picture {
    /// In a file, as the records name it.
    File(PathBuf),
    /// In a record.
    Inline(InlinePicture),
}

/// A picture in a record. Only its place is kept: pictures of many frames would fill the memory.
#[derive(Debug, Clone)]
pub(crate) struct InlinePicture {
    /// The records as they were read. They are rewritten into a new file, so that places in this one stay.
    pub(crate) records: Arc<File>,
    pub(crate) place: Place,
}

impl InlinePicture {
    /// Its bytes.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut line = vec![0; self.place.n_bytes];
        self.records.read_exact_at(&mut line, self.place.offset)?;
        match parse(&line) {
            Some(Image::Inline { jpeg_base64 }) => STANDARD
                .decode(jpeg_base64)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "no picture")),
        }
    }
}

fn parse(line: &[u8]) -> Option<Image> {
    match Record::parse(std::str::from_utf8(line).ok()?).ok()?.ok()? {
        Record::Frame(frame) => Some(frame.image),
        _ => None,
    }
}
