//! Edit lists that show the same again and again. Each file of them ends in time, whatever is in it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::{read, tool};
use crate::videos;

/// Long enough that each frame takes a while to decode.
fn large(path: &Path) {
    videos::make(
        path,
        "videotestsrc num-buffers=40 pattern=ball ! video/x-raw,format=I420,width=640,height=480,framerate=10/1 \
         ! x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! mp4mux",
    );
}

/// The rate of ordinary edits.
const ONCE: i32 = 1 << 16;

/// Makes the duration, the start and the rate of an edit of the lengths of the whole and of the media.
type Edit = fn(u32, u32) -> (u32, i32, i32);

#[test]
fn no_edit_list_keeps_a_decoder_busy_for_ever() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    let entries: [(&str, Edit); 8] = [
        ("whole", |movie, _| (movie, 0, ONCE)),
        ("parts", |movie, media| {
            (movie / 8, (media / 2) as i32, ONCE)
        }),
        ("moments", |_, _| (1, 0, ONCE)),
        ("nothing", |_, _| (0, 0, ONCE)),
        ("slowly", |movie, _| (movie, 0, 1)),
        ("still", |movie, _| (movie, 0, 0)),
        ("empty", |movie, _| (movie, -1, ONCE)),
        ("beyond", |movie, media| (movie, 2 * media as i32, ONCE)),
    ];
    for (name, entry) in entries {
        large(&path);
        videos::edit(&path, entry, 16_000);
        let since = Instant::now();
        let args = ["a.mp4", "--size=64", "--stall-timeout=3", "-q"];
        let output = tool(dir.path(), &args).run();
        // One second beside the stall timeout, and what starting takes on a busy machine.
        assert!(
            since.elapsed() < Duration::from_secs(3 + 1 + 4),
            "{name}: {since:?}"
        );
        let stream = read(&output.stdout);
        assert_eq!(
            stream.videos.len() + stream.errors.len(),
            1,
            "{name}: {stream:?}"
        );
    }
}

#[test]
fn a_list_that_repeats_a_few_times_is_followed() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 20, "ball");
    videos::edit(&path, |movie, _| (movie, 0, ONCE), 3);
    let stream =
        crate::harness::extract(dir.path(), &["a.mp4", "--sample=every=1", "--size=64"], 0);
    assert_eq!(stream.frames.len(), 60);
    assert_eq!(stream.frames[0].image, stream.frames[20].image);
}

#[test]
fn what_a_looping_list_hides_is_had_without_it() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    videos::plain(&path, 20, "ball");
    videos::edit(&path, |movie, _| (movie, 0, ONCE), 5_000);
    let stream = crate::harness::extract(dir.path(), &["a.mp4", "--size=64"], 3);
    let [error] = &stream.errors[..] else {
        panic!("{stream:?}")
    };
    assert_eq!(error.code, "unsupported_container");
    assert!(error.what.contains("-ignore_editlist 1"), "{}", error.what);
}

#[test]
fn a_list_that_is_not_obeyed_is_named() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    let entries: [(&str, i32, u32); 2] = [
        ("plays backwards", -ONCE, 1),
        ("has 1000000 entries", ONCE, 1_000_000),
    ];
    for (why, rate, n_entries) in entries {
        videos::plain(&path, 20, "ball");
        videos::edit(&path, |movie, _| (movie, 0, rate), n_entries);
        let output = tool(dir.path(), &["a.mp4", "--size=64"]).run();
        let (stream, said) = (read(&output.stdout), output.stderr);
        assert!(
            said.contains(&format!("its edit list {why}, which is ignored")),
            "{said}"
        );
        let video = &stream.videos[0];
        assert_eq!(video.frame_rate_hz, Some(10.0), "{why}");
        assert_eq!(
            (video.duration_ms, stream.frames.len()),
            (Some(2000.0), 10),
            "{why}"
        );
    }
}

#[test]
fn a_list_that_shows_a_video_twice_takes_as_long_as_it_takes() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    // Each pass takes longer than the limit, in this build and on one processor.
    videos::make(
        &path,
        "videotestsrc num-buffers=150 pattern=snow ! video/x-raw,format=I420,width=1280,height=720,framerate=10/1 \
         ! x264enc speed-preset=ultrafast quantizer=10 pass=quant key-int-max=10 ! h264parse ! mp4mux",
    );
    videos::edit(&path, |movie, _| (movie, 0, ONCE), 2);
    let args = [
        "a.mp4",
        "--sample=every=100",
        "--size=64",
        "--stall-timeout=1",
        "--cuts",
    ];
    let since = Instant::now();
    let stream = crate::harness::extract(dir.path(), &args, 0);
    println!("two passes took {:?}", since.elapsed());
    assert_eq!(stream.frames.len(), 3);
}
