//! Videos whose containers have something done to them by one who knows what they are made of: boxes of MP4, elements of
//! Matroska. What comes of it gets past the first look of a parser, which random bytes seldom do.

mod parts;

use std::ops::Range;

use crate::mutation::Random;
use parts::{Kind, Part, kind, parts, skipped};

/// Boxes that say how many entries they have, and where in their content.
const COUNTS: [(&[u8; 4], usize); 11] = [
    (b"stts", 4),
    (b"ctts", 4),
    (b"stsc", 4),
    (b"stsz", 8),
    (b"stco", 4),
    (b"co64", 4),
    (b"stss", 4),
    (b"elst", 4),
    (b"trun", 4),
    (b"stsd", 4),
    (b"dref", 4),
];

/// Breaks `bytes` in one of seven ways if they are an MP4 or Matroska file. Returns the name of the way.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) -> Option<&'static str> {
    let kind = kind(bytes)?;
    let parts = parts(bytes, kind);
    if parts.is_empty() {
        return None;
    }
    let pick = |random: &mut Random| random.below(parts.len());
    // Few of all parts are near the top, and each of those matters more.
    let at = if random.below(2) == 0 {
        random.below(parts.len().min(24))
    } else {
        pick(random)
    };
    let part = &parts[at];
    Some(match random.below(7) {
        0 => {
            let siblings = siblings(&parts, at);
            let other = siblings[random.below(siblings.len())];
            swap(bytes, &parts, at, other);
            "swapped"
        }
        1 => {
            let copy = bytes[part.start..part.end].to_vec();
            grow(bytes, kind, &parts, part.parent, copy.len() as i64);
            bytes.splice(part.end..part.end, copy);
            "repeated"
        }
        2 => {
            reorder(bytes, &parts, &siblings(&parts, at), random);
            "reordered"
        }
        3 => {
            resize(bytes, kind, &parts, at, random);
            "resized"
        }
        4 => {
            let length = lies(part, random);
            write_length(bytes, kind, part, length);
            "length"
        }
        5 => {
            miscount(bytes, kind, &parts, random);
            "count"
        }
        _ => {
            let target = pick(random);
            let copy = bytes[part.start..part.end].to_vec();
            grow(bytes, kind, &parts, Some(target), copy.len() as i64);
            let inside = parts[target].content;
            bytes.splice(inside..inside, copy);
            "moved"
        }
    })
}

/// The places of the parts beside the one at `at`, itself among them, in the order of the file.
fn siblings(parts: &[Part], at: usize) -> Vec<usize> {
    let parent = parts[at].parent;
    let all = parts.iter().enumerate();
    all.filter(|(_, part)| part.parent == parent)
        .map(|(place, _)| place)
        .collect()
}

fn swap(bytes: &mut [u8], parts: &[Part], one: usize, other: usize) {
    let (first, second) = (&parts[one.min(other)], &parts[one.max(other)]);
    if one == other {
        return;
    }
    let moved = [
        &bytes[second.start..second.end],
        &bytes[first.end..second.start],
        &bytes[first.start..first.end],
    ]
    .concat();
    bytes[first.start..second.end].copy_from_slice(&moved);
}

fn reorder(bytes: &mut [u8], parts: &[Part], siblings: &[usize], random: &mut Random) {
    let mut order = siblings.to_vec();
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    let start = parts[siblings[0]].start;
    let moved: Vec<u8> = order
        .iter()
        .flat_map(|&place| &bytes[parts[place].start..parts[place].end])
        .copied()
        .collect();
    bytes[start..start + moved.len()].copy_from_slice(&moved);
}

/// Adds or removes bytes inside a part, and says so in all lengths around them.
fn resize(bytes: &mut Vec<u8>, kind: Kind, parts: &[Part], at: usize, random: &mut Random) {
    let part = &parts[at];
    let n_bytes = 1 + random.below(64);
    if random.below(2) == 0 {
        let added: Vec<u8> = (0..n_bytes).map(|_| random.number() as u8).collect();
        grow(bytes, kind, parts, Some(at), n_bytes as i64);
        bytes.splice(part.end..part.end, added);
    } else {
        let n_bytes = n_bytes.min(part.end - part.content);
        grow(bytes, kind, parts, Some(at), -(n_bytes as i64));
        bytes.drain(part.end - n_bytes..part.end);
    }
}

/// Adds `n_bytes` to the length of a part, and to those of all parts around it.
fn grow(bytes: &mut [u8], kind: Kind, parts: &[Part], at: Option<usize>, n_bytes: i64) {
    let mut next = at;
    while let Some(at) = next {
        let part = &parts[at];
        let whole = match kind {
            Kind::Mp4 => part.end - part.start,
            Kind::Matroska => part.end - part.content,
        };
        write_length(
            bytes,
            kind,
            part,
            (whole as u64).wrapping_add_signed(n_bytes),
        );
        next = part.parent;
    }
}

