//! The boxes of an MP4 file and the elements of a Matroska file.

use std::ops::Range;

/// The kinds of containers that are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mp4,
    Matroska,
}

/// A box or an element.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Where its head starts, its content starts, and it ends.
    pub(super) start: usize,
    pub(super) content: usize,
    pub(super) end: usize,
    /// Where its length is written.
    pub(super) length: Range<usize>,
    /// The place of the part around it in the list of all.
    pub(super) parent: Option<usize>,
    pub(super) id: u32,
}

/// Boxes that hold boxes, and how many bytes are before those.
const BOXES: [(&[u8; 4], usize); 15] = [
    (b"moov", 0),
    (b"trak", 0),
    (b"mdia", 0),
    (b"minf", 0),
    (b"stbl", 0),
    (b"edts", 0),
    (b"dinf", 0),
    (b"udta", 0),
    (b"mvex", 0),
    (b"moof", 0),
    (b"traf", 0),
    (b"stsd", 8),
    (b"avc1", 78),
    (b"hvc1", 78),
    (b"dref", 8),
];
/// Elements that hold elements: Segment, SeekHead, Seek, Info, Tracks, TrackEntry, Video, Cluster, BlockGroup, Cues,
/// CuePoint, CueTrackPositions, EBML.
const MASTERS: [u32; 13] = [
    0x1853_8067,
    0x114d_9b74,
    0x4dbb,
    0x1549_a966,
    0x1654_ae6b,
    0xae,
    0xe0,
    0x1f43_b675,
    0xa0,
    0x1c53_bb6b,
    0xbb,
    0xb7,
    0x1a45_dfa3,
];
/// So many parts are looked at; the blocks of a long video are all alike.
const MAX_PARTS: usize = 2000;

pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.get(4..8)? == b"ftyp" {
        Some(Kind::Mp4)
    } else if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        Some(Kind::Matroska)
    } else {
        None
    }
}

/// All parts of a whole file, each before what is in it.
pub(super) fn parts(bytes: &[u8], kind: Kind) -> Vec<Part> {
    let mut parts = Vec::new();
    collect(bytes, kind, 0..bytes.len(), None, &mut parts);
    parts
}

fn collect(
    bytes: &[u8],
    kind: Kind,
    within: Range<usize>,
    parent: Option<usize>,
    parts: &mut Vec<Part>,
) {
    let mut at = within.start;
    while at < within.end && parts.len() < MAX_PARTS {
        let part = match kind {
            Kind::Mp4 => mp4_part(bytes, at),
            Kind::Matroska => matroska_part(bytes, at, within.end),
        };
        let Some(part) = part.filter(|part| part.end <= within.end) else {
            return;
        };
        at = part.end;
        let skipped = match kind {
            Kind::Mp4 => skipped(&BOXES, part.id),
            Kind::Matroska => MASTERS.contains(&part.id).then_some(0),
        };
        let inside = skipped.map(|skipped| part.content + skipped..part.end);
        let place = parts.len();
        parts.push(Part { parent, ..part });
        if let Some(inside) = inside {
            collect(bytes, kind, inside, Some(place), parts);
        }
    }
}

pub(super) fn skipped(table: &[(&[u8; 4], usize)], id: u32) -> Option<usize> {
    let found = table.iter().find(|(name, _)| **name == id.to_be_bytes());
    found.map(|(_, skipped)| *skipped)
}

fn mp4_part(bytes: &[u8], start: usize) -> Option<Part> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let length = number(start)? as usize;
    (length >= 8).then_some(Part {
        start,
        content: start + 8,
        end: start + length,
        length: start..start + 4,
        parent: None,
        id: number(start + 4)?,
    })
}

fn matroska_part(bytes: &[u8], start: usize, most: usize) -> Option<Part> {
    let width = |at: usize| Some(bytes.get(at)?.leading_zeros() as usize + 1);
    let big_endian = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let id_end = start + width(start).filter(|width| *width <= 4)?;
    let content = id_end + width(id_end).filter(|width| *width <= 8)?;
    let id = big_endian(bytes.get(start..id_end)?) as u32;
    let value_bits = 7 * (content - id_end) as u32;
    let length = big_endian(bytes.get(id_end..content)?) & ((1 << value_bits) - 1);
    // One that does not say how long it is lasts to the end of what it is in.
    let is_unknown = length == (1 << value_bits) - 1;
    let end = if is_unknown {
        most
    } else {
        content.checked_add(usize::try_from(length).ok()?)?
    };
    Some(Part {
        start,
        content,
        end,
        length: id_end..content,
        parent: None,
        id,
    })
}
