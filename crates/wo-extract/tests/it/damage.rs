//! Damaged videos: how much is damaged is said, and whole frames are preferred.

use std::collections::HashMap;
use std::path::Path;

use crate::harness::{Stream, extract, read, tool};
use crate::videos;

const SOURCE: &str = "videotestsrc num-buffers=60 pattern=smpte horizontal-speed=5 \
                      ! video/x-raw,format=I420,width=320,height=240,framerate=10/1";

/// Flips `n` bits of the file at `path` in the middle of what it has between these parts of its length.
fn flip(path: &Path, n: usize, (from, to): (f64, f64)) {
    let mut bytes = std::fs::read(path).unwrap();
    let place = |part: f64| (part * bytes.len() as f64) as usize;
    let (from, to) = (place(from), place(to));
    // A generator of random numbers whose sequence never changes.
    let mut state = 20_261_129u64;
    for _ in 0..n {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let random = (state >> 33) as usize;
        bytes[from + random % (to - from)] ^= 1 << (random % 8);
    }
    std::fs::write(path, bytes).unwrap();
}

/// All frames of a video, by when they are shown.
fn images(stream: &Stream) -> HashMap<u64, &crate::harness::Image> {
    let frames = stream.frames.iter();
    frames
        .map(|frame| (frame.pts_ms.to_bits(), &frame.image))
        .collect()
}

#[test]
fn whole_frames_take_the_place_of_damaged_ones() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    // Half a second between key frames, so that each segment has whole frames, and frames near any moment are whole.
    let encoder = "x264enc key-int-max=5 bframes=2 ! h264parse ! mp4mux";
    videos::make(&path, &format!("{SOURCE} ! {encoder}"));
    let all = ["a.mp4", "--sample=every=1", "--size=64", "-q"];
    let healthy = extract(dir.path(), &all, 0);
    assert_eq!(healthy.videos[0].n_damaged, None);
    flip(&path, 60, (0.3, 0.45));
    let damaged = extract(dir.path(), &all, 0);
    let before = images(&healthy);
    let n_changed = damaged
        .frames
        .iter()
        .filter(|frame| before[&frame.pts_ms.to_bits()] != &frame.image)
        .count();
    assert!(n_changed >= 3, "nothing was damaged");
    let n_damaged = damaged.videos[0].n_damaged.unwrap() as usize;
    assert!(
        (n_changed..30).contains(&n_damaged),
        "{n_damaged}, {n_changed} changed"
    );

    for sample in [
        &["--sample=uniform"][..],
        &["--sample=uniform", "--exact"],
        &["--sample=uniform", "--min-sharpness=auto"],
        &["--sample=jitter"],
        &["--sample=phase"],
        &["--sample=keyframes"],
        &["--sample=fps=1"],
    ] {
        let args = [&["a.mp4", "--size=64", "--frames-per-video=5"][..], sample].concat();
        let output = tool(dir.path(), &args).run();
        let stream = read(&output.stdout);
        // Of a video that is decoded in part, only what was met can be told.
        let met = stream.videos[0].n_damaged;
        assert!(met.is_none_or(|met| met == n_damaged as u32), "{sample:?}");
        for frame in &stream.frames {
            let whole = before[&frame.pts_ms.to_bits()];
            assert!(whole == &frame.image, "{sample:?} at {} ms", frame.pts_ms);
        }
        let said = &output.stderr;
        let told = format!("a.mp4: the file is damaged: {n_damaged} frames");
        let n_told = usize::from(met.is_some());
        assert_eq!(
            said.matches("the file is damaged").count(),
            n_told,
            "{said}"
        );
        assert_eq!(said.matches(&told).count(), n_told, "{said}");
    }
    let probed = extract(dir.path(), &["probe", "a.mp4"], 0);
    assert_eq!(probed.videos[0].n_damaged, Some(n_damaged as u32));
    assert!(probed.videos[0].warnings.contains(&"damaged".to_owned()));
}

