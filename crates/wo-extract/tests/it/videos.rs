//! Makes tiny media files with GStreamer.

use std::path::Path;

use gstreamer as gst;
use gstreamer::prelude::*;

/// How long making a video may take, on a machine that is busy.
const WAIT_S: u64 = 120;

/// Runs `description`, whose last element is put in front of a file at `path`.
pub(crate) fn make(path: &Path, description: &str) {
    gst::init().unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pipeline = gst::parse::launch(&format!("{description} ! filesink name=out")).unwrap();
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    pipeline
        .by_name("out")
        .unwrap()
        .set_property("location", path.to_str().unwrap());
    pipeline.set_state(gst::State::Playing).unwrap();
    let end = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = pipeline
        .bus()
        .unwrap()
        .timed_pop_filtered(gst::ClockTime::from_seconds(WAIT_S), &end)
        .unwrap();
    assert_eq!(
        message.type_(),
        gst::MessageType::Eos,
        "{description}: {message:?}"
    );
    pipeline.set_state(gst::State::Null).unwrap();
}

/// `n_frames` frames of 64x48 at 10 a second; `pattern` makes contents differ.
pub(crate) fn plain(path: &Path, n_frames: u32, pattern: &str) {
    encoded(path, n_frames, pattern, "", "mp4mux");
}

/// As [`plain`], with more caps in front of and `mux` behind the encoder.
pub(crate) fn encoded(path: &Path, n_frames: u32, pattern: &str, caps: &str, mux: &str) {
    let description = format!(
        "videotestsrc num-buffers={n_frames} pattern={pattern} ! video/x-raw,format=I420,width=64,height=48,framerate=10/1{caps} \
         ! x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! {mux}"
    );
    make(path, &description);
}

/// Asks players of the MP4 at `path` to turn it clockwise by `quarters` of a turn. mp4mux 1.22 cannot write that.
pub(crate) fn turn(path: &Path, quarters: usize) {
    const ONE: i32 = 1 << 16;
    let [a, b, c, d] = [
        [ONE, 0, 0, ONE],
        [0, ONE, -ONE, 0],
        [-ONE, 0, 0, -ONE],
        [0, -ONE, ONE, 0],
    ][quarters];
    let mut bytes = std::fs::read(path).unwrap();
    let header = bytes.windows(4).position(|kind| kind == b"tkhd").unwrap();
    // Behind the kind come version, two dates, track, duration, and what is reserved between them.
    let matrix = header + if bytes[header + 4] == 1 { 56 } else { 44 };
    for (i, value) in [a, b, 0, c, d, 0, 0, 0, 1 << 30].into_iter().enumerate() {
        bytes[matrix + 4 * i..][..4].copy_from_slice(&value.to_be_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

/// Gives the MP4 at `path`, whose `moov` is its last part, an edit list of so many times one `entry`: its duration, its start
/// and its rate, made of the length of the movie and that of the track, each in its own units.
pub(crate) fn edit(path: &Path, entry: impl Fn(u32, u32) -> (u32, i32, i32), n_entries: u32) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = |bytes: &[u8], kind: &[u8; 4]| {
        let place = bytes.windows(4).position(|it| it == kind).unwrap();
        place - 4
    };
    let number = |bytes: &[u8], place: usize| {
        u32::from_be_bytes(bytes[place..place + 4].try_into().unwrap())
    };
    let movie_length = number(&bytes, at(&bytes, b"mvhd") + 24);
    let media_length = number(&bytes, at(&bytes, b"mdhd") + 24);
    let (duration, start, rate) = entry(movie_length, media_length);
    let mut list = [0; 4].to_vec();
    list.extend(n_entries.to_be_bytes());
    for _ in 0..n_entries {
        list.extend(duration.to_be_bytes());
        list.extend(start.to_be_bytes());
        list.extend(rate.to_be_bytes());
    }
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [&size[..], kind, content].concat()
    };
    let edits = boxed(b"edts", &boxed(b"elst", &list));
    let (movie, track) = (at(&bytes, b"moov"), at(&bytes, b"trak"));
    assert!(movie > at(&bytes, b"mdat"), "samples would move");
    if let Some(old) = bytes.windows(4).position(|it| it == b"edts") {
        bytes[old..old + 4].copy_from_slice(b"free");
    }
    for outer in [movie, track] {
        let size = number(&bytes, outer) + edits.len() as u32;
        bytes[outer..outer + 4].copy_from_slice(&size.to_be_bytes());
    }
    let header = at(&bytes, b"tkhd");
    let behind_header = header + number(&bytes, header) as usize;
    bytes.splice(behind_header..behind_header, edits);
    let whole = duration.saturating_mul(n_entries);
    let place = at(&bytes, b"mvhd") + 24;
    bytes[place..place + 4].copy_from_slice(&whole.to_be_bytes());
    std::fs::write(path, bytes).unwrap();
}
