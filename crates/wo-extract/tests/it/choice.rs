//! Which frames are kept, and what is said of them and of whole videos.

use std::path::Path;

use crate::harness::{command, extract, stderr};
use crate::videos;

/// A video of still pictures, each for so many frames at 10 a second: a pattern of `videotestsrc`, and what is done to it.
fn of_scenes(path: &Path, scenes: &[(&str, u32)]) {
    let size = "video/x-raw,format=I420,width=256,height=256,framerate=10/1";
    let mut description =
        "concat name=c ! x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! mp4mux"
            .to_owned();
    // Each is put in front.
    for (scene, n_frames) in scenes.iter().rev() {
        let (pattern, rest) = scene.split_once(' ').unwrap_or((scene, ""));
        description = format!(
            "videotestsrc num-buffers={n_frames} pattern={pattern} ! {size} ! {rest} videoconvert ! {size} ! c. {description}"
        );
    }
    videos::make(path, &description);
}

#[test]
fn blurry_and_dark_frames_give_way_to_others_of_their_segment() {
    let dir = tempfile::tempdir().unwrap();
    let blurred = "smpte videoscale ! video/x-raw,width=8,height=8 ! videoscale !";
    let dark = "smpte videobalance brightness=-0.9 !";
    // The middle of each second is bad, and none of the third is good.
    let scenes = [
        ("smpte", 4),
        (blurred, 2),
        ("smpte", 4),
        ("smpte", 4),
        (dark, 2),
        ("smpte", 4),
        (dark, 10),
    ];
    of_scenes(&dir.path().join("a.mp4"), &scenes);
    let take = |args: &[&str]| {
        let all = ["a.mp4", "--frames-per-video=3", "--size=256", "--exact"];
        extract(dir.path(), &[&all[..], args].concat(), 0)
    };
    let plain = take(&[]);
    assert_eq!(plain.times_ms(), [500.0, 1500.0, 2500.0]);
    assert!(plain.n_dropped.is_null() && plain.dropped.is_empty());
    let [a, b, _] = &plain.frames[..] else {
        panic!()
    };
    assert!(
        a.quality.sharpness < 100.0 && b.quality.brightness < 0.2,
        "{a:?}"
    );
    assert!(a.quality.motion.is_none() && b.quality.motion > Some(0.1));

    let sharp = take(&["--min-sharpness=auto"]);
    assert!(
        (sharp.times_ms()[0] - 500.0).abs() > 100.0,
        "{:?}",
        sharp.times_ms()
    );
    assert_eq!(
        sharp.n_dropped["blurry"],
        sharp.n_dropped["blurry"].as_u64().unwrap()
    );
    assert!(sharp.dropped.is_empty());

    let bright = take(&["--min-brightness=0.3", "--emit-dropped"]);
    assert_eq!(bright.frames.len(), 2);
    assert!((1000.0..2000.0).contains(&bright.times_ms()[1]));
    assert_eq!(bright.videos[0].n_frames, Some(2));
    assert_eq!(bright.n_dropped["dark"], bright.dropped.len());
    assert!(bright.dropped.len() >= 6);
    for dropped in &bright.dropped {
        assert_eq!(dropped["reason"], "dark");
        assert!(dropped["quality"]["brightness"].as_f64().unwrap() < 0.3);
        assert!(dropped["image"]["inline"]["jpeg_base64"].is_string());
    }
}

#[test]
fn of_frames_that_look_the_same_one_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    of_scenes(
        &dir.path().join("a.mp4"),
        &[("smpte", 20), ("circular", 10)],
    );
    let args = [
        "a.mp4",
        "--frames-per-video=3",
        "--size=64",
        "--drop-duplicates",
    ];
    let stream = extract(dir.path(), &args, 0);
    assert_eq!(stream.frames.len(), 2, "{:?}", stream.times_ms());
    assert_eq!(stream.n_dropped["duplicate"], 5);
    let hashes = stream
        .frames
        .iter()
        .map(|frame| &frame.quality.perceptual_hash);
    assert_eq!(hashes.collect::<std::collections::BTreeSet<_>>().len(), 2);
}

#[test]
fn cuts_are_found_and_frames_know_their_shot() {
    let dir = tempfile::tempdir().unwrap();
    of_scenes(
        &dir.path().join("a.mp4"),
        &[("ball", 20), ("smpte", 15), ("ball", 25)],
    );
    let args = [
        "a.mp4",
        "--frames-per-video=6",
        "--size=64",
        "--exact",
        "--cuts",
    ];
    let stream = extract(dir.path(), &args, 0);
    assert_eq!(stream.videos[0].cuts_ms, Some(vec![2000.0, 3500.0]));
    let shots: Vec<_> = stream
        .frames
        .iter()
        .map(|frame| frame.shot.unwrap())
        .collect();
    assert_eq!(shots, [1, 1, 2, 3, 3, 3]);
    let without = extract(dir.path(), &args[..4], 0);
    assert!(without.videos[0].cuts_ms.is_none() && without.frames[0].shot.is_none());
    assert_eq!(without.times_ms(), stream.times_ms());
}

