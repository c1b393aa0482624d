//! What comes out on stdout.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};

use crate::harness::{command, extract, tool};
use crate::videos;

#[test]
fn without_exact_a_frame_of_the_segment_that_is_quick_to_decode_is_taken() {
    let dir = wo_testkit::tempdir().unwrap();
    // Key frames at 0, 1 and 2 s; segments of 0.3 s.
    videos::plain(&dir.path().join("a.mp4"), 30, "ball");
    assert_eq!(
        extract(dir.path(), &["a.mp4"], 0).times_ms(),
        [
            0.0, 400.0, 600.0, 1000.0, 1300.0, 1500.0, 2000.0, 2200.0, 2500.0, 2700.0
        ]
    );
}

#[test]
fn a_frame_is_the_same_whatever_else_is_decoded() {
    let dir = wo_testkit::tempdir().unwrap();
    let source = "videotestsrc num-buffers=90 pattern=ball \
                  ! video/x-raw,format=I420,width=96,height=64,framerate=30/1";
    for (file, encoder) in [
        (
            "b_frames.mp4",
            "x264enc bframes=3 b-adapt=false key-int-max=40 ! h264parse ! mp4mux",
        ),
        (
            "open.mkv",
            "x264enc bframes=3 key-int-max=30 option-string=open-gop=1 ! h264parse ! matroskamux",
        ),
        (
            "h265.mp4",
            "x265enc key-int-max=40 option-string=log-level=none ! h265parse ! mp4mux",
        ),
        (
            "stream.ts",
            "x264enc key-int-max=40 ! h264parse ! mpegtsmux",
        ),
        (
            "vp8.webm",
            "vp8enc keyframe-max-dist=40 deadline=1 ! webmmux",
        ),
        (
            "vp9.webm",
            "vp9enc keyframe-max-dist=40 deadline=1 cpu-used=8 ! webmmux",
        ),
        ("jpeg.avi", "jpegenc ! avimux"),
    ] {
        videos::make(&dir.path().join(file), &format!("{source} ! {encoder}"));
        let all = extract(
            dir.path(),
            &[file, "--size", "64", "--frames-per-video", "1000"],
            0,
        );
        assert!(
            (80..=90).contains(&all.frames.len()),
            "{file}: {}",
            all.frames.len()
        );
        for args in [vec!["--exact"], vec![]] {
            for n in ["1", "4", "17"] {
                let args = [
                    &[file, "--size", "64", "--frames-per-video", n],
                    args.as_slice(),
                ]
                .concat();
                let some = extract(dir.path(), &args, 0);
                assert_eq!(some.frames.len().to_string(), n, "{file}");
                for frame in &some.frames {
                    let same = all
                        .frames
                        .iter()
                        .find(|other| other.pts_ms.to_bits() == frame.pts_ms.to_bits());
                    let is_same = same.is_some_and(|same| same.image == frame.image);
                    assert!(is_same, "{args:?} at {} ms", frame.pts_ms);
                }
                assert_eq!(
                    some.videos[0].duration_ms, all.videos[0].duration_ms,
                    "{file}"
                );
            }
        }
    }
}

#[test]
fn frames_are_those_on_display_at_the_centres_of_equal_segments() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 30, "ball");
    let stream = extract(dir.path(), &["a.mp4", "--exact"], 0);
    assert_eq!(
        stream.times_ms(),
        [
            100.0, 400.0, 700.0, 1000.0, 1300.0, 1600.0, 1900.0, 2200.0, 2500.0, 2800.0
        ]
    );
    let video = &stream.videos[0];
    assert_eq!(
        (video.width_px, video.height_px, video.rotation_deg),
        (64, 48, 0)
    );
    assert_eq!(
        (video.n_frames, video.n_frames_wanted),
        (Some(10), Some(10))
    );
    assert_eq!(
        (video.codec.as_str(), video.container.as_str()),
        ("h264", "quicktime")
    );
    assert_eq!(
        (video.duration_ms, video.frame_rate_hz),
        (Some(3000.0), Some(10.0))
    );
    assert_eq!(
        (video.variable_frame_rate, video.bitrate_bps),
        (Some(false), Some(video.size_bytes * 8 / 3))
    );
    assert_eq!(
        (
            &video.exercise,
            &video.label,
            &video.person_id,
            &video.source_id
        ),
        (&None, &None, &None, &None)
    );
    for (index, frame) in (0..).zip(&stream.frames) {
        assert_eq!(
            (frame.index, frame.width_px, frame.height_px),
            (index, 683, 512)
        );
        assert_eq!(
            (&frame.exercise, &frame.label, &frame.label_origin),
            (&None, &None, &None)
        );
        assert_eq!(
            (frame.faults.len(), &frame.description, &frame.video_id),
            (0, &None, &video.video_id)
        );
        frame.image();
    }
}

