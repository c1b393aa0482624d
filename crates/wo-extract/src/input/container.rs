//! What the outermost structure of a video file says: how long it must be, which of its tracks to show, and how.
//! GStreamer takes a cut file for a short one and the first track for the right one.

mod avi;
mod boxes;
mod ebml;
mod matroska;
mod quicktime;
mod reading;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::input::turn::{Distortion, Turn};

/// A file with more parts than this is read no further; real ones have a handful, fragmented ones thousands.
const MAX_PARTS: usize = 100_000;
/// More tracks than this are not looked at.
const MAX_TRACKS: usize = 1000;

/// Which video track to take of a file, and how it is shown.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct TrackChoice {
    /// What to read otherwise, so that nothing but this track is found.
    pub(crate) patches: Vec<Patch>,
    /// What makes its frames upright, where the container says so in a way that is read here.
    pub(crate) turn: Option<Turn>,
    /// What of the container is not obeyed, for a person.
    pub(crate) notes: Vec<String>,
    /// Whether there is no other track, so that what the container says of its length is about this one.
    pub(crate) is_alone: bool,
}

/// Bytes to read in the place of those that are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// In bytes from the start of the file.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

/// How many bytes are missing at the end of a file of `len` bytes, by what its container says. 0 where it does not say.
pub(crate) fn n_missing_bytes(file: &File, len: u64) -> u64 {
    // What cannot be read here the decoder will stumble over, with a better message.
    let end = match read::<4>(file, 0) {
        Ok(head) if &head == b"RIFF" => avi::end(file),
        Ok(head) if head == ebml::HEADER.to_be_bytes() => matroska::end(file),
        Ok(_) => Ok(quicktime::end(file, len)),
        Err(e) => Err(e),
    };
    end.ok().flatten().map_or(0, |end| end.saturating_sub(len))
}

/// Where in a file of `len` bytes the first part begins that cannot be read, where that can be told.
pub(crate) fn first_unreadable(file: &File, len: u64) -> Option<u64> {
    reading::first_unreadable(file, len)
}

/// Which video track to take of a file of `len` bytes; all as it is stored where its container does not say.
pub(crate) fn choose_track(file: &File, len: u64) -> TrackChoice {
    let choice = match read::<4>(file, 0) {
        Ok(head) if &head == b"RIFF" => avi::choose_track(file, len),
        Ok(head) if head == ebml::HEADER.to_be_bytes() => matroska::choose_track(file, len),
        Ok(head) if head.starts_with(reading::FLV) => Some(TrackChoice {
            is_alone: reading::has_no_sound(file),
            ..TrackChoice::default()
        }),
        Ok(_) => quicktime::choose_track(file, len),
        Err(_) => None,
    };
    choice.unwrap_or_default()
}

/// What is said of a display matrix that is not applied.
fn ignored(distortion: Distortion) -> String {
    let why = match distortion {
        Distortion::Flat => "leaves nothing to see (its determinant is zero)",
        Distortion::Shear => "shears the picture",
    };
    format!("its display matrix {why} and is ignored: the frames are as they are stored")
}

fn read<const N: usize>(file: &File, offset: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

fn read_u32(file: &File, offset: u64) -> Option<u32> {
    read(file, offset).ok().map(u32::from_be_bytes)
}

fn read_u64(file: &File, offset: u64) -> Option<u64> {
    read(file, offset).ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn check(bytes: &[u8], n_missing: u64) {
        assert_eq!(
            n_missing_bytes(&file(bytes), bytes.len() as u64),
            n_missing,
            "{bytes:?}"
        );
    }

    #[test]
    fn a_cut_file_says_how_much_is_missing() {
        check(b"\0\0\0\x08ftyp\0\0\0\x14mdat12345678", 4);
        check(b"\0\0\0\x08ftyp\0\0\0\x10mdat12345678", 0);
        check(b"\0\0\0\x08ftyp\0\0\0\x00mdat12345678", 0);
        check(b"\0\0\0\x08ftyp\0\0\0\x01mdat\0\0\0\0\0\0\0\x20", 16);
        check(b"\0\0\0\x08ftyp some other bytes behind", 0);
        check(b"RIFF\x10\0\0\0AVI LIST", 8);
        check(b"\x1a\x45\xdf\xa3\x82xx\x18\x53\x80\x67\x85abc", 2);
        check(
            b"\x1a\x45\xdf\xa3\x82xx\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xffabc",
            0,
        );
        for n in 0..12 {
            check(
                b"\x1a\x45\xdf\xa3\x82xx\x18\x53\x80\x67"
                    .get(..n)
                    .unwrap_or_default(),
                0,
            );
        }
    }
}