fn write_length(bytes: &mut [u8], kind: Kind, part: &Part, length: u64) {
    let place = &mut bytes[part.length.clone()];
    let width = place.len();
    place.copy_from_slice(&length.to_be_bytes()[8 - width..]);
    if kind == Kind::Matroska {
        // The bits before the one that says how wide the number is.
        let marker = 0x80u8 >> (width - 1);
        place[0] = place[0] & (marker - 1) | marker;
    }
}

/// A length that is not that of `part`.
fn lies(part: &Part, random: &mut Random) -> u64 {
    let right = (part.end - part.start) as u64;
    let lies = [
        0,
        1,
        7,
        8,
        right + 1,
        right.saturating_sub(1),
        right / 2,
        2 * right,
        0x7fff_ffff,
        0xffff_fffe,
        u64::MAX,
        random.number(),
    ];
    lies[random.below(lies.len())]
}

/// Writes a wrong number into a part: of entries in MP4, any in Matroska.
fn miscount(bytes: &mut [u8], kind: Kind, parts: &[Part], random: &mut Random) {
    let numbers: Vec<Range<usize>> = match kind {
        Kind::Mp4 => {
            let counted = parts.iter().filter_map(|part| {
                let at = part.content + skipped(&COUNTS, part.id)?;
                (at + 4 <= part.end).then_some(at..at + 4)
            });
            counted.collect()
        }
        Kind::Matroska => {
            let short = parts.iter().map(|part| part.content..part.end);
            short.filter(|it| (1..=8).contains(&it.len())).collect()
        }
    };
    if numbers.is_empty() {
        return;
    }
    let place = &mut bytes[numbers[random.below(numbers.len())].clone()];
    match random.below(5) {
        0 => place.fill(0),
        1 => place.fill(0xff),
        2 => {
            place.fill(0xff);
            place[0] = 0x7f;
        }
        3 => {
            let last = place.len() - 1;
            place[last] = place[last].wrapping_add(1);
        }
        _ => place.fill_with(|| random.number() as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mp4() -> Vec<u8> {
        let make = |name: &[u8; 4], content: &[u8]| {
            let length = (content.len() as u32 + 8).to_be_bytes();
            [&length[..], name, content].concat()
        };
        let stts = make(b"stts", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1]);
        let stbl = make(b"stbl", &[stts, make(b"stco", &[0; 8])].concat());
        let moov = make(b"moov", &[make(b"mvhd", &[7; 20]), stbl].concat());
        [make(b"ftyp", b"isomisom"), moov, make(b"mdat", &[5; 40])].concat()
    }

    fn matroska() -> Vec<u8> {
        let info = [0x15, 0x49, 0xa9, 0x66, 0x84, 0x2a, 0xd7, 0xb1, 0x80];
        let head = [0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 1];
        let segment = [0x18, 0x53, 0x80, 0x67, 0x40, info.len() as u8];
        [&head[..], &segment, &info].concat()
    }

    #[test]
    fn parts_are_found() {
        let ids = |bytes: &[u8]| {
            let parts = parts(bytes, kind(bytes).unwrap());
            assert_eq!(parts.last().unwrap().end, bytes.len());
            parts.into_iter().map(|part| part.id).collect::<Vec<_>>()
        };
        let names = [
            b"ftyp", b"moov", b"mvhd", b"stbl", b"stts", b"stco", b"mdat",
        ];
        assert_eq!(ids(&mp4()), names.map(|name| u32::from_be_bytes(*name)));
        let elements = [0x1a45_dfa3, 0x4286, 0x1853_8067, 0x1549_a966, 0x2a_d7b1];
        assert_eq!(ids(&matroska()), elements);
        assert!(mutate(&mut vec![0; 100], &mut Random::new(1)).is_none());
    }

    #[test]
    fn each_way_is_taken_and_none_panics() {
        let mut ways = std::collections::BTreeSet::new();
        let mut random = Random::new(3);
        for whole in [mp4(), matroska()] {
            for _ in 0..2000 {
                let mut bytes = whole.clone();
                ways.extend(mutate(&mut bytes, &mut random));
            }
        }
        let all = [
            "count",
            "length",
            "moved",
            "reordered",
            "repeated",
            "resized",
            "swapped",
        ];
        assert!(ways.iter().eq(&all), "{ways:?}");
    }

    #[test]
    fn what_is_resized_is_still_a_whole_file() {
        let mut random = Random::new(5);
        for whole in [mp4(), matroska()] {
            let kind = kind(&whole).unwrap();
            let before = parts(&whole, kind);
            for at in 0..before.len() {
                let mut bytes = whole.clone();
                // Only to what holds no others can anything be added.
                if before.iter().any(|part| part.parent == Some(at)) {
                    continue;
                }
                resize(&mut bytes, kind, &before, at, &mut random);
                let after = parts(&bytes, kind);
                assert_eq!(after.len(), before.len());
                assert_eq!(after.last().unwrap().end, bytes.len());
            }
        }
    }
}
