//! A decision that was acknowledged is there after a kill, once; one that was not is there once or not at all.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Server, folder, frames, log};

/// How many clients decide at the same time.
pub(crate) const N_CLIENTS: usize = 3;
const N_VIDEOS: usize = 6;
const N_FRAMES: usize = 10;
const N_KILLS: u64 = 50;
const LABELS: [&str; 3] = ["good_form", "bad_form", "unclear"];

/// What clients were told and what they asked for.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// By request: the number of reviews that were acknowledged.
    acknowledged: Mutex<HashMap<String, usize>>,
    asked: Mutex<Vec<(String, Vec<u32>, String)>>,
    n_asked: AtomicUsize,
}

impl Told {
    pub(crate) fn n_acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("no client fails").len()
    }

    /// Decides until the server goes away.
    pub(crate) fn load(
        self: &Arc<Self>,
        client: Client,
        n_frames: usize,
    ) -> thread::JoinHandle<()> {
        let told = Arc::clone(self);
        thread::spawn(move || {
            loop {
                let i = told.n_asked.fetch_add(1, Ordering::Relaxed);
                let request = format!("r{i}");
                // Each seventh decision is about a whole video.
                let frames: Vec<u32> = match i % 7 {
                    0 => (0..10).collect(),
                    _ => vec![(i * 31 % n_frames) as u32],
                };
                let label = LABELS[i % 3].to_owned();
                told.asked.lock().expect("no client fails").push((
                    request.clone(),
                    frames.clone(),
                    label.clone(),
                ));
                let body =
                    json!({"request": request, "frames": frames, "change": {"label": label}});
                match client.post("/api/decide", &body) {
                    Some(answer) if answer.status == 200 => {
                        told.acknowledged
                            .lock()
                            .expect("no client fails")
                            .insert(request, frames.len());
                    }
                    Some(answer) => panic!("{}", answer.text()),
                    None => return,
                }
            }
        })
    }

    /// Holds a log against what was told. Returns how many decisions it has.
    pub(crate) fn check(&self, dir: &Path) -> usize {
        self.check_of(dir, &self.acknowledged.lock().expect("no client fails"))
    }

    /// The same against what was told up to some moment.
    pub(crate) fn check_of(&self, dir: &Path, acknowledged: &HashMap<String, usize>) -> usize {
        let mut found: HashMap<String, usize> = HashMap::new();
        for line in log(dir) {
            *found
                .entry(line["request"].as_str().expect("a request").to_owned())
                .or_default() += 1;
        }
        for (request, n_reviews) in acknowledged {
            assert_eq!(
                found.get(request),
                Some(n_reviews),
                "{request} was acknowledged"
            );
        }
        for (request, frames, _) in self.asked.lock().expect("no client fails").iter() {
            let n = found.get(request).copied().unwrap_or(0);
            assert!(
                n == 0 || n == frames.len(),
                "{request} is there {n} times of {}",
                frames.len()
            );
        }
        found.len()
    }

    pub(crate) fn acknowledged(&self) -> HashMap<String, usize> {
        self.acknowledged.lock().expect("no client fails").clone()
    }
}

#[test]
fn killed_at_random_nothing_acknowledged_is_lost() {
    // Each folder anew, since the log grows and is read at each start.
    let n_folders = if std::env::var_os("WO_FULL").is_some() {
        10
    } else {
        1
    };
    let mut n_acknowledged = 0;
    for number in 0..n_folders {
        n_acknowledged += kill_at_random(N_KILLS * number..N_KILLS * (number + 1));
    }
    println!(
        "{} kills, {n_acknowledged} decisions acknowledged, none lost, none twice",
        N_KILLS * n_folders
    );
}

