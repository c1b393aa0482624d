//! What a file is, by its bytes and never by its name; and whether it is whole, where its container says so.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How many bytes at the start tell what a file is.
const N_FIRST: usize = 512;
/// The size of packets of MPEG-TS, each of which begins with this byte.
const TS_PACKET: usize = 188;
const TS_SYNC: u8 = 0x47;
/// More top-level boxes than any healthy MP4 has; one in fragments has two for each.
const MAX_BOXES: usize = 1_000_000;

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// A video; how its name ends.
    Video(&'static str),
    /// A video that ends early.
    CutVideo,
    /// Something else: what it is, in words.
    Other(&'static str),
}

/// What an open file is.
pub(crate) fn of(file: &mut File) -> io::Result<MediaType> {
    let mut first = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(N_FIRST as u64).read_to_end(&mut first)?;
    let kind = of_bytes(&first);
    if kind == MediaType::Video("mp4") && !is_whole_mp4(file)? {
        return Ok(MediaType::CutVideo);
    }
    Ok(kind)
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

/// Whether the boxes of an MP4 end where the file ends, and there is one that says what is in the others, and another one.
fn is_whole_mp4(file: &mut File) -> io::Result<bool> {
    let len = file.metadata()?.len();
    let (mut place, mut has_index, mut has_frames) = (0_u64, false, false);
    for _ in 0..MAX_BOXES {
        if place == len {
            return Ok(has_index && has_frames);
        }
        let mut head = [0_u8; 16];
        let n_head = (len - place).min(16) as usize;
        if n_head < 8 {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut head[..n_head])?;
        let [a, b, c, d, kind @ ..] = head;
        has_index |= kind.starts_with(b"moov");
        has_frames |= kind.starts_with(b"mdat");
        let size = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file.
            0 => len - place,
            1 if n_head == 16 => u64::from_be_bytes(std::array::from_fn(|i| head[8 + i])),
            size => u64::from(size),
        };
        // Zeros behind the last box, as some recorders leave them, are no box.
        if size < 8 {
            return Ok(has_index && has_frames && head.iter().all(|&byte| byte == 0));
        }
        match place.checked_add(size) {
            Some(next) if next <= len => place = next,
            _ => return Ok(false),
        }
    }
    Ok(false)
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

    fn mp4() -> Vec<u8> {
        let parts = [
            mp4_box(*b"ftyp", 8),
            mp4_box(*b"moov", 100),
            mp4_box(*b"mdat", 300),
        ];
        parts.concat()
    }

    #[test]
    fn videos_are_known_by_their_first_bytes() {
        let mut ts = vec![0; 400];
        (ts[0], ts[TS_PACKET]) = (TS_SYNC, TS_SYNC);
        for (bytes, ending) in [
            (mp4(), "mp4"),
            (b"\x1a\x45\xdf\xa3....webm".to_vec(), "webm"),
            (b"\x1a\x45\xdf\xa3....matroska".to_vec(), "mkv"),
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
        let with_long = [mp4_box(*b"moov", 9), long].concat();
        assert_eq!(of_file(&with_long), MediaType::Video("mp4"));
        let to_end = [mp4_box(*b"moov", 9), b"\0\0\0\0mdat1234567890".to_vec()].concat();
        assert_eq!(of_file(&to_end), MediaType::Video("mp4"));
    }
}
