//! Which track of a file is taken, how it is turned, and when its frames are shown.

use std::path::Path;

use image::RgbImage;

use crate::harness::{Frame, Stream, extract, tool};
use crate::videos;

const ONE: i32 = 1 << 16;
/// The eight ways in which an image can lie, as the four numbers of a display matrix.
const EIGHT: [[i32; 4]; 8] = [
    [ONE, 0, 0, ONE],
    [0, ONE, -ONE, 0],
    [-ONE, 0, 0, -ONE],
    [0, -ONE, ONE, 0],
    [-ONE, 0, 0, ONE],
    [0, -ONE, -ONE, 0],
    [ONE, 0, 0, -ONE],
    [0, ONE, ONE, 0],
];

/// Writes `numbers` behind the first box of this `kind`, `offset` bytes behind its kind.
fn write_behind(path: &Path, kind: &[u8], offset: usize, numbers: &[i32]) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = bytes.windows(4).position(|it| it == kind).unwrap();
    let bytes_of = |number: &i32| number.to_be_bytes();
    let new: Vec<u8> = numbers.iter().flat_map(bytes_of).collect();
    bytes[header + offset..][..new.len()].copy_from_slice(&new);
    std::fs::write(path, bytes).unwrap();
}

/// Asks players of the MP4 at `path` to show it through this matrix.
fn place(path: &Path, [a, b, c, d]: [i32; 4]) {
    write_behind(path, b"tkhd", 44, &[a, b, 0, c, d, 0, 0, 0, 1 << 30]);
}

fn only_picture(dir: &Path, name: &str) -> (Stream, RgbImage) {
    let stream = extract(dir, &[name, "--frames-per-video=1", "--size=48"], 0);
    let image = stream.frames[0].image();
    (stream, image)
}

/// Where the matrix puts the pixel at `x`, `y` of an image of 64x48 pixels.
fn put([a, b, c, d]: [i32; 4], x: u32, y: u32) -> (u32, u32) {
    let [a, b, c, d] = [a, b, c, d].map(i32::signum);
    // About the middle, in half pixels.
    let (x, y) = (2 * x as i32 - 63, 2 * y as i32 - 47);
    let (width, height) = if a == 0 { (48, 64) } else { (64, 48) };
    let place = |at: i32, side: i32| ((at + side - 1) / 2) as u32;
    (place(a * x + c * y, width), place(b * x + d * y, height))
}

fn check_placed(plain: &RgbImage, placed: &RgbImage, matrix: [i32; 4], what: &str) {
    let mut sum = 0u32;
    for (x, y, pixel) in plain.enumerate_pixels() {
        let (to_x, to_y) = put(matrix, x, y);
        let other = placed.get_pixel(to_x, to_y);
        sum += u32::from(pixel.0[0].abs_diff(other.0[0]));
    }
    assert!(sum < 6 * 64 * 48, "{what} {matrix:?}: {sum}");
}

#[test]
fn a_display_matrix_is_obeyed_in_all_eight_ways_and_at_any_scale() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 2, "smpte");
    let (_, plain) = only_picture(dir.path(), "a.mp4");
    for matrix in EIGHT {
        for (what, scaled) in [
            ("plain", matrix),
            ("double", matrix.map(|number| 2 * number)),
            ("half", matrix.map(|number| number / 2)),
            ("rounded", matrix.map(|number| number - number.signum())),
        ] {
            place(&path, scaled);
            let (stream, placed) = only_picture(dir.path(), "a.mp4");
            let size = if matrix[0] == 0 { (48, 64) } else { (64, 48) };
            let video = &stream.videos[0];
            assert_eq!((video.width_px, video.height_px), size, "{what} {matrix:?}");
            check_placed(&plain, &placed, matrix, what);
        }
    }
    // One unit off, on one side only.
    place(&path, [1, ONE, -ONE, 0]);
    let (stream, placed) = only_picture(dir.path(), "a.mp4");
    assert_eq!(stream.videos[0].rotation_deg, 90);
    check_placed(&plain, &placed, EIGHT[1], "a unit off");
}

