//! Videos whose groups of pictures are open: some pictures behind a key picture look back behind it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use gstreamer as gst;

use crate::harness::{Image, Stream, extract};
use crate::videos;

const N_FRAMES: usize = 48;
/// Frames from one key picture to the next.
const GROUP: usize = 8;

/// A video of noise over something that moves, so that no frame is made from the wrong ones without a trace. False where
/// the encoder is missing.
fn make(path: &Path, encoder: &str, rest: &str) -> bool {
    gst::init().unwrap();
    let name = encoder.split(' ').next().unwrap();
    if gst::ElementFactory::find(name).is_none() {
        wo_testkit::skip::not_installed(name);
        return false;
    }
    videos::make(
        path,
        &format!(
            "videotestsrc num-buffers={N_FRAMES} pattern=zone-plate kx2=20 ky2=20 kt=3 \
             ! video/x-raw,format=I420,width=128,height=96,framerate=10/1 ! {encoder} ! {rest}"
        ),
    );
    true
}

fn jpegs(stream: &Stream) -> HashMap<u64, String> {
    let frames = stream.frames.iter().map(|frame| {
        let Image::Inline { jpeg_base64 } = &frame.image else {
            panic!("{frame:?}")
        };
        (frame.pts_ms as u64, jpeg_base64.clone())
    });
    frames.collect()
}

/// Checks that each frame is the same whatever else is decoded.
fn check(dir: &Path, file: &str) {
    let take = |args: &[&str]| extract(dir, &[&[file, "--size=96"], args].concat(), 0);
    // Cuts are looked for in all frames.
    let whole = take(&["--sample=every=1", "--cuts"]);
    assert_eq!(whole.frames.len(), N_FRAMES, "{file}");
    assert_eq!(whole.videos[0].n_damaged, None, "{file}");
    let all = jpegs(&whole);
    let different: HashSet<&String> = all.values().collect();
    assert_eq!(different.len(), N_FRAMES, "{file}");
    for sample in ["every=1", "every=5", "every=11", "every=31", "keyframes"] {
        let some = take(&[&format!("--sample={sample}")]);
        for (pts_ms, jpeg) in jpegs(&some) {
            assert!(all[&pts_ms] == jpeg, "{file} {sample} {pts_ms}");
        }
    }
    for n_frames in ["1", "2", "3", "5", "7", "10"] {
        for exact in [&["--exact"][..], &[]] {
            let args = [&["--frames-per-video", n_frames], exact].concat();
            for (pts_ms, jpeg) in jpegs(&take(&args)) {
                assert!(all[&pts_ms] == jpeg, "{file} {args:?} {pts_ms}");
            }
        }
    }
}

#[test]
fn hevc_is_decoded_from_the_key_picture_of_its_open_group() {
    let dir = wo_testkit::tempdir().unwrap();
    let options = "b-adapt=0:open-gop=1:keyint=8:min-keyint=8:scenecut=0:bframes=3";
    let encoder = format!("x265enc option-string=\"{options}\"");
    for (file, rest) in [
        ("a.mp4", "h265parse ! mp4mux"),
        ("a.mkv", "h265parse ! matroskamux"),
        ("a.ts", "h265parse ! mpegtsmux"),
    ] {
        if !make(&dir.path().join(file), &encoder, rest) {
            return;
        }
        check(dir.path(), file);
        // All of them, not only those that forget everything.
        let keys = extract(dir.path(), &[file, "--size=96", "--sample=keyframes"], 0);
        assert_eq!(keys.frames.len(), N_FRAMES / GROUP, "{file}");
        // What leads them is there, or nothing of this was tried.
        let bytes = std::fs::read(dir.path().join(file)).unwrap();
        if file == "a.ts" {
            let kinds = bytes.windows(4).filter(|it| it.starts_with(&[0, 0, 1]));
            let kinds: HashSet<u8> = kinds.map(|it| it[3] >> 1 & 0x3f).collect();
            assert!(kinds.contains(&21), "{kinds:?}");
            assert!(kinds.contains(&8) || kinds.contains(&9), "{kinds:?}");
        }
    }
}

#[test]
fn h264_is_decoded_from_a_picture_that_forgets_all() {
    let dir = wo_testkit::tempdir().unwrap();
    let options = "open-gop=1:keyint=8:min-keyint=8:scenecut=0:bframes=3:b-adapt=0";
    let encoder = format!("x264enc option-string=\"{options}\" b-pyramid=true bframes=3");
    if !make(&dir.path().join("a.mp4"), &encoder, "h264parse ! mp4mux") {
        return;
    }
    check(dir.path(), "a.mp4");
}
