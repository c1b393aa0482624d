//! Whether a container holds frames of a video, by its index alone: nothing is decoded.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// Longer descriptions of tracks are not read, and count as a video's.
const MAX_TRACKS: u64 = 16 << 20;
/// More elements than any Matroska file has at its first level.
const MAX_ELEMENTS: usize = 1_000_000;

/// The elements of Matroska that are looked at.
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const CLUSTER: u32 = 0x1F43_B675;
/// A track of video.
const VIDEO: u8 = 1;

/// Where an MP4 says which frames it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    InIndex,
    /// In fragments behind the index, which need not name any.
    InFragments,
}

/// Whether the index of an MP4, the content of its box `moov`, names a track of video with frames. Those of a file in
/// fragments stand in the fragments.
pub(crate) fn is_in_mp4(moov: &[u8], listed: Listed) -> bool {
    // An index that is packed, as QuickTime once wrote it, is not unpacked.
    if boxes(moov).any(|(kind, _)| kind == b"cmov") {
        return true;
    }
    let tracks = boxes(moov).filter(|(kind, _)| *kind == b"trak");
    let mut tracks = tracks.map(|(_, track)| track);
    tracks.any(|track| is_video(track) && (listed == Listed::InFragments || n_frames(track) > 0))
}

fn is_video(track: &[u8]) -> bool {
    let handler = content_of(track, &[b"mdia", b"hdlr"]).unwrap_or_default();
    handler.get(8..12) == Some(b"vide")
}

/// How many frames the table of sizes has.
fn n_frames(track: &[u8]) -> u32 {
    let tables: [&[&[u8; 4]]; 2] = [
        &[b"mdia", b"minf", b"stbl", b"stsz"],
        &[b"mdia", b"minf", b"stbl", b"stz2"],
    ];
    let table = tables.into_iter().find_map(|path| content_of(track, path));
    let count = table.and_then(|it| it.get(8..12));
    let count = count.and_then(|it| <[u8; 4]>::try_from(it).ok());
    count.map_or(0, u32::from_be_bytes)
}

/// The content of a box in a box.
fn content_of<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, kind| {
        boxes(bytes).find(|(own, _)| own == kind).map(|it| it.1)
    })
}

/// The boxes in a piece of an MP4, each with its kind and its content.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let head = bytes.get(..8)?;
        let size = u32::from_be_bytes(head[..4].try_into().ok()?) as usize;
        let size = if size == 0 { bytes.len() } else { size };
        let content = bytes.get(8..size)?;
        bytes = bytes.get(size..)?;
        Some((&head[4..], content))
    })
}

/// Whether a Matroska or WebM file has a track of video, and a cluster, in which frames stand.
pub(crate) fn is_in_matroska(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let (mut place, mut has_video, mut has_frames) = (0, false, false);
    for _ in 0..MAX_ELEMENTS {
        file.seek(SeekFrom::Start(place))?;
        let Some((id, size)) = unless_at_end(element(file))?.flatten() else {
            break;
        };
        let start = file.stream_position()?;
        if id == SEGMENT {
            place = start;
            continue;
        }
        has_frames |= id == CLUSTER;
        if id == TRACKS {
            has_video = match size {
                Some(size) if size <= MAX_TRACKS => {
                    let mut tracks = Vec::new();
                    file.by_ref().take(size).read_to_end(&mut tracks)?;
                    has_video_track(&tracks)
                }
                _ => true,
            };
        }
        // What has no size lasts to the end.
        match size.and_then(|size| start.checked_add(size)) {
            Some(next) if !(has_video && has_frames) => place = next,
            _ => break,
        }
    }
    Ok(has_video && has_frames)
}

fn has_video_track(tracks: &[u8]) -> bool {
    let entries = elements(tracks).filter(|(id, _)| *id == TRACK_ENTRY);
    let mut fields = entries.flat_map(|(_, entry)| elements(entry));
    fields.any(|(id, content)| id == TRACK_TYPE && content.last() == Some(&VIDEO))
}

/// The elements in a piece of Matroska, each with its id and its content.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, size) = element(&mut bytes).ok().flatten()?;
        let size = usize::try_from(size?).ok()?;
        let content = bytes.get(..size)?;
        bytes = bytes.get(size..)?;
        Some((id, content))
    })
}

