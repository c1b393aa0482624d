//! Which frames are kept, and what is said of them and of whole videos.

use std::path::Path;

use crate::harness::extract;
use crate::videos;

/// A video of still images, each for so many frames at 10 a second: a pattern of `videotestsrc`, and what is done to it.
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
    let dir = wo_testkit::tempdir().unwrap();
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
    let dir = wo_testkit::tempdir().unwrap();
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
    let dir = wo_testkit::tempdir().unwrap();
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
    let dir = wo_testkit::tempdir().unwrap();
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
