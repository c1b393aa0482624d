//! Hundreds of broken videos, each followed by a good one that must come out as if nothing had happened.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use wo_testkit::mutation::{Random, mutate};
use wo_testkit::structure;

use crate::harness::{Stream, extract, is_full};
use crate::videos;

/// The size of the corpus, everyday and in full.
const N_FILES: (usize, usize) = (300, 5000);
/// So many of them are run once more, to see that broken files give the same each time.
const N_TWICE: usize = 60;
/// What `error` records may say of a broken file.
const CODES: [&str; 10] = [
    "crashed",
    "decode",
    "empty_file",
    "missing_plugin",
    "no_video_stream",
    "not_media",
    "stalled",
    "too_many_frames",
    "truncated",
    "unsupported_container",
];

/// One video in each container that people meet.
fn seeds(dir: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let source = "videotestsrc num-buffers=12 pattern=ball \
                  ! video/x-raw,format=I420,width=64,height=48,framerate=10/1";
    let h264 = "x264enc speed-preset=ultrafast key-int-max=5 ! h264parse";
    let made = [
        ("mp4", format!("{source} ! {h264} ! mp4mux")),
        (
            "fragmented.mp4",
            format!("{source} ! {h264} ! mp4mux fragment-duration=300"),
        ),
        ("mov", format!("{source} ! {h264} ! qtmux")),
        (
            "hevc.mp4",
            format!("{source} ! x265enc speed-preset=ultrafast key-int-max=5 ! h265parse ! mp4mux"),
        ),
        ("mkv", format!("{source} ! {h264} ! matroskamux")),
        (
            "webm",
            format!("{source} ! vp9enc deadline=1 keyframe-max-dist=5 ! webmmux"),
        ),
        ("avi", format!("{source} ! avenc_mpeg4 ! avimux")),
        ("ts", format!("{source} ! {h264} ! mpegtsmux")),
        ("flv", format!("{source} ! {h264} ! flvmux")),
    ];
    made.map(|(name, pipeline)| {
        let file = dir.join(format!("seed.{name}"));
        videos::make(&file, &pipeline);
        (name, std::fs::read(file).unwrap())
    })
    .into()
}

/// Writes `n_files` broken files into `v`, each followed by a good one, and returns the names of the broken ones.
fn write(dir: &Path, n_files: usize) -> Vec<String> {
    let folder = dir.join("v");
    std::fs::create_dir(&folder).unwrap();
    videos::plain(&dir.join("good.mp4"), 4, "snow");
    let good = std::fs::read(dir.join("good.mp4")).unwrap();
    let seeds = seeds(dir);
    let mut random = Random::new(20_261_123);
    let mut contents = HashSet::new();
    let mut names = Vec::new();
    while names.len() < n_files {
        let number = names.len();
        let (kind, seed) = &seeds[number % seeds.len()];
        let mut bytes = seed.clone();
        // Half of them by one who knows what the file is made of, where it is of a kind that is known.
        let knows = (number / seeds.len()).is_multiple_of(2);
        let known = knows.then(|| structure::mutate(&mut bytes, &mut random));
        let way = known.flatten();
        let way = way.unwrap_or_else(|| mutate(&mut bytes, &mut random));
        // Each content is taken once.
        if bytes == *seed || !contents.insert(blake3::hash(&bytes)) {
            continue;
        }
        let name = format!("{number:05}_a_{way}.{kind}");
        std::fs::write(folder.join(&name), bytes).unwrap();
        names.push(name);
        let mut bytes = good.clone();
        bytes.extend([0, 0, 0, 12, b'f', b'r', b'e', b'e']);
        bytes.extend((number as u32).to_be_bytes());
        std::fs::write(folder.join(format!("{number:05}_good.mp4")), bytes).unwrap();
    }
    names
}

fn name(path: Option<&serde_json::Value>) -> String {
    let path = Path::new(path.and_then(|path| path.as_str()).unwrap());
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn run(dir: &Path, folder: &str, threads: &str) -> Stream {
    let args = [
        "--size=64",
        "--stall-timeout=3",
        "--frames-per-video=4",
        "-q",
    ];
    extract(dir, &[&[folder, threads], &args[..]].concat(), 3)
}

#[test]
fn a_corpus_of_broken_files_stops_nothing_and_harms_no_neighbour() {
    let dir = wo_testkit::tempdir().unwrap();
    let n_files = if is_full() { N_FILES.1 } else { N_FILES.0 };
    let broken = write(dir.path(), n_files);
    let expected = extract(
        dir.path(),
        &["good.mp4", "--size=64", "--frames-per-video=4"],
        0,
    );
    let expected: Vec<_> = expected.frames.iter().map(|frame| &frame.image).collect();
    let stream = run(dir.path(), "v", "-j2");

    let mut frames: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for frame in &stream.frames {
        frames
            .entry(&frame.video_id)
            .or_default()
            .push(&frame.image);
    }
    let videos: BTreeMap<_, _> = stream
        .videos
        .iter()
        .map(|video| (name(Some(&video.path)), frames.get(video.video_id.as_str())))
        .collect();
    for number in 0..n_files {
        let good = format!("{number:05}_good.mp4");
        let images = videos.get(&good).copied().flatten();
        assert!(images == Some(&expected), "{good}");
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors: BTreeMap<String, usize> = BTreeMap::new();
    for error in &stream.errors {
        assert!(CODES.contains(&error.code.as_str()), "{error:?}");
        *counts.entry(&error.code).or_default() += 1;
        *errors.entry(name(error.path.as_ref())).or_default() += 1;
    }
    for name in &broken {
        let n_errors = errors.get(name).copied().unwrap_or(0);
        assert!(n_errors <= 1, "{name}: {n_errors} errors");
        assert!(
            n_errors == 1 || videos.contains_key(name),
            "{name}: nothing"
        );
    }
    let n_whole = broken
        .iter()
        .filter(|name| !errors.contains_key(*name))
        .count();
    println!("{n_files} broken files: {n_whole} decoded all the same, {counts:?}");

    // The same files give the same, alone and side by side.
    let folder = dir.path().join("w");
    std::fs::create_dir(&folder).unwrap();
    for name in broken.iter().take(N_TWICE) {
        std::fs::copy(dir.path().join("v").join(name), folder.join(name)).unwrap();
    }
    let mut again = run(dir.path(), "w", "-j1");
    for video in &mut again.videos {
        video.path = format!("v/{}", name(Some(&video.path))).into();
    }
    for error in &mut again.errors {
        error.path = Some(format!("v/{}", name(error.path.as_ref())).into());
    }
    for video in &again.videos {
        assert!(stream.videos.contains(video), "{video:?}");
    }
    for frame in &again.frames {
        assert!(stream.frames.contains(frame), "{}", frame.video_id);
    }
    for error in &again.errors {
        assert!(stream.errors.contains(error), "{error:?}");
    }
}