#[test]
fn the_matrix_of_the_whole_is_applied_behind_that_of_the_track() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 2, "smpte");
    let (_, plain) = only_picture(dir.path(), "a.mp4");
    // Mirrored left to right, then turned by a quarter: mirrored about the diagonal.
    place(&path, EIGHT[4]);
    write_behind(&path, b"mvhd", 40, &[0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30]);
    let (stream, placed) = only_picture(dir.path(), "a.mp4");
    check_placed(&plain, &placed, EIGHT[5], "both");
    assert_eq!(stream.videos[0].rotation_deg, 270);
}

#[test]
fn a_matrix_that_is_no_turn_is_named_and_ignored() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 2, "smpte");
    let (_, plain) = only_picture(dir.path(), "a.mp4");
    for (matrix, why) in [
        ([0; 4], "its determinant is zero"),
        ([ONE, ONE, ONE, ONE], "its determinant is zero"),
        ([ONE, 0, ONE / 2, ONE], "shears the image"),
        ([20 * ONE, 0, 0, ONE], "pixel aspect ratio of 20.000"),
    ] {
        place(&path, matrix);
        let args = ["a.mp4", "--frames-per-video=1", "--size=48"];
        let output = tool(dir.path(), &args).run();
        assert_eq!(output.status, 0);
        let text = &output.stderr;
        assert!(text.contains("a.mp4: ") && text.contains(why), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        let stream = crate::harness::read(&output.stdout);
        assert_eq!(stream.videos[0].rotation_deg, 0);
        check_placed(&plain, &stream.frames[0].image(), EIGHT[0], why);
    }
}

#[test]
fn sides_of_different_scale_stretch_the_picture() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 2, "smpte");
    for (matrix, size) in [
        ([2 * ONE, 0, 0, ONE], (128, 48)),
        ([0, 2 * ONE, -ONE, 0], (48, 128)),
    ] {
        place(&path, matrix);
        let (stream, _) = only_picture(dir.path(), "a.mp4");
        let video = &stream.videos[0];
        assert_eq!((video.width_px, video.height_px), size);
    }
}

#[test]
fn a_turn_that_is_no_quarter_is_done() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 2, "white");
    // By 30 degrees.
    place(&path, [56_756, 32_768, -32_768, 56_756]);
    let (stream, placed) = only_picture(dir.path(), "a.mp4");
    let video = &stream.videos[0];
    assert_eq!(
        (video.width_px, video.height_px, video.rotation_deg),
        (64, 48, 30)
    );
    // White in the middle, black where nothing is.
    assert!(placed.get_pixel(32, 24).0[0] > 200 && placed.get_pixel(1, 1).0[0] < 40);
}

/// A video of so many frames and a sound of so many tenths of a second, in one file.
fn with_sound(path: &Path, n_frames: u32, n_tenths: u32, mux: &str) {
    let description = format!(
        "audiotestsrc num-buffers={n_tenths} samplesperbuffer=4410 ! audio/x-raw,rate=44100,channels=1 ! avenc_aac \
         ! aacparse ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! m. \
         videotestsrc num-buffers={n_frames} pattern=ball ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 \
         ! x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! queue max-size-time=0 ! {mux} name=m"
    );
    videos::make(path, &description);
}

#[test]
fn a_sound_that_is_longer_hides_no_video() {
    let dir = wo_testkit::tempdir().unwrap();
    for (name, mux, n_tenths) in [
        ("a.mp4", "mp4mux", 200),
        ("b.mov", "qtmux", 200),
        ("c.mp4", "mp4mux", 25),
        ("d.mp4", "mp4mux", 5000),
        ("e.mkv", "matroskamux", 200),
    ] {
        with_sound(&dir.path().join(name), 20, n_tenths, mux);
        let stream = extract(
            dir.path(),
            &[name, "--exact", "--frames-per-video=4", "--size=48"],
            0,
        );
        let video = &stream.videos[0];
        assert_eq!(stream.times_ms(), [200.0, 700.0, 1200.0, 1700.0], "{name}");
        assert_eq!(
            (video.duration_ms, video.codec.as_str()),
            (Some(2000.0), "h264"),
            "{name}"
        );
    }
}