/// How many decisions were acknowledged.
fn kill_at_random(kills: Range<u64>) -> usize {
    let dir = folder(N_VIDEOS, N_FRAMES);
    let told = Arc::new(Told::default());
    for kill in kills {
        let mut server = Server::start(
            dir.path(),
            &["--reviewer", "a", "--reviewer", "b", "--reviewer", "c"],
        );
        // A kill may cut a write in two; the start sets aside what nobody was told of.
        told.check(dir.path());
        let clients: Vec<_> = (0..N_CLIENTS)
            .map(|who| told.load(server.enter(who), N_VIDEOS * N_FRAMES))
            .collect();
        // From right after the start to in the middle of many, and each third time while records are written.
        let ms = (kill * 37 % 120) + if kill % 3 == 0 { 1500 } else { 5 };
        thread::sleep(Duration::from_millis(ms.min(if kill % 9 == 0 {
            1700
        } else {
            130
        })));
        server.kill();
        for client in clients {
            client.join().expect("no client fails");
        }
    }
    // A page that was not answered asks again.
    let server = Server::start(dir.path(), &["--reviewer", "a"]);
    told.check(dir.path());
    let client = server.enter(0);
    let asked = told.asked.lock().expect("no client fails").clone();
    for (request, frames, label) in asked.iter().rev().take(200) {
        client.decide(request, frames, json!({"label": label}));
    }
    assert!(server.stop().success());
    told.check(dir.path());
    let left = fs::read_dir(dir.path()).expect("read the folder").flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // And what people read says the same as the log.
    let mut last: HashMap<(String, u64), Value> = HashMap::new();
    for line in log(dir.path()) {
        let place = (
            line["video_id"].as_str().expect("an id").to_owned(),
            line["index"].as_u64().expect("an index"),
        );
        last.insert(place, line["new"]["label"].clone());
    }
    for frame in frames(dir.path()) {
        let place = (
            frame["video_id"].as_str().expect("an id").to_owned(),
            frame["index"].as_u64().expect("an index"),
        );
        if let Some(label) = last.get(&place) {
            assert_eq!(&frame["label"], label, "{place:?}");
        }
    }
    told.n_acknowledged()
}

#[test]
fn what_a_crash_cut_off_is_set_aside() {
    let dir = folder(1, 4);
    let path = dir.path().join("reviews.ndjson");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    let whole = fs::read(&path).expect("read the log");
    let anchor = dir.path().join("reviews.ndjson.anchor");
    let acknowledged = fs::read(&anchor).expect("read the anchor");
    anna.decide("r2", &[0, 1, 2], json!({"label": "unclear"}));
    drop(server);
    let all = fs::read(&path).expect("read the log");
    let second = all.len() - whole.len();
    // Half a line; two lines of three; all but the line end; zeros in the place of the last block.
    let mut zeros = whole.clone();
    zeros.resize(all.len(), 0);
    let cuts = [
        whole.len() + 40,
        whole.len() + second * 2 / 3 + 5,
        all.len() - 1,
    ];
    for torn in cuts.iter().map(|&cut| all[..cut].to_vec()).chain([zeros]) {
        fs::write(&path, &torn).expect("write the log");
        // The crash came before anybody was told of the second decision.
        fs::write(&anchor, &acknowledged).expect("write the anchor");
        let server = Server::start(dir.path(), &[]);
        let anna = server.enter(0);
        assert_eq!(anna.frame(0)["label"], "bad_form");
        assert_eq!(anna.frame(1)["label"], "good_form");
        assert_eq!(fs::read(&path).expect("read the log"), whole);
        anna.decide("r3", &[3], json!({"label": "bad_form"}));
        drop(server);
        assert_eq!(log(dir.path()).len(), 2);
        let aside =
            fs::read(dir.path().join("reviews.ndjson.torn")).expect("read what was set aside");
        assert!(aside.ends_with(&torn[whole.len()..]));
    }
}