/// Fills 2000 bytes in the middle of the file at `path` with zeros, as a download that lost a piece has them.
fn hole(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2000].fill(0);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn each_codec_says_what_is_damaged_and_nothing_of_healthy_files() {
    let dir = wo_testkit::tempdir().unwrap();
    for (name, encoder) in [
        ("h264.mp4", "x264enc key-int-max=20 ! h264parse ! mp4mux"),
        ("h264.ts", "x264enc key-int-max=20 ! h264parse ! mpegtsmux"),
        (
            "h264.mkv",
            "x264enc key-int-max=20 ! h264parse ! matroskamux",
        ),
        ("hevc.mp4", "x265enc key-int-max=20 ! h265parse ! mp4mux"),
        (
            "mpeg4.avi",
            "avenc_mpeg4 bitrate=800000 ! mpeg4videoparse ! avimux",
        ),
        (
            "mpeg4.ts",
            "avenc_mpeg4 bitrate=800000 ! mpeg4videoparse ! mpegtsmux",
        ),
        (
            "mpeg2.ts",
            "mpeg2enc bitrate=800 ! mpegvideoparse ! mpegtsmux",
        ),
        (
            "mpeg2.mkv",
            "mpeg2enc bitrate=800 ! mpegvideoparse ! matroskamux",
        ),
        ("theora.ogv", "theoraenc keyframe-force=20 ! oggmux"),
        ("mjpeg.mov", "jpegenc ! qtmux"),
        ("mjpeg.avi", "jpegenc ! avimux"),
        (
            "vp8.webm",
            "vp8enc deadline=1 keyframe-max-dist=20 target-bitrate=800000 ! webmmux",
        ),
        (
            "vp9.webm",
            "vp9enc deadline=1 keyframe-max-dist=20 target-bitrate=800000 ! webmmux",
        ),
        ("prores.mov", "videoconvert ! avenc_prores_ks ! qtmux"),
    ] {
        let path = dir.path().join(name);
        // Its encoder knows only the rates of television.
        let source = if encoder.starts_with("mpeg2enc") {
            SOURCE.replace("10/1", "25/1")
        } else {
            SOURCE.to_owned()
        };
        videos::make(&path, &format!("{source} ! {encoder}"));
        for args in [&[name, "--size=64"][..], &["probe", name]] {
            let healthy = extract(dir.path(), args, 0);
            assert_eq!(healthy.videos[0].n_damaged, None, "{name}");
        }
        let check = |damage: &str| {
            let output = tool(dir.path(), &["probe", name]).run();
            let probed = read(&output.stdout);
            let n_damaged = probed.videos.first().and_then(|video| video.n_damaged);
            assert!(
                n_damaged > Some(0) || !probed.errors.is_empty(),
                "{name}, {damage}: {probed:?}"
            );
        };
        let whole = std::fs::read(&path).unwrap();
        hole(&path);
        check("zeros");
        // Decoders of these take most flipped bits for an image, and report nothing.
        if !["hevc.mp4", "vp8.webm"].contains(&name) {
            std::fs::write(&path, whole).unwrap();
            flip(&path, 60, (0.2, 0.8));
            check("flipped bits");
        }
    }
}

/// Puts junk over 24 bytes of the file at `path` from the middle one of the places where it has `mark`.
fn junk(path: &Path, mark: &[u8], before: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - mark.len())
        .filter(|&at| bytes[at..].starts_with(mark))
        .collect();
    let place = places[places.len() / 2] - before;
    bytes[place..place + 24].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_lost_behind_junk_is_said_by_all_that_read_it() {
    let dir = wo_testkit::tempdir().unwrap();
    let encoder = "x264enc key-int-max=10 ! h264parse";
    for (name, mux, mark, before) in [
        (
            "a.mkv",
            "matroskamux min-cluster-duration=0",
            &b"\x1f\x43\xb6\x75"[..],
            0,
        ),
        ("a.mp4", "mp4mux fragment-duration=1000", b"moof", 4),
        // A tag of images that is no key frame, behind the length of the one before.
        ("a.flv", "flvmux", b"\0\0\0\x27\x01", 8),
    ] {
        let path = dir.path().join(name);
        videos::make(&path, &format!("{SOURCE} ! {encoder} ! {mux}"));
        let healthy = tool(dir.path(), &[name, "--size=64"]).run();
        assert_eq!(healthy.stderr, "", "{name}");
        junk(&path, mark, before);
        for args in [
            &[name, "--size=64"][..],
            &[name, "--size=64", "--cuts"],
            &["probe", name],
        ] {
            let output = tool(dir.path(), args).run();
            let (stream, said) = (read(&output.stdout), output.stderr);
            assert!(said.contains(" cannot be read"), "{name}: {said}");
            let warnings = &stream.videos[0].warnings;
            assert!(
                warnings.contains(&"truncated".to_owned()),
                "{name}: {warnings:?}"
            );
        }
    }
}

#[test]
fn a_sound_that_is_longer_than_the_video_is_no_loss() {
    let dir = wo_testkit::tempdir().unwrap();
    for (name, mux) in [("a.mkv", "matroskamux"), ("a.flv", "flvmux")] {
        let description = format!(
            "audiotestsrc num-buffers=100 samplesperbuffer=4410 ! audio/x-raw,rate=44100,channels=1 ! avenc_aac ! aacparse \
             ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! m. \
             videotestsrc num-buffers=20 ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 \
             ! x264enc ! h264parse ! queue max-size-time=0 ! {mux} name=m"
        );
        videos::make(&dir.path().join(name), &description);
        let output = tool(dir.path(), &[name, "--size=64"]).run();
        assert_eq!(output.stderr, "", "{name}");
        assert_eq!(read(&output.stdout).videos[0].warnings, [""; 0]);
    }
}
