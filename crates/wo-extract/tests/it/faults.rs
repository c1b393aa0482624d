//! Decoders that die, hang and lie: each costs its file and nothing else.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::{command, extract, test_worker};
use crate::videos;

/// What a decoder may do to a run, and the code that its file gets.
const FAULTS: [(&str, &str); 14] = [
    ("abort", "crashed"),
    ("alloc", "crashed"),
    ("babble", "crashed"),
    ("chatter", "stalled"),
    ("exit", "crashed"),
    ("flood", "crashed"),
    ("garbage", "crashed"),
    ("half", "crashed"),
    ("invent", "crashed"),
    ("lie", "crashed"),
    ("overflow", "crashed"),
    ("sleep", "stalled"),
    ("spin", "stalled"),
    ("stop", "stalled"),
];

/// Processes whose command line names `program`.
pub(crate) fn running(program: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .filter(|line| line.starts_with(program.as_bytes()))
        .count()
}

#[test]
fn a_decoder_that_dies_hangs_or_lies_costs_its_file_and_no_other() {
    let dir = wo_testkit::tempdir().unwrap();
    let good = dir.path().join("good.mp4");
    videos::plain(&good, 8, "ball");
    for (number, (verb, _)) in FAULTS.iter().enumerate() {
        let name = |kind: &str| dir.path().join(format!("v/{number:02}_{kind}.mp4"));
        std::fs::create_dir_all(dir.path().join("v")).unwrap();
        std::fs::write(name("a"), format!("wo-test {verb}\n")).unwrap();
        // Of different content, since each content is taken once.
        let mut bytes = std::fs::read(&good).unwrap();
        bytes.extend([0, 0, 0, 9, b'f', b'r', b'e', b'e', number as u8]);
        std::fs::write(name("b"), bytes).unwrap();
    }
    let worker = test_worker(dir.path(), "worker");
    let limits = ["--size=64", "--stall-timeout=1", "--file-timeout=2", "-j2"];
    let since = Instant::now();
    let stream = extract(
        dir.path(),
        &[&["v", "--worker", &worker], &limits[..]].concat(),
        3,
    );
    // Four files run into a limit, the longer of which is 2 s.
    assert!(since.elapsed() < Duration::from_secs(40), "{since:?}");
    assert_eq!(running(&worker), 0);
    let codes: Vec<&str> = stream.errors.iter().map(|e| e.code.as_str()).collect();
    assert_eq!(codes, FAULTS.map(|(_, code)| code), "{:#?}", stream.errors);
    // What it says is understood, and not believed.
    let invented = FAULTS.iter().zip(&stream.errors);
    for (_, error) in invented.filter(|((verb, _), _)| *verb == "invent") {
        let why = "frames that it did not send";
        assert!(error.what.contains(why), "{}", error.what);
    }
    let expected = extract(dir.path(), &["good.mp4", "--size=64"], 0);
    assert_eq!(stream.videos.len(), FAULTS.len());
    for video in &stream.videos {
        let frames = stream
            .frames
            .iter()
            .filter(|f| f.video_id == video.video_id);
        let images: Vec<_> = frames.map(|frame| (&frame.image, frame.index)).collect();
        let expected: Vec<_> = expected
            .frames
            .iter()
            .map(|f| (&f.image, f.index))
            .collect();
        assert!(images == expected, "{:?}", video.path);
    }
}

/// The tool cannot end its workers then, nor what keeps them.
#[test]
fn no_worker_outlives_a_tool_that_is_killed() {
    let dir = wo_testkit::tempdir().unwrap();
    std::fs::write(dir.path().join("a.mp4"), "wo-test sleep\n").unwrap();
    let worker = test_worker(dir.path(), "worker");
    let args = ["a.mp4", "--stall-timeout=60", "--worker", &worker];
    let mut tool = command(dir.path(), &args)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let is_soon = |n_running: fn(usize) -> bool| {
        (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            n_running(running(&worker))
        })
    };
    assert!(is_soon(|n_running| n_running > 0));
    // Long enough for the worker to have its file.
    std::thread::sleep(Duration::from_millis(500));
    tool.kill().unwrap();
    tool.wait().unwrap();
    assert!(is_soon(|n_running| n_running == 0));
}

#[test]
fn a_file_that_crashes_decoders_is_not_tried_again() {
    let dir = wo_testkit::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    std::fs::create_dir(dir.path().join("v")).unwrap();
    write("v/crash.mp4", "wo-test abort\n");
    write("v/refused.mp4", "wo-test none\n");
    let run = |worker: &Path| {
        let worker = worker.to_str().unwrap();
        let args = ["v", "--out", "out", "--retry-failed", "--worker", worker];
        let mut codes = extract(dir.path(), &args, 3)
            .errors
            .into_iter()
            .map(|error| (error.code, error.what));
        (codes.next().unwrap(), codes.next().unwrap())
    };
    let (crash, refused) = run(test_worker(dir.path(), "worker").as_ref());
    assert_eq!(
        (crash.0.as_str(), refused.0.as_str()),
        ("crashed", "decode")
    );
    assert_eq!(refused.1, "denied: NO VERB none");
    let (again, refused) = run(test_worker(dir.path(), "refuse").as_ref());
    assert_eq!(again, crash);
    assert_eq!(refused.1, "refused");
}