#[test]
fn a_video_of_fewer_frames_gives_them_all_and_a_small_size_is_scaled_down_to() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 3, "ball");
    let stream = extract(dir.path(), &["a.mp4", "--size", "24"], 0);
    assert_eq!(stream.times_ms(), [0.0, 100.0, 200.0]);
    assert_eq!(
        (stream.videos[0].n_frames, stream.videos[0].n_frames_wanted),
        (Some(3), Some(10))
    );
    assert_eq!(
        (stream.frames[0].width_px, stream.frames[0].height_px),
        (32, 24)
    );
}

#[test]
fn a_rotated_video_comes_out_upright() {
    let dir = wo_testkit::tempdir().unwrap();
    let images: Vec<RgbImage> = (0..4)
        .map(|quarters| {
            let name = format!("{quarters}.mp4");
            videos::plain(&dir.path().join(&name), 2, "gradient");
            videos::turn(&dir.path().join(&name), quarters);
            let stream = extract(
                dir.path(),
                &[&name, "--frames-per-video", "1", "--size", "48"],
                0,
            );
            let video = &stream.videos[0];
            let size = if quarters % 2 == 0 {
                (64, 48)
            } else {
                (48, 64)
            };
            assert_eq!(
                (video.width_px, video.height_px, video.rotation_deg),
                (size.0, size.1, 90 * quarters as u32)
            );
            stream.frames[0].image()
        })
        .collect();
    // Clockwise: what was at the top is on the right, then at the bottom, then on the left.
    for y in [4, 24, 44] {
        let green = |quarters: usize, x: u32, y: u32| images[quarters].get_pixel(x, y).0[1];
        let upright = green(0, 32, y);
        for (quarters, turned) in [
            (1, green(1, 47 - y, 32)),
            (2, green(2, 32, 47 - y)),
            (3, green(3, y, 32)),
        ] {
            assert!(
                upright.abs_diff(turned) < 6,
                "{quarters} quarters: {upright} {turned} at {y}"
            );
        }
    }
    assert!(images[0].get_pixel(32, 4).0[1].abs_diff(images[0].get_pixel(32, 44).0[1]) > 100);
}

#[test]
fn pixels_that_are_not_square_become_so() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::encoded(
        &dir.path().join("a.mp4"),
        2,
        "ball",
        ",pixel-aspect-ratio=2/1",
        "mp4mux",
    );
    let stream = extract(dir.path(), &["a.mp4", "--size", "96"], 0);
    assert_eq!(
        (stream.videos[0].width_px, stream.videos[0].height_px),
        (128, 48)
    );
    assert_eq!(
        (stream.frames[0].width_px, stream.frames[0].height_px),
        (256, 96)
    );
}