/// Two videos in one file: a small one with a ball and a larger one.
fn two_videos(path: &Path, mux: &str) {
    let video = |width: u32, pattern: &str| {
        format!(
            "videotestsrc num-buffers=20 pattern={pattern} ! video/x-raw,format=I420,width={width},height=48,framerate=10/1 \
             ! x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! queue max-size-time=0"
        )
    };
    let (first, second) = (video(64, "ball"), video(96, "smpte"));
    videos::make(
        path,
        &format!("{second} ! m.video_1 {first} ! m.video_0 {mux} name=m m."),
    );
}

fn width(dir: &Path, name: &str) -> u32 {
    let stream = extract(dir, &[name, "--size=48"], 0);
    assert_eq!(stream.frames.len(), 10);
    stream.videos[0].width_px
}

#[test]
fn the_enabled_track_is_taken() {
    let dir = wo_testkit::tempdir().unwrap();
    for mux in ["mp4mux", "qtmux"] {
        let path = dir.path().join("a.mov");
        two_videos(&path, mux);
        let first = width(dir.path(), "a.mov");
        // Off; the version is 0.
        write_behind(&path, b"tkhd", 4, &[0]);
        assert_eq!(width(dir.path(), "a.mov"), 64 + 96 - first);
    }
}

/// Puts `new` in the place of the first bytes that begin with `old`, in the Matroska at `path`.
fn replace(path: &Path, old: &[u8], new: &[u8]) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(old.len()).position(|it| it == old).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new);
    std::fs::write(path, bytes).unwrap();
}

/// What the colours of a track begin with, 26 bytes that a file can do without.
const COLOUR: &[u8] = b"\x55\xb0\x01\0\0\0\0\0\0\x10";

#[test]
fn the_default_track_of_a_matroska_is_taken() {
    let dir = wo_testkit::tempdir().unwrap();
    for mux in ["matroskamux", "webmmux"] {
        let path = dir.path().join("a.mkv");
        let video = |width: u32| {
            format!(
                "videotestsrc num-buffers=20 ! video/x-raw,format=I420,width={width},height=48,framerate=10/1 \
                 ! vp8enc ! queue max-size-time=0"
            )
        };
        videos::make(
            &path,
            &format!("{} ! m. {} ! m. {mux} name=m", video(64), video(96)),
        );
        let first = width(dir.path(), "a.mkv");
        // Not the default one; what is left of the name is void.
        replace(&path, b"\x53\x6e\x86Video\0", b"\x88\x81\0\xec\x84");
        assert_eq!(width(dir.path(), "a.mkv"), 64 + 96 - first, "{mux}");
    }
}

fn webm(path: &Path, codec: &str) {
    let description = format!(
        "videotestsrc num-buffers=20 pattern=smpte ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 \
         ! {codec} ! webmmux"
    );
    videos::make(path, &description);
}

#[test]
fn a_webm_that_announces_alpha_and_has_none_is_read() {
    let dir = wo_testkit::tempdir().unwrap();
    for codec in ["vp8enc", "vp9enc"] {
        let path = dir.path().join("a.webm");
        webm(&path, codec);
        let frames = |name| extract(dir.path(), &[name, "--size=48", "--exact"], 0).frames;
        let plain = frames("a.webm");
        replace(&path, COLOUR, b"\x53\xc0\x81\x01\xec\x94");
        let announced = frames("a.webm");
        assert_eq!((plain.len(), announced.len()), (10, 10), "{codec}");
        for (plain, announced) in plain.iter().zip(&announced) {
            assert_eq!(plain.pts_ms.to_bits(), announced.pts_ms.to_bits());
            check_placed(&plain.image(), &announced.image(), EIGHT[0], codec);
        }
    }
}

