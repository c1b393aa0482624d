//! The streams of AVI (Microsoft's "AVI RIFF File Reference").

use std::fs::File;
use std::io;

use super::bytes::{MAX_PARTS, read};
use super::track::{MAX_TRACKS, Patch, TrackChoice};

/// Set in the flags of a stream that is off (AVISF_DISABLED).
const IS_DISABLED: u32 = 1;
/// A type of stream that is not looked at.
const TEXT: &[u8; 4] = b"txts";

/// A chunk.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    kind: [u8; 4],
    content: u64,
    end: u64,
}

/// Where the file ends by its own words.
pub(super) fn end(file: &File) -> io::Result<Option<u64>> {
    let size = u32::from_le_bytes(read(file, 4)?);
    // Both mean that the recorder did not come to write the size.
    Ok((size != 0 && size != u32::MAX).then_some(8 + u64::from(size)))
}

/// The first video stream that is on, or else the first; `None` where there is none.
pub(super) fn choose_track(file: &File, len: u64) -> Option<TrackChoice> {
    if &read::<4>(file, 8).ok()? != b"AVI " {
        return None;
    }
    let header = lists(file, 12, len, *b"hdrl").next()?;
    let streams = lists(file, header.content + 4, header.end, *b"strl");
    // The type of each video stream, and whether it is off.
    let videos: Vec<(u64, bool)> = streams
        .take(MAX_TRACKS)
        .filter_map(|list| {
            let mut parts = chunks(file, list.content + 4, list.end);
            let stream = parts.find(|it| &it.kind == b"strh")?;
            let is_video = &read::<4>(file, stream.content).ok()? == b"vids";
            let flags = u32::from_le_bytes(read(file, stream.content + 8).ok()?);
            is_video.then_some((stream.content, flags & IS_DISABLED != 0))
        })
        .collect();
    let (chosen, _) = *videos.iter().min_by_key(|(_, is_disabled)| *is_disabled)?;
    let others = videos.iter().filter(|(offset, _)| *offset != chosen);
    Some(TrackChoice {
        patches: others
            .map(|&(offset, _)| Patch {
                offset,
                bytes: TEXT.to_vec(),
            })
            .collect(),
        ..TrackChoice::default()
    })
}

/// The lists of this kind from `start` to `end`.
fn lists(
    file: &File,
    start: u64,
    end: u64,
    kind: [u8; 4],
) -> impl Iterator<Item = Chunk> + use<'_> {
    chunks(file, start, end).filter(move |chunk| {
        &chunk.kind == b"LIST" && read::<4>(file, chunk.content).is_ok_and(|it| it == kind)
    })
}

fn chunks(file: &File, start: u64, end: u64) -> impl Iterator<Item = Chunk> + use<'_> {
    let mut next = start;
    std::iter::from_fn(move || {
        let [k0, k1, k2, k3, size @ ..] = read::<8>(file, next).ok().filter(|_| next < end)?;
        let content = next + 8;
        let size = u64::from(u32::from_le_bytes(size));
        // Chunks begin at even places.
        next = content + size + size % 2;
        Some(Chunk {
            kind: [k0, k1, k2, k3],
            content,
            end: (content + size).min(end),
        })
    })
    .take(MAX_PARTS)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
        [kind, &(content.len() as u32).to_le_bytes()[..], content].concat()
    }

    fn stream(kind: &[u8], flags: u32) -> Vec<u8> {
        let header = [kind, b"XVID", &flags.to_le_bytes(), &[0; 44]].concat();
        chunk(b"LIST", &[&b"strl"[..], &chunk(b"strh", &header)].concat())
    }

    /// Which of the streams are looked at, by number.
    fn left(streams: &[Vec<u8>]) -> Vec<usize> {
        let header = [b"hdrl".to_vec(), chunk(b"avih", &[0; 56]), streams.concat()].concat();
        let mut bytes = chunk(
            b"RIFF",
            &[b"AVI ".to_vec(), chunk(b"LIST", &header)].concat(),
        );
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        for patch in choose_track(&file, bytes.len() as u64).unwrap().patches {
            bytes[patch.offset as usize..][..patch.bytes.len()].copy_from_slice(&patch.bytes);
        }
        let starts = bytes
            .windows(8)
            .enumerate()
            .filter(|(_, it)| it.starts_with(b"strh"));
        let kinds = starts.map(|(at, _)| bytes[at + 8..at + 12].to_vec());
        let kinds: Vec<_> = kinds.collect();
        (0..kinds.len())
            .filter(|&at| kinds[at] == b"vids")
            .collect()
    }

    #[test]
    fn the_first_video_that_is_on_is_taken() {
        let (on, off) = (stream(b"vids", 0), stream(b"vids", IS_DISABLED));
        let sound = stream(b"auds", 0);
        assert_eq!(left(&[sound.clone(), on.clone(), on.clone()]), [1]);
        assert_eq!(left(&[off.clone(), sound, on]), [2]);
        assert_eq!(left(&[off.clone(), off]), [0]);
    }
}