#[test]
fn an_interlaced_video_keeps_its_frame_rate_and_loses_its_combs() {
    let dir = wo_testkit::tempdir().unwrap();
    // Fields alternate between black and white: woven, every other line would be the other colour.
    videos::make(
        &dir.path().join("a.mkv"),
        "videotestsrc num-buffers=20 pattern=blink ! video/x-raw,format=I420,width=64,height=64,framerate=20/1 \
         ! interlace field-pattern=1:1 ! x264enc interlaced=true ! h264parse ! matroskamux",
    );
    let stream = extract(
        dir.path(),
        &["a.mkv", "--frames-per-video", "100", "--size", "64"],
        0,
    );
    assert_eq!(
        stream.times_ms(),
        (0..10).map(|i| f64::from(i) * 100.0).collect::<Vec<_>>()
    );
    assert_eq!(
        (
            stream.videos[0].codec.as_str(),
            stream.videos[0].container.as_str()
        ),
        ("h264", "matroska")
    );
    let image = stream.frames[5].image();
    for y in 10..50 {
        let (line, next) = (image.get_pixel(32, y).0[1], image.get_pixel(32, y + 1).0[1]);
        assert!(line.abs_diff(next) < 30, "{line} {next} at {y}");
    }
}

#[test]
fn colours_come_through_in_every_matrix_and_range() {
    let dir = wo_testkit::tempdir().unwrap();
    for (name, colorimetry) in [
        ("601", "bt601"),
        ("709", "bt709"),
        ("full", "1:3:5:1"),
        ("full_601", "1:4:0:0"),
    ] {
        let path = dir.path().join(name).join("a.mp4");
        videos::make(
            &path,
            &format!(
                "videotestsrc num-buffers=2 pattern=red ! video/x-raw,format=RGB,width=64,height=48,framerate=10/1 \
                 ! videoconvert ! video/x-raw,format=Y444,colorimetry={colorimetry} \
                 ! x264enc speed-preset=ultrafast ! h264parse ! mp4mux"
            ),
        );
        let stream = extract(
            dir.path(),
            &[&format!("{name}/a.mp4"), "--frames-per-video", "1"],
            0,
        );
        let Rgb([r, g, b]) = *stream.frames[0].image().get_pixel(300, 256);
        assert!(r > 247 && g < 8 && b < 8, "{name}: {r} {g} {b}");
    }
}

#[test]
fn each_kind_of_broken_file_is_one_error_and_the_run_goes_on() {
    let dir = wo_testkit::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("empty.mp4", b"");
    write(
        "text.mp4",
        b"The quick brown fox jumps over the lazy dog, again and again and again.\n",
    );
    write("playlist.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n");
    write("image.png", b"\x89PNG\r\n\x1a\nand no more");
    videos::make(
        &dir.path().join("sound.m4a"),
        "audiotestsrc num-buffers=20 ! avenc_aac ! mp4mux",
    );
    // Beside others a file that is missing is an error of its own; alone it is a wrong command line.
    let alone = tool(dir.path(), &["none.mp4"]).run();
    assert_eq!(alone.status, 2, "{}", alone.stderr);
    videos::plain(&dir.path().join("whole.mp4"), 4, "ball");
    let whole = std::fs::read(dir.path().join("whole.mp4")).unwrap();
    write("no_end.mp4", &whole[..whole.len() / 2]);
    for (name, codes) in [
        ("empty.mp4", &["empty_file"][..]),
        ("text.mp4", &["not_media"]),
        ("playlist.mp4", &["unsupported_container"]),
        ("image.png", &["bad_image"]),
        ("sound.m4a", &["no_video_stream"]),
        ("no_end.mp4", &["decode"]),
    ] {
        let stream = extract(dir.path(), &[name], 3);
        assert!(
            codes.contains(&stream.only_error()),
            "{name}: {:?}",
            stream.errors
        );
        assert_eq!(
            (
                stream.errors[0].path.as_ref(),
                stream.errors[0].tool.as_str()
            ),
            (Some(&name.into()), "wo-extract")
        );
        assert_eq!(stream.errors[0].video_id.is_none(), name == "empty.mp4");
    }
    // One that is not there is an error beside others, and a wrong command line alone.
    let stream = extract(dir.path(), &["none.mp4", "sound.m4a"], 3);
    let codes: Vec<_> = stream.errors.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["unreadable", "no_video_stream"]);
    let all = extract(dir.path(), &[".", "-q"], 3);
    assert_eq!(
        (all.videos.len(), all.frames.len(), all.errors.len()),
        (1, 4, 6),
        "{:?}",
        all.errors
    );
}

