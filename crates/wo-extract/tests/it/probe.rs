//! What `wo-extract probe` says of videos, and of which it says nothing.

use std::path::Path;

use crate::harness::{Stream, extract, tool};
use crate::videos;

/// A video of `n_frames` of `source`, at 24 a second.
fn make(path: &Path, source: &str, n_frames: u32) {
    videos::make(
        path,
        &format!(
            "videotestsrc num-buffers={n_frames} {source} ! videoconvert ! video/x-raw,format=I420,framerate=24/1 \
             ! x264enc speed-preset=ultrafast ! h264parse ! mp4mux"
        ),
    );
}

fn size(width: u32, height: u32) -> String {
    format!("! video/x-raw,width={width},height={height}")
}

/// What is said of the video at `path`: warnings, and notes.
fn said(stream: &Stream, path: &str) -> [Vec<String>; 2] {
    let video = stream.videos.iter().find(|video| video.path == path);
    let video = video.unwrap();
    [video.warnings.clone(), video.notes.clone()]
}

#[test]
fn videos_are_sorted_by_what_speaks_against_them() {
    let dir = wo_testkit::tempdir().unwrap();
    let v = |name: &str| dir.path().join("v").join(name);
    std::fs::create_dir(dir.path().join("v")).unwrap();
    let good = format!("pattern=checkers-8 {}", size(480, 848));
    make(&v("a_good.mp4"), &good, 118);
    std::fs::copy(v("a_good.mp4"), v("b_twin.mp4")).unwrap();
    make(
        &v("c_small.mp4"),
        &format!("pattern=smpte {}", size(320, 200)),
        118,
    );
    make(
        &v("d_smallish.mp4"),
        &format!("pattern=colors {}", size(480, 360)),
        118,
    );
    let dark = "pattern=pinwheel foreground-color=0xff161616";
    make(&v("e_dark.mp4"), &format!("{dark} {}", size(640, 480)), 12);
    let bars = format!(
        "pattern=pinwheel {} ! videobox left=-378 right=-378",
        size(300, 720)
    );
    make(&v("f_bars.mp4"), &bars, 118);
    videos::make(
        &v("g_slow.mp4"),
        "videotestsrc num-buffers=60 pattern=smpte horizontal-speed=8 ! video/x-raw,format=I420,width=640,height=480,framerate=10/1 \
         ! videorate ! video/x-raw,framerate=24/1 ! x264enc speed-preset=ultrafast ! h264parse ! mp4mux",
    );
    std::fs::write(v("h_text.mp4"), "no video at all, but text").unwrap();
    let stream = extract(dir.path(), &["probe", "v"], 3);
    assert!(stream.frames.is_empty() && stream.errors.len() == 1);
    assert!(stream.videos.iter().all(|video| video.n_frames.is_none()));
    for (name, warnings, notes) in [
        ("a_good", &[][..], &[][..]),
        ("b_twin", &["duplicate"], &[]),
        ("c_small", &["low_resolution"], &[]),
        ("d_smallish", &[], &["low_resolution"]),
        // There is hardly an edge in the dark.
        ("e_dark", &["too_short", "dark"], &["blurry"]),
        ("f_bars", &["letterboxed"], &["low_resolution"]),
        ("g_slow", &["repeated_frames"], &[]),
    ] {
        let [found, noted] = said(&stream, &format!("v/{name}.mp4"));
        assert_eq!(
            (&found[..] == warnings, noted),
            (true, notes.iter().map(ToString::to_string).collect()),
            "{name}: {found:?}"
        );
    }
    let twin = stream
        .videos
        .iter()
        .find(|video| video.path == "v/b_twin.mp4");
    assert_eq!(twin.unwrap().duplicate_of.as_deref(), Some("v/a_good.mp4"));

    let table = tool(dir.path(), &["probe", "v", "--table", "-q"]).run();
    assert_eq!(table.status, 3, "{}", table.stderr);
    let text = table.stdout;
    for line in [
        "duplicate of v/a_good.mp4",
        "7 videos: 5 with warnings, 1 with notes only",
        "duplicate: warning: the same bytes as another file",
        "low_resolution: warning: without black bars",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Of words that are not in the table nothing is said.
    assert!(!text.contains("several_shots"), "{text}");
}

#[test]
fn the_same_video_in_another_file_is_known_and_named() {
    let dir = wo_testkit::tempdir().unwrap();
    let make = |name: &str, size: &str, pattern: &str| {
        videos::make(
            &dir.path().join(name),
            &format!(
                "videotestsrc num-buffers=60 pattern={pattern} ! video/x-raw,format=I420,{size},framerate=10/1 ! x264enc ! h264parse ! mp4mux"
            ),
        );
    };
    make("a.mp4", "width=320,height=240", "smpte");
    make("b.mp4", "width=640,height=480", "smpte");
    make("c.mp4", "width=320,height=240", "gradient");
    std::fs::copy(dir.path().join("b.mp4"), dir.path().join("d.mp4")).unwrap();
    let stream = extract(dir.path(), &["probe", "."], 0);
    let near = |i: usize| stream.videos[i].near_duplicate_of.clone();
    assert_eq!((near(0), near(2)), (None, None));
    assert_eq!(near(1), Some(stream.videos[0].video_id.clone()));
    let of = |i: usize| stream.videos[i].duplicate_of.as_deref();
    assert_eq!(
        [of(0), of(1), of(2), of(3)],
        [None, Some("./a.mp4"), None, Some("./b.mp4")]
    );
}

#[test]
fn of_real_videos_of_lifters_most_are_quiet() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/clips/gym");
    if !folder.exists() {
        wo_testkit::skip::not_available("the shared folder of gym clips");
        return;
    }
    let stream = extract(&folder, &["probe", ".", "-q"], 0);
    let with_warnings = stream.videos.iter().filter(|it| !it.warnings.is_empty());
    let with_warnings: Vec<_> = with_warnings.map(|it| (&it.path, &it.warnings)).collect();
    assert!(
        3 * with_warnings.len() <= stream.videos.len(),
        "{with_warnings:?}"
    );
    assert!(stream.videos.iter().all(|video| video.n_damaged.is_none()));
}