#[test]
fn a_matroska_is_turned_as_its_projection_says() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.webm");
    webm(&path, "vp8enc");
    let (_, plain) = only_picture(dir.path(), "a.webm");
    // A roll of -90 degrees turns clockwise.
    let roll = (-90.0f32).to_be_bytes();
    let projection = [
        &b"\x76\x70\x97\x76\x71\x81\0\x76\x75\x84"[..],
        &roll,
        b"\xec\x8a",
    ]
    .concat();
    replace(&path, COLOUR, &projection);
    let (stream, placed) = only_picture(dir.path(), "a.webm");
    assert_eq!(stream.videos[0].rotation_deg, 90);
    check_placed(&plain, &placed, EIGHT[1], "projection");
}

/// How different two images are.
fn difference(a: &RgbImage, b: &RgbImage) -> u32 {
    let levels = a.iter().zip(b.iter());
    levels.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
}

#[test]
fn frames_that_are_stored_in_another_order_are_all_there_and_in_their_places() {
    let dir = wo_testkit::tempdir().unwrap();
    let source = "videotestsrc num-buffers=60 pattern=zone-plate kx2=16 ky2=16 kt=11 ! video/x-raw,format=I420,width=64,height=48,framerate=20/1";
    let mpeg4 = |n: u32| {
        format!("avenc_mpeg4 max-bframes={n} gop-size=12 bitrate=4000000 ! mpeg4videoparse")
    };
    let h264 = "x264enc bframes=3 b-adapt=false key-int-max=20 b-pyramid=true ! h264parse";
    let make = |name: &str, codec: &str, mux: &str| {
        videos::make(
            &dir.path().join(name),
            &format!("{source} ! {codec} ! {mux}"),
        );
    };
    let images =
        |stream: &Stream| -> Vec<RgbImage> { stream.frames.iter().map(Frame::image).collect() };
    let all = |name| extract(dir.path(), &[name, "--sample=every=1", "--size=48"], 0);
    // Without frames that look ahead.
    make("true.mp4", "x264enc bframes=0 ! h264parse", "mp4mux");
    let right = images(&all("true.mp4"));
    for (name, codec, mux) in [
        ("none.avi", &*mpeg4(0), "avimux"),
        ("one.avi", &mpeg4(1), "avimux"),
        ("three.avi", &mpeg4(3), "avimux"),
        ("h264.avi", h264, "avimux"),
        ("h264.mxf", h264, "mxfmux"),
    ] {
        make(name, codec, mux);
        let stream = all(name);
        let video = &stream.videos[0];
        assert_eq!(
            (video.n_frames, video.frame_rate_hz),
            (Some(60), Some(20.0)),
            "{name}"
        );
        assert_eq!(video.variable_frame_rate, Some(false), "{name}");
        for (at, image) in images(&stream).iter().enumerate() {
            let time_ms = stream.frames[at].pts_ms;
            assert!((time_ms - 50.0 * at as f64).abs() < 1.0, "{name}");
            // Of the frames around it, it is most like the one that was drawn at its place.
            let around = at.saturating_sub(4)..60.min(at + 5);
            let nearest = around.min_by_key(|&other| difference(image, &right[other]));
            assert_eq!(nearest, Some(at), "{name}");
        }
        // Some frames are the same as among all.
        for args in [
            ["--frames-per-video=7", "--exact"],
            ["--sample=keyframes", "-q"],
        ] {
            let some = extract(dir.path(), &[&[name, "--size=48"], &args[..]].concat(), 0);
            assert!(some.frames.len() >= 3, "{name}");
            for frame in &some.frames {
                let is_same = stream.frames.iter().any(|it| {
                    it.pts_ms.to_bits() == frame.pts_ms.to_bits() && it.image == frame.image
                });
                assert!(is_same, "{name} {args:?} at {} ms", frame.pts_ms);
            }
        }
    }
}

#[test]
fn a_video_that_does_not_say_how_long_it_is_is_read_beside_a_long_sound() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    with_sound(&path, 20, 200, "mp4mux");
    let mut bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() - 24 {
        if bytes[at..].starts_with(b"mdhd") {
            bytes[at + 20..at + 24].fill(0);
        }
    }
    std::fs::write(&path, bytes).unwrap();
    let stream = extract(dir.path(), &["a.mp4", "--sample=every=5", "--size=48"], 0);
    assert_eq!(stream.times_ms(), [0.0, 500.0, 1000.0, 1500.0]);
}