#[test]
fn a_truncated_video_gives_the_frames_before_the_cut_and_an_error() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::encoded(
        &dir.path().join("a.mp4"),
        60,
        "ball",
        "",
        "mp4mux faststart=true",
    );
    let whole = std::fs::read(dir.path().join("a.mp4")).unwrap();
    std::fs::write(dir.path().join("cut.mp4"), &whole[..whole.len() * 6 / 10]).unwrap();
    let stream = extract(dir.path(), &["cut.mp4"], 3);
    assert_eq!(stream.frames.len(), 10);
    let duration = stream.videos[0].duration_ms.unwrap();
    assert!((1000.0..5000.0).contains(&duration), "{duration}");
    assert!(
        stream.times_ms().last().unwrap() > &(duration * 0.9 - 100.0),
        "chosen by the real end"
    );
    assert_eq!(
        (stream.errors.len(), stream.errors[0].code.as_str()),
        (1, "truncated")
    );
    assert!(
        stream.errors[0].what.contains("missing"),
        "{}",
        stream.errors[0].what
    );
    assert_eq!(
        stream.errors[0].video_id.as_ref(),
        Some(&stream.videos[0].video_id)
    );
}

#[test]
fn labels_and_groups_come_from_the_folders() {
    let dir = wo_testkit::tempdir().unwrap();
    let videos_dir = dir.path().join("data/training_data");
    videos::plain(
        &videos_dir.join("squat/bad_form/knees_cave/a.mp4"),
        1,
        "ball",
    );
    videos::plain(&videos_dir.join("lunge/wobbly/b.mp4"), 1, "snow");
    let table = "path,person_id,source_id,note\nlunge/wobbly/b.mp4,anna,,x\n";
    std::fs::write(videos_dir.join("groups.csv"), table).unwrap();
    let labels = |args: &[&str]| -> Vec<_> {
        let stream = extract(dir.path(), args, 0);
        for frame in &stream.frames {
            assert_eq!(
                frame.label_origin.as_deref(),
                frame.label.as_ref().map(|_| "folder")
            );
        }
        stream
            .videos
            .into_iter()
            .map(|v| {
                (
                    v.exercise.unwrap(),
                    v.label.unwrap(),
                    v.person_id,
                    v.source_id,
                )
            })
            .collect()
    };
    let lunge = (
        "lunge".to_owned(),
        "wobbly".to_owned(),
        Some("anna".to_owned()),
        None,
    );
    let squat = ("squat".to_owned(), "bad_form".to_owned(), None, None);
    assert_eq!(labels(&[]), [lunge.clone(), squat.clone()]);
    assert_eq!(
        labels(&["--video-dir", "data/training_data"]),
        [lunge, squat.clone()]
    );
    assert_eq!(labels(&["data/training_data/squat"]), [squat]);

    std::fs::write(
        videos_dir.join("groups.csv"),
        "path,person_id,source_id\na.mp4,p,s\nb.mp4,p,s,t\n",
    )
    .unwrap();
    let output = tool(dir.path(), &[]).run();
    assert_eq!((output.status, output.stdout.as_str()), (6, ""));
    assert!(
        output.stderr.contains("groups.csv") && output.stderr.contains("line 3"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_same_content_is_taken_once_and_two_labels_for_it_are_an_error() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    videos::plain(&path("squat/bad_form/a.mp4"), 2, "ball");
    std::fs::copy(path("squat/bad_form/a.mp4"), path("squat/bad_form/b.mp4")).unwrap();
    let stream = extract(dir.path(), &["squat"], 0);
    assert_eq!((stream.videos.len(), stream.frames.len()), (1, 2));

    std::fs::create_dir(path("squat/good_form")).unwrap();
    std::fs::copy(path("squat/bad_form/a.mp4"), path("squat/good_form/c.mp4")).unwrap();
    let stream = extract(dir.path(), &["squat"], 3);
    assert_eq!(
        (
            stream.videos.len(),
            stream.frames.len(),
            stream.errors.len()
        ),
        (0, 0, 3)
    );
    assert_eq!(stream.errors[0].code, "label_conflict");
    let what = &stream.errors[0].what;
    assert!(
        what.contains("squat/bad_form/a.mp4") && what.contains("squat/good_form/c.mp4"),
        "{what}"
    );
}

#[test]
fn pictures_and_gifs_are_videos_too() {
    let dir = wo_testkit::tempdir().unwrap();
    RgbImage::from_pixel(40, 20, Rgb([10, 200, 30]))
        .save(dir.path().join("a.png"))
        .unwrap();
    std::fs::copy(dir.path().join("a.png"), dir.path().join("b.mp4")).unwrap();
    let stream = extract(dir.path(), &["b.mp4", "--size", "40"], 0);
    let video = &stream.videos[0];
    assert_eq!(
        (
            video.container.as_str(),
            video.codec.as_str(),
            video.duration_ms
        ),
        ("image", "png", None)
    );
    assert_eq!(
        (
            video.n_frames,
            stream.frames[0].width_px,
            stream.frames[0].height_px
        ),
        (Some(1), 80, 40)
    );
    assert!(stream.frames[0].image().get_pixel(40, 20).0[1].abs_diff(200) < 4);

    let mut gif = image::codecs::gif::GifEncoder::new(
        std::fs::File::create(dir.path().join("c.gif")).unwrap(),
    );
    for grey in [0u8, 80, 160, 240] {
        let image = image::RgbaImage::from_pixel(16, 16, image::Rgba([grey, grey, grey, 255]));
        let delay = image::Delay::from_saturating_duration(Duration::from_millis(200));
        gif.encode_frame(image::Frame::from_parts(image, 0, 0, delay))
            .unwrap();
    }
    drop(gif);
    let stream = extract(dir.path(), &["c.gif", "--frames-per-video", "2"], 0);
    assert_eq!(
        (stream.times_ms(), stream.videos[0].duration_ms),
        (vec![200.0, 600.0], Some(800.0))
    );
    assert!(stream.frames[1].image().get_pixel(8, 8).0[0].abs_diff(240) < 4);
}

#[test]
fn a_file_name_that_is_not_utf8_survives() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 2, "ball");
    std::fs::rename(
        dir.path().join("a.mp4"),
        dir.path().join(OsStr::from_bytes(b"\xff b.mp4")),
    )
    .unwrap();
    let stream = extract(dir.path(), &["."], 0);
    assert_eq!(
        stream.videos[0].path,
        serde_json::json!({"bytes": "Li//IGIubXA0"})
    );
    assert_eq!(stream.frames.len(), 2);
}

