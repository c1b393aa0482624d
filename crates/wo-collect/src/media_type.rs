//! What a file is, by its bytes and never by its name; and whether it is whole and holds frames of a video, where its
//! container says so.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::video_track::{self, Listed};

/// How many bytes at the start tell what a file is.
const N_FIRST: usize = 512;
/// The size of packets of MPEG-TS, each of which begins with this byte.
const TS_PACKET: usize = 188;
const TS_SYNC: u8 = 0x47;
/// More top-level boxes than any healthy MP4 has; one in fragments has two for each.
const MAX_BOXES: usize = 1_000_000;
/// A longer index is not read, and counts as that of a video.
const MAX_INDEX: u64 = 256 << 20;

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// A video; how its name ends.
    Video(&'static str),
    /// A video that ends early.
    CutVideo,
    /// The container of a video, in which no frames of one are.
    NoFrames,
    /// Something else: what it is, in words.
    Other(&'static str),
}

/// What an open file is.
pub(crate) fn of(file: &mut File) -> io::Result<MediaType> {
    let mut first = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(N_FIRST as u64).read_to_end(&mut first)?;
    let kind = of_bytes(&first);
    let has_frames = match kind {
        MediaType::Video("mp4") => match boxes_of_mp4(file)? {
            Some(boxes) => boxes.have_video(file)?,
            None => return Ok(MediaType::CutVideo),
        },
        MediaType::Video("webm" | "mkv") => video_track::is_in_matroska(file)?,
        _ => true,
    };
    Ok(if has_frames {
        kind
    } else {
        MediaType::NoFrames
    })
}

fn of_bytes(first: &[u8]) -> MediaType {
    let at = |place: usize, bytes: &[u8]| first.get(place..place + bytes.len()) == Some(bytes);
    let has = |text: &[u8]| first.windows(text.len()).any(|window| window == text);
    let boxes: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"free"];
    if boxes.iter().any(|name| at(4, name)) {
        return if at(8, b"avif") || at(8, b"heic") || at(8, b"mif1") {
            MediaType::Other("a still image")
        } else {
            MediaType::Video("mp4")
        };
    }
    if at(0, b"\x1a\x45\xdf\xa3") {
        return MediaType::Video(if has(b"webm") { "webm" } else { "mkv" });
    }
    if at(0, b"RIFF") && at(8, b"AVI ") {
        return MediaType::Video("avi");
    }
    if at(0, b"\0\0\x01\xba") || at(0, b"\0\0\x01\xb3") {
        return MediaType::Video("mpg");
    }
    if first.first() == Some(&TS_SYNC) && first.get(TS_PACKET) == Some(&TS_SYNC) {
        return MediaType::Video("ts");
    }
    if at(0, b"FLV\x01") {
        return MediaType::Video("flv");
    }
    if at(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") {
        return MediaType::Video("wmv");
    }
    if at(0, b"OggS") {
        return MediaType::Video("ogv");
    }
    if at(0, b"GIF8") {
        return MediaType::Video("gif");
    }
    MediaType::Other(other(first))
}

/// What else people get instead of a video.
fn other(first: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(first).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if first.is_empty() {
        "an empty file"
    } else if text.starts_with("<!doctype html")
        || text.starts_with("<html")
        || text.contains("<head")
    {
        "a web page"
    } else if text.starts_with("<?xml") || text.starts_with('<') {
        "XML"
    } else if text.starts_with("#extm3u") {
        "a playlist"
    } else if text.starts_with('{') || text.starts_with('[') {
        "JSON"
    } else if first.starts_with(b"\xff\xd8") || first.starts_with(b"\x89PNG") {
        "a still image"
    } else if first.starts_with(b"PK\x03\x04") {
        "a ZIP archive"
    } else if first.starts_with(b"ID3") || first.starts_with(b"\xff\xfb") {
        "sound"
    } else {
        "no video"
    }
}

/// What the boxes of an MP4 are.
#[derive(Debug, Default)]
struct Mp4Boxes {
    /// Where the content of the index stands, and how long it is.
    index: Option<(u64, u64)>,
    has_frames: bool,
    has_fragments: bool,
}

impl Mp4Boxes {
    fn have_video(&self, file: &mut File) -> io::Result<bool> {
        let Some((place, size)) = self.index else {
            return Ok(false);
        };
        if size > MAX_INDEX {
            return Ok(true);
        }
        let mut index = Vec::new();
        file.seek(SeekFrom::Start(place))?;
        file.by_ref().take(size).read_to_end(&mut index)?;
        let listed = if self.has_fragments {
            Listed::InFragments
        } else {
            Listed::InIndex
        };
        Ok(video_track::is_in_mp4(&index, listed))
    }

    /// None unless there is a box that says what is in the others, and another one.
    fn whole(self) -> Option<Self> {
        let is_whole = self.index.is_some() && self.has_frames;
        is_whole.then_some(self)
    }
}

