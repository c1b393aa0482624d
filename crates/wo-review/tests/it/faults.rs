//! A disk that fails at any one of the calls that change files, or from it on: what was acknowledged is there, once, what
//! was not is told, and the next start on a whole disk makes everything whole.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wo_testkit::{TempDir, tempdir};

use crate::harness::{Server, folder, frames, log, picture};

const N_FRAMES: usize = 4;
/// How often a page asks again before this test gives up.
const N_TRIES: usize = 3;

/// The library that lets calls fail. `None` where no C compiler is installed.
fn failing_disk() -> Option<(TempDir, PathBuf)> {
    let dir = tempdir().expect("make a folder");
    let library = dir.path().join("failing_disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/failing_disk.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status();
    let Ok(built) = built else {
        return None;
    };
    assert!(built.success(), "compile {source}");
    Some((dir, library))
}

/// Decides a bit of everything while the `n`th call fails. Returns what failed; nothing where there are fewer calls.
fn decide_with_fault(library: &Path, n: usize, and_all_after: bool) -> Vec<String> {
    let dir = folder(2, N_FRAMES);
    let told = library.with_file_name("told");
    let _ = fs::remove_file(&told);
    let text = |path: &Path| path.display().to_string();
    let mut environment = vec![
        ("LD_PRELOAD", text(library)),
        ("WO_FAIL_BELOW", text(dir.path())),
        ("WO_FAIL_AT", n.to_string()),
        ("WO_FAIL_TOLD", text(&told)),
    ];
    if and_all_after {
        environment.push(("WO_FAIL_ALL", "1".to_owned()));
    }
    let mut acknowledged: HashMap<String, usize> = HashMap::new();
    let mut asked: HashMap<String, usize> = HashMap::new();
    match Server::try_start(dir.path(), &[], &environment) {
        Err((status, stderr)) => {
            assert_eq!(status.code(), Some(5), "{stderr}");
            assert!(stderr.contains("No space left on device"), "{stderr}");
        }
        Ok(server) => {
            let anna = server.enter(0);
            let video: Vec<u32> = (0..N_FRAMES as u32).collect();
            let decisions = [
                (vec![0], json!({"label": "bad_form"})),
                (vec![1], json!({"faults": ["knees_cave"]})),
                (vec![2], json!({"deleted": true})),
                (video, json!({"note": "all of them"})),
                (vec![5], json!({"deleted": true})),
            ];
            for (i, (frames, change)) in decisions.into_iter().enumerate() {
                let request = format!("r{i}");
                asked.insert(request.clone(), frames.len());
                let body = json!({"request": request, "frames": frames, "change": change});
                for _ in 0..N_TRIES {
                    let answer = anna.post("/api/decide", &body).expect("an answer");
                    if answer.status == 200 {
                        acknowledged.insert(request, frames.len());
                        break;
                    }
                    let why = answer.text();
                    assert_eq!(answer.status, 500, "{why}");
                    assert!(why.contains("reviews.ndjson"), "{why}");
                    assert!(
                        why.contains("No space left on device")
                            || why.contains("start wo-review again"),
                        "{why}"
                    );
                }
            }
            let (status, stderr) = server.stop_and_read();
            let is_told = stderr.contains("No space left on device");
            assert!(
                status.success() || (status.code() == Some(5) && is_told),
                "{status} {stderr}"
            );
        }
    }
    let failed: Vec<String> = fs::read_to_string(&told)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    let context = format!("call {n}: {failed:?}");
    let server = Server::start(dir.path(), &[]);
    assert!(server.stop().success(), "{context}");
    check(dir.path(), &acknowledged, &asked, &context);
    failed
}

/// Holds folder and log against what was acknowledged and asked for, by request with the number of frames.
fn check(
    dir: &Path,
    acknowledged: &HashMap<String, usize>,
    asked: &HashMap<String, usize>,
    context: &str,
) {
    let lines = log(dir);
    for (request, &n_frames) in asked {
        let found = lines
            .iter()
            .filter(|line| line["request"] == request.as_str())
            .count();
        let is_whole = found == n_frames || (found == 0 && !acknowledged.contains_key(request));
        assert!(is_whole, "{context}: {request} is there {found} times");
    }
    let place = |line: &Value| (line["video_id"].to_string(), line["index"].to_string());
    let last: HashMap<_, _> = lines
        .iter()
        .map(|line| (place(line), line["new"].clone()))
        .collect();
    let is_deleted = |new: Option<&Value>| new.is_some_and(|new| new["deleted"] == true);
    let kept = frames(dir);
    for frame in &kept {
        let new = last.get(&place(frame));
        assert!(!is_deleted(new), "{context}: {frame}");
        if let Some(new) = new {
            assert_eq!(
                (&frame["label"], &frame["faults"]),
                (&new["label"], &new["faults"]),
                "{context}"
            );
        }
    }
    let n_deleted = last.values().filter(|&new| is_deleted(Some(new))).count();
    assert_eq!(kept.len() + n_deleted, 2 * N_FRAMES, "{context}");
    for (video, index) in (0..2).flat_map(|video| (0..N_FRAMES).map(move |index| (video, index))) {
        let path = picture(video, index);
        let is_kept = kept
            .iter()
            .any(|frame| frame["image"]["file"]["path"] == path.as_str());
        let places = (
            dir.join(&path).exists(),
            dir.join("trash").join(&path).exists(),
        );
        assert_eq!(places, (is_kept, !is_kept), "{context}: {path}");
    }
    let left = fs::read_dir(dir)
        .expect("read the folder")
        .flatten()
        .map(|entry| entry.file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{context}: {left:?}");
}

/// Returns what was done, in words.
fn decide_with_each_fault(and_all_after: bool) -> String {
    let Some((_dir, library)) = failing_disk() else {
        wo_testkit::skip::not_installed("cc");
        return "nothing was done".to_owned();
    };
    let mut kinds: HashMap<String, usize> = HashMap::new();
    for n in 1.. {
        let failed = decide_with_fault(&library, n, and_all_after);
        let Some(first) = failed.first() else { break };
        let (call, _) = first.split_once(' ').unwrap_or((first, ""));
        *kinds.entry(call.to_owned()).or_default() += 1;
    }
    for call in ["write", "fdatasync", "fsync", "rename"] {
        assert!(kinds.contains_key(call), "{call} never failed: {kinds:?}");
    }
    format!("each of these calls failed once: {kinds:?}")
}

#[test]
fn one_call_that_fails_loses_nothing_acknowledged() {
    println!("{}", decide_with_each_fault(false));
}

#[test]
fn a_disk_that_fails_for_good_loses_nothing_acknowledged() {
    println!("{}", decide_with_each_fault(true));
}