#[test]
fn a_pipe_that_nobody_writes_to_does_not_hang() {
    let dir = wo_testkit::tempdir().unwrap();
    let made = Command::new("mkfifo")
        .arg(dir.path().join("a.mp4"))
        .status()
        .unwrap();
    assert!(made.success());
    let start = Instant::now();
    assert_eq!(
        extract(dir.path(), &["a.mp4"], 3).only_error(),
        "unreadable"
    );
    assert_eq!(extract(dir.path(), &["."], 3).only_error(), "unreadable");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_output_is_the_same_at_any_number_of_threads() {
    let dir = wo_testkit::tempdir().unwrap();
    for (n_frames, name, pattern) in [
        (40, "a", "ball"),
        (2, "b", "smpte"),
        (9, "c", "snow"),
        (5, "d", "zone-plate"),
    ] {
        videos::plain(&dir.path().join(format!("{name}.mp4")), n_frames, pattern);
    }
    let run = |threads: &str| tool(dir.path(), &[".", "-j", threads]).run().stdout;
    let one = run("1");
    assert_eq!(crate::harness::read(&one).videos.len(), 4);
    assert!(one == run("2") && one == run("7"));
}

#[test]
fn nothing_found_is_said_and_the_stream_is_complete() {
    let dir = wo_testkit::tempdir().unwrap();
    std::fs::write(dir.path().join(".gitkeep"), "").unwrap();
    let output = tool(dir.path(), &["."]).run();
    assert_eq!(output.status, 1);
    assert_eq!(output.stderr, "wo-extract: no video or image in .\n");
    assert!(crate::harness::read(&output.stdout).videos.is_empty());

    let output = tool(dir.path(), &[]).run();
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("hint: "), "{}", output.stderr);
}

