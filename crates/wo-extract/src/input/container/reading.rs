//! Checks whether the parts of a file can be read one after the other. Where the header of a part is destroyed, GStreamer's
//! demuxers stop or skip ahead silently.

use std::fs::File;

use super::boxes::boxes;
use super::bytes::{MAX_PARTS, read};
use super::ebml::{self, elements};
use super::matroska;

/// The parts of a Matroska, and those of its clusters, which lie beside them in a live recording (RFC 9559).
const MATROSKA: [u32; 18] = [
    0x114d_9b74,
    0x1549_a966,
    0x1654_ae6b,
    0x1f43_b675,
    0x1c53_bb6b,
    0x1941_a469,
    0x1043_a770,
    0x1254_c367,
    0xec,
    0xbf,
    0xe7,
    0xa3,
    0xa0,
    0xa7,
    0xab,
    0x5854,
    0xaf,
    0xa1,
];
/// What an FLV starts with.
pub(super) const FLV: &[u8; 3] = b"FLV";
/// The tags of an FLV: sound, images, and words about both. Higher bits say that it is encrypted.
const FLV_TAGS: [u8; 3] = [8, 9, 18];
/// Where it says that there is sound.
const FLV_SOUND: u8 = 4;
/// A tag's kind, its length, its time and its stream; and the length once more behind it.
const FLV_HEAD: u64 = 11;
const FLV_TAIL: u64 = 4;

/// Where in a file of `len` bytes the first part begins that cannot be read, of the kinds of file that lose what is there.
pub(super) fn first_unreadable(file: &File, len: u64) -> Option<u64> {
    match read::<4>(file, 0).ok()? {
        head if head == ebml::HEADER.to_be_bytes() => in_matroska(file, len),
        head if head.starts_with(FLV) => in_flv(file, len),
        [_, _, _, _] => in_fragments(file, len),
    }
}

/// Whether an FLV says that it is all images.
pub(super) fn has_no_sound(file: &File) -> bool {
    read(file, 4).is_ok_and(|[flags]| flags & FLV_SOUND == 0)
}

fn in_matroska(file: &File, len: u64) -> Option<u64> {
    let segment = elements(file, 0, len).find(|it| it.id == matroska::SEGMENT)?;
    let end = segment.end.map_or(len, |end| end.min(len));
    let mut next = segment.content;
    for (number, part) in elements(file, segment.content, end).enumerate() {
        if !MATROSKA.contains(&part.id) {
            return Some(part.start);
        }
        next = part.end.unwrap_or(part.content);
        if number + 1 == MAX_PARTS {
            return None;
        }
    }
    (next < end).then_some(next)
}

/// Those of an MP4 in fragments: else its index says where all is.
fn in_fragments(file: &File, len: u64) -> Option<u64> {
    let mut next = 0;
    let mut is_fragmented = false;
    let mut unreadable = None;
    for (number, part) in boxes(file, 0, len).enumerate() {
        is_fragmented |= &part.kind == b"moof";
        let is_word = part
            .kind
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~' | 0xa9));
        if unreadable.is_none() && !is_word {
            unreadable = Some(part.start);
        }
        next = part.end;
        if number + 1 == MAX_PARTS {
            next = len;
        }
    }
    let unreadable = unreadable.or((next < len).then_some(next));
    unreadable.filter(|_| is_fragmented)
}

fn in_flv(file: &File, len: u64) -> Option<u64> {
    let head = u64::from(u32::from_be_bytes(read(file, 5).ok()?));
    let mut next = head + FLV_TAIL;
    for _ in 0..MAX_PARTS {
        if next + FLV_HEAD > len {
            return None;
        }
        let [kind, s2, s1, s0] = read(file, next).ok()?;
        let end = next + FLV_HEAD + u64::from(u32::from_be_bytes([0, s2, s1, s0])) + FLV_TAIL;
        if !FLV_TAGS.contains(&(kind & 0x1f)) || end > len + FLV_TAIL {
            return Some(next);
        }
        next = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check(bytes: &[u8], expected: Option<u64>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        assert_eq!(first_unreadable(&file, bytes.len() as u64), expected);
    }

    #[test]
    fn a_part_without_its_head_is_found() {
        let boxed = |kind: &[u8; 4]| [&[0, 0, 0, 12][..], kind, b"1234"].concat();
        let kinds: [&[u8; 4]; 5] = [b"ftyp", b"moov", b"moof", b"mdat", b"mfra"];
        let mp4: Vec<u8> = kinds.iter().flat_map(|kind| boxed(kind)).collect();
        check(&mp4, None);
        let mut broken = mp4.clone();
        broken[36..44].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff");
        check(&broken, Some(36));
        broken[36..44].copy_from_slice(b"\0\0\0\x0c\xff\xff\xff\xff");
        check(&broken, Some(36));
        // Without fragments the index counts.
        broken[24..32].copy_from_slice(b"\0\0\0\x0cfree");
        check(&broken, None);

        let cluster = b"\x1f\x43\xb6\x75\x83\xe7\x81\x00";
        let segment = [&b"\x18\x53\x80\x67\x90"[..], cluster, cluster].concat();
        let mut matroska = [&b"\x1a\x45\xdf\xa3\x80"[..], &segment].concat();
        check(&matroska, None);
        matroska[18..22].fill(0xaa);
        check(&matroska, Some(18));

        let tag = b"\x09\0\0\x02\0\0\0\0\0\0\0xx\0\0\0\x0d";
        let mut flv = [&b"FLV\x01\x01\0\0\0\x09\0\0\0\0"[..], tag, tag].concat();
        check(&flv, None);
        flv[30] = 0x77;
        check(&flv, Some(30));
    }
}