#[test]
fn a_log_that_someone_changed_is_refused() {
    let dir = folder(1, 3);
    let path = dir.path().join("reviews.ndjson");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    for i in 0..3 {
        anna.decide(&format!("r{i}"), &[i], json!({"label": "bad_form"}));
    }
    drop(server);
    let text = fs::read_to_string(&path).expect("read the log");
    let lines: Vec<&str> = text.lines().collect();
    let changed = text.replacen("\"label\":\"bad_form\"", "\"label\":\"good_form\"", 1);
    let missing = format!("{}\n{}\n", lines[0], lines[2]);
    let garbled = format!("{}\nnonsense\n{}\n", lines[0], lines[2]);
    for (broken, what) in [
        (changed, "was changed after it was written"),
        (missing, "line is missing"),
        (garbled, "not a review"),
    ] {
        fs::write(&path, &broken).expect("write the log");
        let run = crate::harness::tool()
            .arg(dir.path())
            .arg("--no-open")
            .run();
        assert_eq!(run.status, 6, "{}", run.stderr);
        assert!(
            run.stderr.contains(what) && run.stderr.contains("reviews.ndjson:"),
            "{}",
            run.stderr
        );
        assert_eq!(
            fs::read_to_string(&path).expect("read the log"),
            broken,
            "nothing is touched"
        );
    }
}

/// A disk that is full, as a small memory file system; it takes root to make one.
#[test]
fn a_full_disk_is_told_and_harms_nothing() {
    let dir = wo_testkit::tempdir().expect("make a folder");
    let mount = ["-t", "tmpfs", "-o", "size=300k", "wo-review-test"];
    let mounted = std::process::Command::new("mount")
        .args(mount)
        .arg(dir.path())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        wo_testkit::skip::not_available("the right to mount a file system");
        return;
    }
    let _unmount = Unmount(dir.path().to_owned());
    crate::harness::fill(dir.path(), 1, 3);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    let mut filler = fs::File::create(dir.path().join("filler")).expect("make a file");
    while filler.write_all(&[1; 512]).is_ok() {}
    let note = "x".repeat(3000);
    let mut n_saved = 1;
    let mut refused = None;
    for i in 0..20 {
        let body = json!({"request": format!("f{i}"), "frames": [1], "change": {"note": note}});
        let answer = anna.post("/api/decide", &body).expect("an answer");
        match answer.status {
            200 => n_saved += 1,
            status => {
                refused = Some((status, answer.text()));
                break;
            }
        }
    }
    let (status, text) = refused.expect("the disk is full");
    assert_eq!(status, 500, "{text}");
    assert!(text.contains("write"), "{text}");
    drop(filler);
    fs::remove_file(dir.path().join("filler")).expect("make room");
    anna.decide("r2", &[2], json!({"label": "unclear"}));
    drop(server);
    assert_eq!(log(dir.path()).len(), n_saved + 1);
    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.enter(0).frame(2)["label"], "unclear");
}

/// Takes a file system away again.
#[derive(Debug)]
pub(crate) struct Unmount(pub(crate) std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[test]
fn each_line_is_synced_before_it_is_acknowledged() {
    let dir = folder(1, 2);
    let trace = dir.path().join("trace");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let pid = server.pid().to_string();
    let strace = std::process::Command::new("strace")
        .args([
            "-f",
            "-e",
            "trace=write,writev,sendto,fdatasync",
            "-p",
            &pid,
            "-o",
        ])
        .arg(&trace)
        .stderr(std::process::Stdio::null())
        .spawn();
    let Ok(mut strace) = strace else {
        wo_testkit::skip::not_installed("strace");
        return;
    };
    thread::sleep(Duration::from_secs(1));
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    thread::sleep(Duration::from_millis(200));
    let _ = std::process::Command::new("kill")
        .args(["-INT", &strace.id().to_string()])
        .status();
    let _ = strace.wait();
    let calls = fs::read_to_string(&trace).unwrap_or_default();
    let at = |what: &str| calls.find(what);
    if let (Some(written), Some(synced), Some(answered)) = (
        at(r#"\"type\":\"review\""#),
        at("fdatasync("),
        at("HTTP/1.1 200"),
    ) {
        assert!(written < synced && synced < answered, "{calls}");
    } else {
        wo_testkit::skip::not_available("the right to watch processes with strace");
    }
}
