//! Makes tiny media files with GStreamer.

use std::path::Path;

use gstreamer as gst;
use gstreamer::prelude::*;

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
        .timed_pop_filtered(gst::ClockTime::from_seconds(20), &end)
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
