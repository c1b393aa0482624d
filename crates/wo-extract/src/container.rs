//! What the outermost structure of a video file says about its length. GStreamer takes a cut file for a short one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file with more parts than this is read no further; real ones have a handful, fragmented ones thousands.
const MAX_BOXES: usize = 100_000;
/// The parts of an MP4 that matter when they are cut.
const MP4_PARTS: [&[u8; 4]; 8] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"free", b"wide", b"skip", b"udta",
];
const EBML: u32 = 0x1a45_dfa3;
const MATROSKA_SEGMENT: u32 = 0x1853_8067;

/// A box of an MP4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mp4Box {
    kind: [u8; 4],
    /// Behind the size and the kind.
    content: u64,
    end: u64,
}

/// Where the duration of a whole MP4 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DurationField {
    /// In bytes from the start of the file.
    pub(crate) offset: u64,
    /// How many bytes it has.
    pub(crate) n_bytes: usize,
}

/// How many bytes are missing at the end of a file of `len` bytes, by what its container says. 0 where it does not say.
pub(crate) fn n_missing_bytes(file: &File, len: u64) -> u64 {
    // What cannot be read here the decoder will stumble over, with a better message.
    let end = match head(file) {
        Ok(head) if head.starts_with(b"RIFF") => riff_end(file),
        Ok(head) if head == EBML.to_be_bytes() => matroska_end(file),
        Ok(_) => Ok(mp4_end(file, len)),
        Err(e) => Err(e),
    };
    end.ok().flatten().map_or(0, |end| end.saturating_sub(len))
}

/// Where an MP4 says how long it is, unless it says nothing.
pub(crate) fn mp4_duration_field(file: &File, len: u64) -> Option<DurationField> {
    let movie = boxes(file, 0, len).find(|found| &found.kind == b"moov")?;
    let header =
        boxes(file, movie.content, movie.end.min(len)).find(|found| &found.kind == b"mvhd")?;
    let [version] = read(file, header.content).ok()?;
    // Behind version and flags come two dates and the time scale; in version 1 the dates have 8 bytes each.
    let (offset, n_bytes) = if version == 1 {
        (header.content + 24, 8)
    } else {
        (header.content + 16, 4)
    };
    (offset + n_bytes as u64 <= header.end).then_some(DurationField { offset, n_bytes })
}

fn head(file: &File) -> io::Result<[u8; 4]> {
    read(file, 0)
}

fn mp4_end(file: &File, len: u64) -> Option<u64> {
    let last = boxes(file, 0, len).last()?;
    MP4_PARTS.contains(&&last.kind).then_some(last.end)
}

/// The boxes from `start` on, up to and with the first that reaches beyond `end`.
fn boxes(file: &File, start: u64, end: u64) -> impl Iterator<Item = Mp4Box> {
    let mut next = start;
    std::iter::from_fn(move || {
        let found = (next < end)
            .then(|| box_at(file, next, end).ok().flatten())
            .flatten()?;
        next = found.end;
        Some(found)
    })
    .take(MAX_BOXES)
}

fn box_at(file: &File, start: u64, end_of_all: u64) -> io::Result<Option<Mp4Box>> {
    let [s0, s1, s2, s3, kind @ ..] = read::<8>(file, start)?;
    let (size, n_header) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        0 => (end_of_all - start, 8),
        1 => (u64::from_be_bytes(read(file, start + 8)?), 16),
        size => (u64::from(size), 8),
    };
    let end = start.checked_add(size).filter(|_| size >= n_header);
    Ok(end.map(|end| Mp4Box {
        kind,
        content: start + n_header,
        end,
    }))
}

fn riff_end(file: &File) -> io::Result<Option<u64>> {
    let size = u32::from_le_bytes(read(file, 4)?);
    // Both mean that the recorder did not come to write the size.
    Ok((size != 0 && size != u32::MAX).then_some(8 + u64::from(size)))
}

fn matroska_end(file: &File) -> io::Result<Option<u64>> {
    let Some((header_size, header)) = ebml_size(file, 4)? else {
        return Ok(None);
    };
    let segment = header.saturating_add(header_size);
    if u32::from_be_bytes(read(file, segment)?) != MATROSKA_SEGMENT {
        return Ok(None);
    }
    Ok(ebml_size(file, segment + 4)?.and_then(|(size, content)| content.checked_add(size)))
}

/// The size written at `offset` in as many bytes as its leading zero bits say, and where it ends. `None` for the
/// size that means "not known", which is what a live recording has.
fn ebml_size(file: &File, offset: u64) -> io::Result<Option<(u64, u64)>> {
    let [first] = read(file, offset)?;
    let n_more = u64::from(first.leading_zeros());
    if n_more > 7 {
        return Ok(None);
    }
    let mut size = u64::from(first) & (0x7f >> n_more);
    for at in 0..n_more {
        let [byte] = read(file, offset + 1 + at)?;
        size = size << 8 | u64::from(byte);
    }
    let unknown = (1 << (7 * (n_more + 1))) - 1;
    Ok((size != unknown).then_some((size, offset + 1 + n_more)))
}

fn read<const N: usize>(file: &File, offset: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
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

    #[test]
    fn the_duration_of_an_mp4_is_found_in_both_versions() {
        let movie = |header: &[u8]| {
            let mut bytes = b"\0\0\0\x08ftyp".to_vec();
            bytes.extend((8 + 8 + header.len() as u32).to_be_bytes());
            bytes.extend(b"moov");
            bytes.extend((8 + header.len() as u32).to_be_bytes());
            bytes.extend(b"mvhd");
            bytes.extend(header);
            bytes
        };
        let find = |bytes: Vec<u8>| mp4_duration_field(&file(&bytes), bytes.len() as u64);
        assert_eq!(
            find(movie(&[0; 20])),
            Some(DurationField {
                offset: 24 + 16,
                n_bytes: 4
            })
        );
        let mut long = [0; 32];
        long[0] = 1;
        assert_eq!(
            find(movie(&long)),
            Some(DurationField {
                offset: 24 + 24,
                n_bytes: 8
            })
        );
        assert_eq!(find(movie(&[0; 10])), None);
        assert_eq!(find(b"\0\0\0\x08ftyp".to_vec()), None);
    }
}