/// The boxes of an MP4; none where they do not end where the file ends.
fn boxes_of_mp4(file: &mut File) -> io::Result<Option<Mp4Boxes>> {
    let len = file.metadata()?.len();
    let (mut place, mut boxes) = (0_u64, Mp4Boxes::default());
    for _ in 0..MAX_BOXES {
        if place == len {
            return Ok(boxes.whole());
        }
        let mut head = [0_u8; 16];
        let n_head = (len - place).min(16) as usize;
        if n_head < 8 {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut head[..n_head])?;
        let [a, b, c, d, kind @ ..] = head;
        let (size, n_head) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file.
            0 => (len - place, 8),
            1 if n_head == 16 => (u64::from_be_bytes(std::array::from_fn(|i| head[8 + i])), 16),
            size => (u64::from(size), 8),
        };
        boxes.has_frames |= kind.starts_with(b"mdat");
        boxes.has_fragments |= kind.starts_with(b"moof");
        if kind.starts_with(b"moov") {
            boxes.index = Some((place + n_head, size.saturating_sub(n_head)));
        }
        // Zeros behind the last box, as some recorders leave them, are no box.
        if size < 8 {
            let is_padding = head.iter().all(|&byte| byte == 0);
            return Ok(boxes.whole().filter(|_| is_padding));
        }
        match place.checked_add(size) {
            Some(next) if next <= len => place = next,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn of_file(bytes: &[u8]) -> MediaType {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        of(&mut file).unwrap()
    }

    fn mp4_box(kind: [u8; 4], n_bytes: usize) -> Vec<u8> {
        let size = (n_bytes as u32 + 8).to_be_bytes();
        [&size[..], &kind, &vec![7; n_bytes]].concat()
    }

    /// An index that names a track of video with one frame.
    fn moov() -> Vec<u8> {
        let wrap = |kind: &[u8], content: &[u8]| {
            let size = (content.len() as u32 + 8).to_be_bytes();
            [&size[..], kind, content].concat()
        };
        let handler = wrap(b"hdlr", b"........vide....");
        let sizes = wrap(b"stsz", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let table = wrap(b"minf", &wrap(b"stbl", &sizes));
        let track = wrap(b"trak", &wrap(b"mdia", &[handler, table].concat()));
        wrap(b"moov", &track)
    }

    fn mp4() -> Vec<u8> {
        let parts = [mp4_box(*b"ftyp", 8), moov(), mp4_box(*b"mdat", 300)];
        parts.concat()
    }

    fn matroska(kind: &[u8]) -> Vec<u8> {
        let tracks = b"\x16\x54\xae\x6b\x85\xae\x83\x83\x81\x01";
        let head = [0x80 | kind.len() as u8];
        let parts: [&[u8]; 6] = [
            b"\x1a\x45\xdf\xa3",
            &head,
            kind,
            b"\x18\x53\x80\x67\xff",
            tracks,
            b"\x1f\x43\xb6\x75\x82\0\0",
        ];
        parts.concat()
    }

    #[test]
    fn videos_are_known_by_their_first_bytes() {
        let mut ts = vec![0; 400];
        (ts[0], ts[TS_PACKET]) = (TS_SYNC, TS_SYNC);
        for (bytes, ending) in [
            (mp4(), "mp4"),
            (matroska(b"webm"), "webm"),
            (matroska(b"matroska"), "mkv"),
            (b"RIFF....AVI LIST".to_vec(), "avi"),
            (ts, "ts"),
        ] {
            assert_eq!(of_file(&bytes), MediaType::Video(ending));
        }
    }

    #[test]
    fn what_is_no_video_is_named() {
        for (bytes, what) in [
            (&b"\n <!DOCTYPE html><html>"[..], "a web page"),
            (b"<html><video>", "a web page"),
            (b"", "an empty file"),
            (b"{\"error\":1}", "JSON"),
            (b"\xff\xd8\xff\xe0JFIF", "a still image"),
            (b"\0\0\0\x18ftypavif", "a still image"),
            (b"#EXTM3U\n", "a playlist"),
            (b"G", "no video"),
        ] {
            assert_eq!(of_file(bytes), MediaType::Other(what));
        }
    }

    #[test]
    fn an_mp4_that_ends_early_is_cut() {
        let whole = mp4();
        for len in 8..whole.len() {
            assert_eq!(of_file(&whole[..len]), MediaType::CutVideo, "{len} bytes");
        }
        let unindexed = [mp4_box(*b"ftyp", 8), mp4_box(*b"mdat", 300)].concat();
        assert_eq!(of_file(&unindexed), MediaType::CutVideo);
        let padded = [&whole[..], &[0; 40]].concat();
        assert_eq!(of_file(&padded), MediaType::Video("mp4"));
        let long = [
            &1_u32.to_be_bytes()[..],
            b"mdat",
            &116_u64.to_be_bytes(),
            &[7; 100],
        ]
        .concat();
        let with_long = [moov(), long].concat();
        assert_eq!(of_file(&with_long), MediaType::Video("mp4"));
        let to_end = [moov(), b"\0\0\0\0mdat1234567890".to_vec()].concat();
        assert_eq!(of_file(&to_end), MediaType::Video("mp4"));
    }

    #[test]
    fn a_container_without_frames_of_a_video_is_none() {
        let (start, end) = (mp4_box(*b"ftyp", 8), mp4_box(*b"mdat", 0));
        let empty = [start.clone(), end.clone(), mp4_box(*b"moov", 100)].concat();
        assert_eq!(of_file(&empty), MediaType::NoFrames);
        let whole = matroska(b"webm");
        let without_cluster = &whole[..whole.len() - 7];
        assert_eq!(of_file(without_cluster), MediaType::NoFrames);
        assert_eq!(of_file(b"\x1a\x45\xdf\xa3....webm"), MediaType::NoFrames);
    }
}
