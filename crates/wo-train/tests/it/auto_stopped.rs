//! `--init auto` where a run is killed or stopped: a download goes on, and so does a training, from the same base model.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use wo_testkit::hub::Hostility;
use wo_testkit::stream;

use crate::auto::{QUICK, World, base, took_the_real_one};
use crate::looks::{drawn, photographed};

impl World {
    /// The arguments and the environment of [`Self::train`], for a process that is killed.
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wo-train"));
        command
            .args(QUICK)
            .env("HF_ENDPOINT", self.hub.address())
            .env("HF_HUB_CACHE", self.at("cache"))
            .env("HF_HUB_OFFLINE", "0")
            .env_remove("WO_INIT")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The bytes that have come of a file that is being fetched.
    fn n_fetched(&self) -> u64 {
        let blobs = self.at("cache/models--openai--clip-vit-base-patch32/blobs");
        let entries = fs::read_dir(blobs).into_iter().flatten().flatten();
        let parts = entries.filter(|it| it.file_name().to_string_lossy().ends_with(".incomplete"));
        parts.map(|it| it.metadata().map_or(0, |it| it.len())).sum()
    }
}

#[test]
fn a_download_that_is_killed_goes_on_where_it_was() {
    let world = World::new();
    let n_first = 40_000;
    world.hub.cut_at(Some(n_first));
    world.hub.pause(Duration::from_mins(1));
    let mut child = world.command().spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(stream(&photographed(16)).as_bytes())
        .expect("read");
    drop(stdin);
    let since = Instant::now();
    while world.n_fetched() < n_first as u64 {
        assert!(
            since.elapsed() < Duration::from_mins(2),
            "nothing was fetched"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("it ends");
    world.hub.cut_at(None);
    world.hub.pause(Duration::ZERO);
    world.hub.requests();
    took_the_real_one(&world, &world.train(&photographed(16), &[]));
    let asked = world.hub.requests();
    let weights = asked.iter().filter(|it| it.line.starts_with("cdn GET"));
    let ranges: Vec<Option<&str>> = weights.map(|it| it.range.as_deref()).collect();
    assert_eq!(ranges, [Some(&*format!("bytes={n_first}-"))]);
}

/// Starts a run, waits until `is_waiting`, sends one signal, and gives what it left.
fn interrupted(
    mut command: Command,
    input: &str,
    is_waiting: impl Fn() -> bool,
) -> (Output, Duration) {
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("read");
    // An input that is complete is closed; one that is not stays open and silent.
    let open = (!input.ends_with("}\n") || !input.contains("\"end\"")).then_some(stdin);
    let since = Instant::now();
    while !is_waiting() {
        assert!(since.elapsed() < Duration::from_mins(2), "it does not wait");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    let pid = child.id().to_string();
    Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .expect("kill is there");
    let mut stderr = Vec::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_end(&mut stderr)
        .expect("read");
    let status = child.wait().expect("it ends");
    drop(open);
    let stdout = Vec::new();
    (
        Output {
            status,
            stdout,
            stderr,
        },
        asked.elapsed(),
    )
}

fn ended_at_once(world: &World, (done, after): (Output, Duration)) {
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(75), "{stderr}");
    assert!(after < Duration::from_secs(10), "{after:?}");
    assert!(
        stderr.contains("stopped before anything was trained"),
        "{stderr}"
    );
    assert!(!world.at("m").exists() && !world.at("m.training").exists());
}

#[test]
fn one_ctrl_c_ends_a_run_that_waits_for_a_silent_hub_and_keeps_what_came() {
    let world = World::new();
    world.hub.cut_at(Some(30_000));
    world.hub.pause(Duration::from_mins(1));
    let input = stream(&photographed(16));
    let done = interrupted(world.command(), &input, || world.n_fetched() >= 30_000);
    ended_at_once(&world, done);
    assert_eq!(world.n_fetched(), 30_000);
    // A Hub that only says that it will answer.
    world.hub.be(Hostility {
        continues: true,
        ..Hostility::default()
    });
    let before = world.hub.n_connections();
    let done = interrupted(world.command(), &input, || {
        world.hub.n_connections() > before
    });
    ended_at_once(&world, done);
}

#[test]
fn one_ctrl_c_ends_a_run_that_waits_for_input() {
    let world = World::new();
    let some = stream(&drawn(1));
    let some = &some[..some.find("\"end\"").expect("an end") - 20];
    let since = Instant::now();
    let is_reading = || since.elapsed() > Duration::from_secs(3);
    ended_at_once(&world, interrupted(world.command(), some, is_reading));
    let fifo = world.at("fifo");
    let made = Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .expect("mkfifo is there");
    assert!(made.success());
    // Nobody opens the other end; then somebody does, and says nothing.
    for is_open in [false, true] {
        let since = Instant::now();
        let is_reading = || since.elapsed() > Duration::from_secs(3);
        let mut command = world.command();
        command.arg(&fifo);
        let path = fifo.clone();
        let writer =
            is_open.then(|| std::thread::spawn(move || File::options().write(true).open(path)));
        ended_at_once(&world, interrupted(command, "", is_reading));
        if let Some(writer) = writer {
            writer.join().expect("no panic").expect("opened");
        }
    }
}

/// Whether a run of many steps has left a snapshot.
fn has_snapshot(world: &World) -> bool {
    let steps = fs::read_dir(world.at("m.training/seed-0"))
        .into_iter()
        .flatten()
        .flatten();
    let is_whole = |name: &str| name.starts_with("step-") && !name.contains(".part");
    steps
        .into_iter()
        .any(|it| is_whole(&it.file_name().to_string_lossy()))
}

#[test]
fn a_run_that_goes_on_keeps_the_base_model_that_it_began_with() {
    let world = World::new();
    let long = [
        "--method",
        "full",
        "--epochs",
        "40",
        "--snapshot-every",
        "0",
        "--batch-size",
        "4",
        "--frames",
        "2",
    ];
    let input = stream(&photographed(16));
    let mut command = world.command();
    command.args(long).arg("--offline");
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("read");
    drop(stdin);
    let since = Instant::now();
    while !has_snapshot(&world) {
        assert!(since.elapsed() < Duration::from_mins(2), "no snapshot");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("it ends");
    // Now the real one can be had, but this run goes on.
    let run = world.tool().args(long).stdin(input.as_str()).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("the interrupted run began from tiny"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("resuming at step"), "{}", run.stderr);
    assert_eq!(base(&run)["caution"], "drawn_base");
    assert_eq!(world.hub.n_connections(), 0);
    // The next one begins anew.
    took_the_real_one(&world, &world.train(&photographed(16), &[]));
}