/// The id and the size of an element; without a size it lasts to the end. None where this is no element.
fn element(input: &mut impl Read) -> io::Result<Option<(u32, Option<u64>)>> {
    let Some((id, n_bytes)) = number(input, 4)? else {
        return Ok(None);
    };
    let Some((size, n_size)) = number(input, 8)? else {
        return Ok(None);
    };
    let mark = |n_bytes: u32| 1_u64 << (7 * n_bytes);
    // The id keeps the bit that says how long it is.
    let id = u32::try_from(id | mark(n_bytes)).unwrap_or_default();
    let is_open = size == mark(n_size) - 1;
    Ok(Some((id, (!is_open).then_some(size))))
}

/// A number of so many bytes as its first bit that is set says, and how many these are.
fn number(input: &mut impl Read, max_bytes: u32) -> io::Result<Option<(u64, u32)>> {
    let mut first = [0];
    input.read_exact(&mut first)?;
    let n_more = first[0].leading_zeros();
    if n_more >= max_bytes {
        return Ok(None);
    }
    let mut value = u64::from(first[0]) & (0x7F >> n_more);
    for _ in 0..n_more {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        value = (value << 8) | u64::from(byte[0]);
    }
    Ok(Some((value, n_more + 1)))
}

fn unless_at_end<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn mp4_box(kind: &str, content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [&size[..], kind.as_bytes(), content].concat()
    }

    fn track(handler: &str, table: &str, n_frames: u8) -> Vec<u8> {
        let handler = mp4_box("hdlr", &[&[0; 8], handler.as_bytes(), &[0; 12]].concat());
        let sizes = mp4_box(table, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n_frames]);
        let table = mp4_box("minf", &mp4_box("stbl", &sizes));
        mp4_box("trak", &mp4_box("mdia", &[handler, table].concat()))
    }

    #[test]
    fn an_mp4_needs_a_track_of_video_with_frames() {
        let header = mp4_box("mvhd", &[0; 100]);
        let is_in = |tracks: &[Vec<u8>], listed| {
            is_in_mp4(&[&header[..], &tracks.concat()].concat(), listed)
        };
        assert!(is_in(&[track("vide", "stsz", 1)], Listed::InIndex));
        assert!(is_in(
            &[track("soun", "stsz", 9), track("vide", "stz2", 7)],
            Listed::InIndex
        ));
        assert!(!is_in(&[track("soun", "stsz", 9)], Listed::InIndex));
        assert!(!is_in(
            &[track("vide", "stsz", 0), track("soun", "stsz", 9)],
            Listed::InIndex
        ));
        assert!(!is_in(&[], Listed::InIndex) && !is_in(&[], Listed::InFragments));
        assert!(is_in(&[track("vide", "stsz", 0)], Listed::InFragments));
        let whole = track("vide", "stsz", 1);
        for len in 0..whole.len() {
            assert!(
                !is_in(&[whole[..len].to_vec()], Listed::InIndex),
                "{len} bytes"
            );
        }
    }

    fn matroska(tracks: &[u8], clusters: &[u8]) -> bool {
        let header = b"\x1a\x45\xdf\xa3\x84webm\x18\x53\x80\x67\xff\xec\x82..";
        let bytes = [&header[..], tracks, clusters].concat();
        is_in_matroska(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn a_matroska_file_needs_a_track_of_video_and_a_cluster() {
        let video = b"\x16\x54\xae\x6b\x88\xae\x86\xd7\x81\x01\x83\x81\x01";
        let sound = b"\x16\x54\xae\x6b\x88\xae\x86\xd7\x81\x01\x83\x81\x02";
        let (cluster, open) = (b"\x1f\x43\xb6\x75\x82\0\0", b"\x1f\x43\xb6\x75\xff");
        assert!(matroska(video, cluster) && matroska(video, open));
        assert!(!matroska(video, b"") && !matroska(video, b"\x1c\x53\xbb\x6b\x80"));
        assert!(!matroska(sound, cluster) && !matroska(b"", cluster));
        assert!(!matroska(&video[..9], b""));
    }
}
