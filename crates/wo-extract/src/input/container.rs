//! Reads the container of a video file: how long the file must be, which track to decode, and how to turn its frames.
//! GStreamer takes a cut file for a short one, and always decodes the first track.

mod avi;
mod boxes;
mod bytes;
mod ebml;
mod matroska;
mod quicktime;
mod reading;
mod track;

use std::fs::File;

use bytes::read;
pub(crate) use track::{Patch, TrackChoice};

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
