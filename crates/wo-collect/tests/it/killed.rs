//! Runs that are killed at random moments, and asked to stop.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wo_testkit::mutation::Random;

use crate::server::{Route, Server};
use crate::workspace::{Workspace, outcomes, video, yt_dlp};

/// Kills in the everyday run, and with `WO_FULL=1`.
const N_KILLS: usize = 10;
const N_KILLS_FULL: usize = 100;

fn start(workspace: &Workspace, yt_dlp: &std::path::Path) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_wo-collect"))
        .current_dir(workspace.path(""))
        .env("WO_YT_DLP", yt_dlp)
        .env("NO_PROXY", "*")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What lies under the folder of videos, with the bytes, and what the ledger says, without times.
fn state(workspace: &Workspace) -> (Vec<(String, Vec<u8>)>, String, Vec<String>) {
    let root = workspace.path("data/training_data");
    let videos = workspace.videos().into_iter();
    let videos = videos.map(|it| (it.clone(), std::fs::read(root.join(it)).unwrap()));
    let ledger = workspace.ledger().into_iter().map(|mut entry| {
        entry["at"] = "".into();
        entry.to_string()
    });
    let groups = workspace.text("data/training_data/groups.csv");
    (videos.collect(), groups, ledger.collect())
}

#[test]
fn a_run_that_is_killed_is_finished_by_the_next() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let server = Server::start();
    let slow = Duration::from_millis(40);
    let urls: Vec<String> = (0..3)
        .map(|n| server.route(&format!("/{n}.mp4"), Route::Slow(video(n), slow)))
        .collect();
    let rows: Vec<(&str, &str)> = urls
        .iter()
        .map(|url| (url.as_str(), "squat,good,,anna"))
        .collect();
    let new = || {
        let workspace = Workspace::with(yt_dlp.clone());
        std::fs::write(workspace.path("data/local.mp4"), video(9)).unwrap();
        let rows: Vec<(&str, &str)> = [("local.mp4", "squat,bad")]
            .into_iter()
            .chain(rows.clone())
            .collect();
        workspace.sources(&rows);
        workspace
    };
    let undisturbed = new();
    let since = Instant::now();
    assert_eq!(undisturbed.run(&[]).status, 0);
    let whole = since.elapsed().as_millis() as usize;
    let expected = state(&undisturbed);
    assert_eq!(expected.0.len(), 4);

    let is_full = std::env::var_os("WO_FULL").is_some();
    let n_kills = if is_full { N_KILLS_FULL } else { N_KILLS };
    let mut random = Random::new(5);
    let mut workspace = new();
    for _ in 0..n_kills {
        let mut child = start(&workspace, &yt_dlp);
        thread::sleep(Duration::from_millis(random.below(whole + whole / 4) as u64));
        child.kill().unwrap();
        let is_through = child.wait().unwrap().success();
        // At no moment is there anything under the folder that is not whole.
        for (path, bytes) in state_of_videos(&workspace) {
            assert!(expected.0.contains(&(path.clone(), bytes)), "{path}");
        }
        if is_through {
            assert_eq!(state(&workspace), expected);
            workspace = new();
        }
    }
    let run = workspace.run(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(state(&workspace), expected);
    assert!(
        outcomes(&run)
            .iter()
            .all(|(_, it)| it == "fetched" || it == "known")
    );
    assert!(!workspace.path("data/.collect").exists());
}

fn state_of_videos(workspace: &Workspace) -> Vec<(String, Vec<u8>)> {
    let root = workspace.path("data/training_data");
    let videos = workspace.videos().into_iter();
    videos
        .map(|it| (it.clone(), std::fs::read(root.join(it)).unwrap()))
        .collect()
}

#[test]
fn the_program_ends_with_the_run_that_started_it() {
    let Some(yt_dlp) = yt_dlp() else { return };
    let (workspace, server) = (Workspace::with(yt_dlp.clone()), Server::start());
    let url = server.route("/slow.mp4", Route::Slow(video(1), Duration::from_secs(5)));
    workspace.sources(&[(&url, "squat,good")]);
    for signal in ["KILL", "TERM"] {
        let mut child = start(&workspace, &yt_dlp);
        // The description is one request, the download another.
        let since = Instant::now();
        let mut n_asked = 0;
        while n_asked < 2 && since.elapsed() < Duration::from_secs(60) {
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
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let mut folders =
                processes.filter_map(|it| std::fs::read_link(it.path().join("cwd")).ok());
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