#[test]
fn a_video_without_repetitions_is_sampled_evenly() {
    let dir = tempfile::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 40, "smpte");
    let args = ["a.mp4", "--frames-per-video=4", "--size=64", "--sample"];
    let phase = extract(dir.path(), &[&args[..], &["phase"]].concat(), 0);
    let uniform = extract(
        dir.path(),
        &[&args[..], &["uniform", "--exact"]].concat(),
        0,
    );
    assert_eq!(phase.times_ms(), uniform.times_ms());
    assert_eq!(phase.videos[0].repetitions, Some(Vec::new()));
    assert!(phase.frames.iter().all(|frame| frame.phase.is_none()));
}

#[test]
fn probe_says_what_speaks_against_a_video() {
    let dir = tempfile::tempdir().unwrap();
    let v = |name: &str| dir.path().join("v").join(name);
    std::fs::create_dir(dir.path().join("v")).unwrap();
    let make = |name: &str, source: &str| {
        videos::make(
            &v(name),
            &format!("{source} ! x264enc speed-preset=ultrafast ! h264parse ! mp4mux"),
        );
    };
    let large = "video/x-raw,format=I420,width=1280,height=720";
    make(
        "a_slow.mp4",
        &format!(
            "videotestsrc num-buffers=60 pattern=smpte horizontal-speed=8 ! {large},framerate=10/1 ! videorate ! {large},framerate=24/1"
        ),
    );
    std::fs::copy(v("a_slow.mp4"), v("b_twin.mp4")).unwrap();
    make(
        "c_small.mp4",
        "videotestsrc num-buffers=150 pattern=smpte ! video/x-raw,format=I420,width=640,height=480,framerate=24/1",
    );
    make(
        "d_dark.mp4",
        &format!(
            "videotestsrc num-buffers=30 pattern=smpte ! videobalance brightness=-0.8 contrast=0.2 ! {large},framerate=24/1"
        ),
    );
    make(
        "e_bars.mp4",
        &format!(
            "videotestsrc num-buffers=130 pattern=smpte ! video/x-raw,width=1280,height=480,framerate=24/1 ! videobox top=-120 bottom=-120 ! {large}"
        ),
    );
    make(
        "g_good.mp4",
        &format!("videotestsrc num-buffers=130 pattern=checkers-8 ! {large},framerate=24/1"),
    );
    std::fs::write(v("f_text.mp4"), "no video at all, but text").unwrap();
    let stream = extract(dir.path(), &["probe", "v"], 3);
    let warnings = |name: &str| {
        let video = stream
            .videos
            .iter()
            .find(|video| video.path == format!("v/{name}"));
        video.unwrap().warnings.clone()
    };
    assert!(stream.frames.is_empty() && stream.errors.len() == 1);
    assert_eq!(warnings("a_slow.mp4")[0], "repeated_frames");
    assert_eq!(warnings("b_twin.mp4").last().unwrap(), "duplicate");
    assert_eq!(warnings("g_good.mp4"), [""; 0]);
    assert!(warnings("c_small.mp4").contains(&"low_resolution".to_owned()));
    let dark = warnings("d_dark.mp4");
    assert!(
        dark[0] == "too_short" && dark.contains(&"dark".to_owned()),
        "{dark:?}"
    );
    assert!(warnings("e_bars.mp4").contains(&"letterboxed".to_owned()));
    assert!(stream.videos.iter().all(|video| video.n_frames.is_none()));

    let table = command(dir.path(), &["probe", "v", "--table", "-q"])
        .output()
        .unwrap();
    assert_eq!(table.status.code(), Some(3), "{}", stderr(&table));
    let text = String::from_utf8(table.stdout).unwrap();
    assert_eq!(text.lines().count(), 2 + 6 + 2, "{text}");
    assert!(
        text.contains("v/d_dark.mp4") && text.contains("too_short, "),
        "{text}"
    );
}

#[test]
fn probe_knows_the_same_video_in_another_file() {
    let dir = tempfile::tempdir().unwrap();
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
    let stream = extract(dir.path(), &["probe", "."], 0);
    let near = |i: usize| stream.videos[i].near_duplicate_of.clone();
    assert_eq!((near(0), near(2)), (None, None));
    assert_eq!(near(1), Some(stream.videos[0].video_id.clone()));
}