#[test]
fn help_and_bad_flags_answer_at_once() {
    let dir = wo_testkit::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = tool(dir.path(), args).run();
        (output.status, output.stdout, output.stderr)
    };
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, 0);
    assert!(
        help.starts_with("Usage: wo-extract [OPTIONS] [PATH]..."),
        "{help}"
    );
    assert_eq!(run(&["--version"]).0, 0);
    for args in [
        &["--frames-per-video", "0"][..],
        &["--size", "0"],
        &["--nonsense"],
        &["-j", "0"],
    ] {
        let (code, stdout, message) = run(args);
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {message}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = wo_testkit::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        videos::plain(&dir.path().join(format!("{name}.mp4")), 10, "snow");
    }
    let mut child = command(dir.path(), &["."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("begin"), "{line}");
    let mut message = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut message)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), message.as_str()),
        (Some(0), "")
    );
}

#[test]
fn a_full_disk_is_an_io_error() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 2, "ball");
    let output = tool(dir.path(), &["a.mp4"]).into_dev_full();
    assert_eq!(output.status, 5, "{}", output.stderr);
    assert!(output.stderr.contains("No space left"), "{}", output.stderr);
}

#[test]
fn each_way_of_sampling_takes_its_frames() {
    let dir = wo_testkit::tempdir().unwrap();
    // 10 frames a second, a key frame each second.
    videos::plain(&dir.path().join("a.mp4"), 30, "ball");
    videos::encoded(&dir.path().join("b.mpg"), 30, "ball", "", "mpegtsmux");
    let times = |file: &str, args: &[&str]| {
        let args = [&[file, "--size", "64"], args].concat();
        extract(dir.path(), &args, 0).times_ms()
    };
    assert_eq!(
        times("a.mp4", &["--sample", "keyframes"]),
        [0.0, 1000.0, 2000.0]
    );
    assert_eq!(
        times("b.mpg", &["--sample", "keyframes"]),
        [0.0, 1000.0, 2000.0]
    );
    assert_eq!(
        times("a.mp4", &["--sample", "fps=1"]),
        [500.0, 1500.0, 2500.0]
    );
    assert_eq!(
        times("a.mp4", &["--sample", "every=14"]),
        [0.0, 1400.0, 2800.0]
    );
    let jitter = |seed| {
        times(
            "a.mp4",
            &[
                "--sample",
                "jitter",
                "--frames-per-video",
                "3",
                "--seed",
                seed,
            ],
        )
    };
    assert_eq!(jitter("1"), jitter("1"));
    assert_ne!(jitter("1"), jitter("2"));
    let wrong = tool(dir.path(), &["a.mp4", "--sample", "random"]).run();
    assert_eq!(wrong.status, 2);
}

#[test]
fn progress_comes_in_lines_where_it_is_asked_for() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/a.mp4"), 4, "ball");
    videos::plain(&dir.path().join("v/b.mp4"), 4, "snow");
    let lines = |args: &[&str]| {
        let output = tool(dir.path(), &[&["v", "--size=64"], args].concat()).run();
        output.stderr
    };
    assert_eq!(lines(&[]), "");
    assert_eq!(lines(&["--progress=plain", "-q"]), "");
    let text = lines(&["--progress=plain"]);
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("wo-extract: 2/2 videos, 8 frames, "),
        "{text}"
    );
    assert!(last.ends_with(" frames/s, 0 s left"), "{text}");
}
