//! Takes the time of writing out of an mp4 file, so that the same seed gives the same bytes at any time.
//!
//! The muxer writes the clock of the machine into the headers of the movie, of its tracks and of their media
//! (ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2); zero says that the time is not known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// A box begins with its size and its kind.
const N_HEADER: u64 = 8;

/// Zeroes the times of creation and of change in the file's headers.
///
/// # Errors
/// When the file cannot be read or written, or is no row of boxes.
pub(crate) fn undate(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let whole = 0..file.metadata()?.len();
    undate_boxes(&mut file, whole)
}

fn undate_boxes(file: &mut File, mut within: Range<u64>) -> io::Result<()> {
    while within.start < within.end {
        let (kind, payload) = header(file, &within)?;
        match &kind {
            b"moov" | b"trak" | b"mdia" => undate_boxes(file, payload.clone())?,
            b"mvhd" | b"tkhd" | b"mdhd" => zero_times(file, &payload)?,
            _ => {}
        }
        within.start = payload.end;
    }
    Ok(())
}

/// The kind of the next box, and where its payload lies.
fn header(file: &mut File, within: &Range<u64>) -> io::Result<([u8; 4], Range<u64>)> {
    file.seek(SeekFrom::Start(within.start))?;
    let (mut size, mut kind) = ([0; 4], [0; 4]);
    file.read_exact(&mut size)?;
    file.read_exact(&mut kind)?;
    let mut begin = within.start + N_HEADER;
    let end = match u64::from(u32::from_be_bytes(size)) {
        // The last box may go on to the end; a large one says its size in 64 bits.
        0 => within.end,
        1 => {
            let mut size = [0; 8];
            file.read_exact(&mut size)?;
            begin += size.len() as u64;
            within.start.saturating_add(u64::from_be_bytes(size))
        }
        size => within.start + size,
    };
    if end < begin || end > within.end {
        let message = format!("a box of impossible size at byte {}", within.start);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok((kind, begin..end))
}

/// Two times follow the version and the flags, of 64 bits each in version 1, else of 32.
fn zero_times(file: &mut File, payload: &Range<u64>) -> io::Result<()> {
    file.seek(SeekFrom::Start(payload.start))?;
    let mut version_and_flags = [0; 4];
    file.read_exact(&mut version_and_flags)?;
    let n_bytes = if version_and_flags[0] == 1 { 16 } else { 8 };
    file.write_all(&[0; 16][..n_bytes])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mp4_box(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).unwrap().to_be_bytes();
        [&size[..], &kind, payload].concat()
    }

    /// A movie with one track, whose three headers hold `times`.
    fn movie(version: u8, times: &[u8]) -> Vec<u8> {
        let header = |kind| {
            mp4_box(
                kind,
                &[&[version, 0, 0, 7], times, b"the rest of it"].concat(),
            )
        };
        let media = mp4_box(
            *b"mdia",
            &[header(*b"mdhd"), mp4_box(*b"minf", &[9; 5])].concat(),
        );
        let track = mp4_box(*b"trak", &[header(*b"tkhd"), media].concat());
        let movie = mp4_box(*b"moov", &[header(*b"mvhd"), track].concat());
        let large = [
            &1_u32.to_be_bytes()[..],
            b"mdat",
            &19_u64.to_be_bytes(),
            b"raw",
        ]
        .concat();
        [mp4_box(*b"ftyp", b"isom"), large, movie].concat()
    }

    #[test]
    fn nothing_but_the_times_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp4");
        for (version, n_bytes) in [(0, 8), (1, 16)] {
            fs::write(&path, movie(version, &vec![77; n_bytes])).unwrap();
            undate(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), movie(version, &vec![0; n_bytes]));
        }
    }

    #[test]
    fn a_file_that_is_no_row_of_boxes_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mp4");
        let whole = movie(0, &[77; 8]);
        let too_large = [&[0, 0, 0, 200][..], b"moov"].concat();
        let too_small = [&[0, 0, 0, 7][..], b"free"].concat();
        for bytes in [&whole[..whole.len() - 3], &too_large, &too_small, b"abc"] {
            fs::write(&path, bytes).unwrap();
            assert!(undate(&path).is_err());
        }
    }
}
