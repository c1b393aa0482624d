//! Runs that are killed at random moments, and asked to stop.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wo_testkit::mutation::Random;

use crate::server::{Route, Server};
use crate::workspace::{Workspace, outcomes, video, yt_dlp};

/// Kills of runs that copy files, in the everyday run and with `WO_FULL=1`.
const N_KILLS: [usize; 2] = [40, 400];
/// Kills of runs that fetch, each of which takes seconds.
const N_KILLS_OF_FETCHES: [usize; 2] = [5, 60];

fn start(workspace: &Workspace, yt_dlp: Option<&Path>) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wo-collect"))
        .current_dir(workspace.path(""))
        .envs(yt_dlp.map(|yt_dlp| ("WO_YT_DLP", yt_dlp)))
        .env("NO_PROXY", "*")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Paths and bytes.
type Files = Vec<(String, Vec<u8>)>;

/// What lies under the folder of videos, with the bytes, and what the ledger says, without times.
fn state(workspace: &Workspace) -> (Files, String, Vec<String>) {
    let ledger = workspace.ledger().into_iter().map(|mut entry| {
        entry["at"] = "".into();
        entry.to_string()
    });
    let groups = workspace.text("data/training_data/groups.csv");
    (state_of_videos(workspace), groups, ledger.collect())
}

/// Kills runs in folders that `new` makes, and has the next run finish them.
fn kill_at_random(new: impl Fn() -> Workspace, yt_dlp: Option<&Path>, n_kills: [usize; 2]) {
    let undisturbed = new();
    let since = Instant::now();
    let run = undisturbed.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let whole = since.elapsed().as_micros() as usize;
    let expected = state(&undisturbed);
    let is_full = std::env::var_os("WO_FULL").is_some();
    let mut random = Random::new(5);
    let (mut workspace, mut n_killed) = (new(), 0);
    for _ in 0..n_kills[usize::from(is_full)] {
        let mut child = start(&workspace, yt_dlp);
        let until = Instant::now() + Duration::from_micros(random.below(whole) as u64);
        while Instant::now() < until && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(500));
        }
        child.kill().unwrap();
        let is_through = child.wait().unwrap().success();
        // At no moment is there anything under the folder that is not whole.
        for video in state_of_videos(&workspace) {
            assert!(expected.0.contains(&video), "{}", video.0);
        }
        if is_through {
            assert_eq!(state(&workspace), expected);
            workspace = new();
        } else {
            n_killed += 1;
        }
    }
    assert!(n_killed > 0, "{n_killed} of {n_kills:?}");
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(state(&workspace), expected);
    let is_good = |outcome: &str| ["fetched", "known"].contains(&outcome);
    assert!(outcomes(&run).iter().all(|(_, outcome)| is_good(outcome)));
    assert!(!workspace.path("data/.collect").exists());
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    let names: Vec<String> = (0..12).map(|n| format!("{n}.mp4")).collect();
    let new = || {
        let workspace = Workspace::new();
        for (n, name) in (0..).zip(&names) {
            fs::write(workspace.path("data").join(name), video(n)).unwrap();
        }
        let rows: Vec<(&str, &str)> = names
            .iter()
            .map(|it| (it.as_str(), "squat,good,,anna"))
            .collect();
        workspace.sources(&rows);
        workspace
    };
    kill_at_random(new, None, N_KILLS);
}

#[test]
fn a_fetch_that_is_killed_is_finished_by_the_next() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let server = Server::start();
    let slow = Duration::from_millis(40);
    let urls = [0, 1].map(|n| server.route(&format!("/{n}.mp4"), Route::Slow(video(n), slow)));
    let new = || {
        let workspace = Workspace::with(yt_dlp.clone());
        let rows: Vec<(&str, &str)> = urls
            .iter()
            .map(|it| (it.as_str(), "squat,good,,anna"))
            .collect();
        workspace.sources(&rows);
        workspace
    };
    kill_at_random(new, Some(&yt_dlp), N_KILLS_OF_FETCHES);
}

fn state_of_videos(workspace: &Workspace) -> Files {
    let root = workspace.path("data/training_data");
    let videos = workspace.videos().into_iter();
    videos
        .map(|it| (it.clone(), fs::read(root.join(it)).unwrap()))
        .collect()
}

#[test]
fn the_program_ends_with_the_run_that_started_it() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp.clone()), Server::start());
    let url = server.route("/slow.mp4", Route::Slow(video(1), Duration::from_secs(5)));
    workspace.sources(&[(&url, "squat,good")]);
    for signal in ["KILL", "TERM"] {
        let mut child = start(&workspace, Some(&yt_dlp));
        // The description is one request, the download another.
        let since = Instant::now();
        let mut n_asked = 0;
        while n_asked < 2 && since.elapsed() < Duration::from_mins(1) {
            n_asked += server.n_asked("/slow.mp4");
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(n_asked, 2);
        let killed = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        let status = child.wait().unwrap().code();
        assert_eq!(status, if signal == "TERM" { Some(75) } else { None });
        let folder = workspace.path("data/.collect");
        let is_running = || {
            let processes = fs::read_dir("/proc").unwrap().flatten();
            let mut folders = processes.filter_map(|it| fs::read_link(it.path().join("cwd")).ok());
            folders.any(|cwd| {
                cwd.to_string_lossy()
                    .starts_with(&*folder.to_string_lossy())
            })
        };
        let since = Instant::now();
        while is_running() && since.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(20));
        }
        assert!(!is_running(), "after {signal}");
        assert!(workspace.videos().is_empty());
    }
    server.route("/slow.mp4", Route::Video(video(1)));
    assert_eq!(workspace.run(&[]).status, 0);
    assert_eq!(workspace.videos().len(), 1);
}
