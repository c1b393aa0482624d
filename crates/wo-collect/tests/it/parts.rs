//! Parts of videos: cut out of a file, and from servers that know no ranges.

use std::fs;

use wo_testkit::{Run, Tool, skip};

use crate::server::{Route, Server};
use crate::workspace::{Workspace, outcomes, records, video, yt_dlp};

/// The boxes of an MP4, each with its kind.
fn boxes(mut bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut boxes = Vec::new();
    while bytes.len() >= 8 {
        let size = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        boxes.push((&bytes[4..8], &bytes[..size]));
        bytes = &bytes[size..];
    }
    boxes
}

/// A video whose index stands at its end, as phones write it.
fn late_index(n: u32) -> Vec<u8> {
    let video = video(n);
    let (index, others): (Vec<_>, Vec<_>) = boxes(&video)
        .into_iter()
        .partition(|(kind, _)| kind == b"moov");
    let mut index = index[0].1.to_vec();
    let place = index.windows(4).position(|it| it == b"stco").unwrap() + 12;
    let n_bytes = index.len() as u32;
    let chunk = u32::from_be_bytes(index[place..place + 4].try_into().unwrap()) - n_bytes;
    index[place..place + 4].copy_from_slice(&chunk.to_be_bytes());
    let others: Vec<u8> = others.into_iter().flat_map(|(_, it)| it.to_vec()).collect();
    [others, index].concat()
}

/// What `ffmpeg` leaves where it found no frames: boxes, and no track.
fn empty(n: u8) -> Vec<u8> {
    let boxes: [&[u8]; 3] = [
        b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x08free",
        b"\0\0\0\x08mdat\0\0\0\x10moov\0\0\0\x08",
        &[b'u', b'd', b't', n],
    ];
    boxes.concat()
}

/// Whether the run could not cut, for want of the program.
fn is_without_ffmpeg(run: &Run) -> bool {
    let is_without = run.stderr.contains("the program ffmpeg");
    if is_without {
        skip::not_installed("ffmpeg");
    }
    is_without
}

fn sizes(workspace: &Workspace, run: &Run) -> Vec<usize> {
    let sources = records(run, "source");
    let paths = sources.iter().filter_map(|it| it["path"].as_str());
    let videos = paths.map(|path| fs::read(workspace.path(path)).unwrap());
    videos.map(|video| video.len()).collect()
}

/// Each part has a track and frames in it.
fn check_frames(workspace: &Workspace) {
    for path in workspace.videos() {
        let video = fs::read(workspace.path("data/training_data").join(&path)).unwrap();
        let frames = boxes(&video).into_iter().find(|(kind, _)| kind == b"mdat");
        assert!(frames.unwrap().1.len() > 100, "{path}");
        assert!(video.windows(4).any(|it| it == b"vide"), "{path}");
    }
}

#[test]
fn a_part_comes_from_a_server_without_ranges() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp), Server::start());
    let one = server.route("/one.mp4", Route::NoRange(late_index(1)));
    let two = server.route("/two.mp4", Route::NoRange(late_index(2)));
    workspace.sources(&[
        (&one, "squat,good,,,,,0:01,0:02"),
        (&one, "squat,bad,,,,,2,4"),
        (&two, "squat,good,,,,,,1.5"),
    ]);
    let run = workspace.run(&[]);
    if is_without_ffmpeg(&run) {
        return;
    }
    assert_eq!(run.status, 0, "{}", run.stderr);
    let outcomes: Vec<String> = outcomes(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(outcomes, ["fetched"; 3]);
    check_frames(&workspace);
    assert_eq!(workspace.ledger()[0]["address"], format!("{one}#t=1,2"));
}

/// Stands in for a site that says how long its video is: `yt-dlp` leaves an empty part, or the whole file.
fn site(workspace: &Workspace, length_s: f64) -> Tool {
    let path = |name: &str| workspace.path(name).display().to_string();
    fs::write(path("whole.mp4"), late_index(1)).unwrap();
    fs::write(path("empty.mp4"), empty(1)).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n--version) echo 2026.10.26;;\n\
         *--dump-single-json*) echo '{{\"id\":\"a\",\"extractor\":\"tube\",\"duration\":{length_s}}}';;\n\
         *--download-sections*) cp {} video/video.mp4;;\n*) cp {} video/video.mp4;;\nesac\n",
        path("empty.mp4"),
        path("whole.mp4"),
    );
    let program = workspace.path("yt-dlp");
    fs::write(&program, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).unwrap();
    let installed = yt_dlp().unwrap_or_default();
    let folders = installed
        .parent()
        .map_or_else(String::new, |it| it.display().to_string());
    let others = std::env::var("PATH").unwrap_or_default();
    let tool = workspace.tool(&["--yt-dlp", "./yt-dlp"]);
    tool.env("PATH", format!("{folders}:{others}"))
}

#[test]
fn an_empty_part_is_cut_out_of_the_whole_video() {
    let workspace = Workspace::new();
    workspace.sources(&[("https://tube.example/a", "squat,good,,,,,1,2")]);
    let run = site(&workspace, 4.0).run();
    if is_without_ffmpeg(&run) {
        return;
    }
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(outcomes(&run)[0].1, "fetched");
    check_frames(&workspace);
}

#[test]
fn what_lies_beyond_the_end_is_refused_or_said() {
    let workspace = Workspace::new();
    fs::write(workspace.path("data/a.mp4"), late_index(1)).unwrap();
    workspace.sources(&[
        ("a.mp4", "squat,good,,,,,100,200"),
        ("a.mp4", "squat,good,,,,,3,10"),
        ("https://tube.example/a", "squat,good,,,,,4,5"),
        ("a.mp4", "squat,good,,,,,3,4.5"),
    ]);
    let run = site(&workspace, 4.0).run();
    if is_without_ffmpeg(&run) {
        return;
    }
    assert_eq!(run.status, 3, "{}", run.stderr);
    let outcomes: Vec<String> = outcomes(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(outcomes, ["failed", "fetched", "failed", "duplicate"]);
    for words in [
        "sources.csv:2: a.mp4: start is 100 s, and the video is 4.0 s long\nhint: correct start and end",
        "sources.csv:3: a.mp4: end is 10 s, and the video is 4.0 s long: it is taken up to its end\nhint: ",
        "sources.csv:4: https://tube.example/a: start is 4 s, and the video is 4.0 s long\nhint: ",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert_eq!(run.stderr.matches("end is ").count(), 1, "{}", run.stderr);
    assert_eq!(sizes(&workspace, &run).len(), 2);
    check_frames(&workspace);
}

#[test]
fn a_file_without_frames_is_no_video_and_no_duplicate() {
    let workspace = Workspace::new();
    for name in ["a.mp4", "b.mp4"] {
        fs::write(workspace.path("data").join(name), empty(1)).unwrap();
    }
    let sound = video(1);
    let place = sound.windows(4).position(|it| it == b"vide").unwrap();
    let sound = [&sound[..place], b"soun", &sound[place + 4..]].concat();
    fs::write(workspace.path("data/c.m4a"), sound).unwrap();
    let rows = ["a.mp4", "b.mp4", "c.m4a"].map(|name| (name, "squat,good"));
    workspace.sources(&rows);
    let run = workspace.run(&[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let outcomes: Vec<String> = outcomes(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(outcomes, ["failed"; 3]);
    let codes = records(&run, "error");
    assert!(
        codes.iter().all(|it| it["code"] == "no_video_stream"),
        "{codes:?}"
    );
    assert!(
        run.stderr
            .contains("a.mp4: the file holds no frames of a video\nhint: play it"),
        "{}",
        run.stderr
    );
    assert!(workspace.videos().is_empty());
}
