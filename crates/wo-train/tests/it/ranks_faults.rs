//! What ends one of several processes ends all, and the run goes on from its last snapshot.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use wo_testkit::{skip, tempdir};

use crate::colours;
use crate::ranks::{Processes, Run, Said, all, free_port};

/// The number of the newest snapshot; 0 without one.
fn newest_snapshot(output: &Path) -> u64 {
    let mut name = output.file_name().expect("a name").to_owned();
    name.push(".training");
    let steps = std::fs::read_dir(output.with_file_name(name).join("seed-0"));
    let steps = steps.into_iter().flatten().flatten();
    let names = steps.filter_map(|it| it.file_name().into_string().ok());
    let numbers = names.filter_map(|it| it.strip_prefix("step-")?.parse().ok());
    numbers.max().unwrap_or(0)
}

/// Waits until a run has written a snapshot behind step `step`. Gives its number.
fn wait_past(output: &Path, step: u64) -> u64 {
    let since = Instant::now();
    loop {
        let newest = newest_snapshot(output);
        if newest > step {
            return newest;
        }
        let waited = since.elapsed();
        assert!(
            waited < Duration::from_mins(5),
            "no snapshot behind step {step}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Long enough to be hit in the middle.
const LONG: [&str; 10] = [
    "--self-check",
    "off",
    "--epochs",
    "2000",
    "--snapshot-every",
    "0",
    "--patience",
    "0",
    "--wise",
    "off",
];

fn signal(name: &str, pid: u32) {
    let kill = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(kill.is_ok_and(|it| it.success()));
}

/// Starts the same run anew with so many processes, and stops it by a signal to one of them.
fn goes_on(run: &Run<'_>, world: usize) {
    let output = run.output("model");
    let before = newest_snapshot(&output);
    let children = if world == 1 {
        Processes(vec![run.command("model").spawn().expect("it starts")])
    } else {
        run.start_all("model", world)
    };
    wait_past(&output, before);
    let said = interrupted(children, world - 1);
    for said in &said {
        assert_eq!(said.status, Some(75), "{said:?}");
    }
    let first = &said[0].stderr;
    assert!(
        first.contains(&format!("resuming at step {before} of")),
        "{first}"
    );
    assert!(
        first.contains("by another number of processes or threads"),
        "{first}"
    );
    assert!(
        first.contains("the same command resumes from there"),
        "{first}"
    );
}

/// Ends a run by Ctrl-C at one of its processes.
fn interrupted(children: Processes, rank: usize) -> Vec<Said> {
    signal("-INT", children.0[rank].id());
    all(children)
}

#[test]
fn a_process_that_is_killed_ends_the_others_and_fewer_go_on_from_the_last_snapshot() {
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &LONG);
    let output = run.output("model");
    // The first process, which keeps the store, and another.
    for (killed, go_on) in [(1, 2), (0, 1)] {
        let before = newest_snapshot(&output);
        let mut children = run.start_all("model", 3);
        wait_past(&output, before);
        children.0[killed].kill().expect("killed");
        let since = Instant::now();
        let said = all(children);
        assert!(since.elapsed() < Duration::from_mins(1));
        let others = said.iter().enumerate().filter(|(rank, _)| *rank != killed);
        for (rank, said) in others {
            assert_eq!(said.status, Some(5), "{said:?}");
            let words = format!("wo-train: rank {rank}: another process is gone (");
            assert!(said.stderr.contains(&words), "{said:?}");
            assert!(
                said.stderr.contains("goes on from the last snapshot"),
                "{said:?}"
            );
        }
        goes_on(&run, go_on);
    }
}

#[test]
fn ctrl_c_at_one_process_ends_all_with_a_snapshot() {
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &LONG);
    let children = run.start_all("model", 2);
    wait_past(&run.output("model"), 0);
    let said = interrupted(children, 1);
    for (said, words) in said
        .iter()
        .zip(["rank 0: stopped at step", "rank 1: stopped at step"])
    {
        assert_eq!(said.status, Some(75), "{said:?}");
        assert!(said.stderr.contains(words), "{said:?}");
    }
    let place = format!(
        "stopped at step {} of",
        newest_snapshot(&run.output("model"))
    );
    assert!(said[1].stderr.contains(&place), "{place}: {said:?}");
}

#[test]
fn an_error_of_one_process_is_heard_by_the_others() {
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &["--epochs", "2"]);
    let port = free_port();
    let first = run.start("model", (0, 2), port);
    let empty = tempdir().expect("a folder");
    let other = Run::new(empty.path(), &[], &["--epochs", "2"]);
    let said = all(Processes(vec![first, other.start("model", (1, 2), port)]));
    let statuses = (said[0].status, said[1].status);
    assert_eq!(statuses, (Some(5), Some(6)), "{said:?}");
    let words = "rank 0: rank 1 ended first: ";
    assert!(said[0].stderr.contains(words), "{said:?}");
    assert!(said[1].stderr.contains("rank 1: "), "{said:?}");
}

/// torchrun of a virtual environment of ours, where there is one.
fn torchrun() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cache = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = cache("WO_CACHE")
        .or_else(|| Some(cache("XDG_CACHE_HOME")?.join("wo")))
        .or_else(|| Some(home?.join(".cache/wo")))?;
    let places = ["venv-parity", "venv-bench"].map(|it| cache.join(it).join("bin/torchrun"));
    places.into_iter().find(|it| it.exists())
}

#[test]
fn torchrun_starts_and_restarts_processes() {
    let Some(torchrun) = torchrun() else {
        return skip::not_available("torchrun, which scripts/parity installs,");
    };
    let folder = tempdir().expect("a folder");
    let run = Run::new(folder.path(), &colours(), &LONG);
    let output = run.output("model");
    let mut command = Command::new(torchrun);
    command.args(["--no-python", "--standalone", "--nproc-per-node", "2"]);
    command.args(["--max-restarts", "1", "--monitor-interval", "0.1"]);
    let agent = run.appended(command, "model").spawn().expect("it starts");
    let mut agents = Processes(vec![agent]);
    let agent = agents.0[0].id();
    let before = wait_past(&output, 1);
    // The second of the two processes that it has started.
    signal("-KILL", worker_of(agent, 1));
    wait_past(&output, before + 2);
    let ended = agents.0[0].try_wait().expect("asked");
    assert!(ended.is_none(), "it goes on");
    signal("-TERM", agent);
    let said = all(agents).remove(0);
    assert!(said.stderr.contains("resuming at step"), "{said:?}");
    assert!(
        said.stderr.contains("another process is gone ("),
        "{said:?}"
    );
}

/// The process that torchrun has started as this rank.
fn worker_of(agent: u32, rank: usize) -> u32 {
    let children = format!("/proc/{agent}/task/{agent}/children");
    let children = std::fs::read_to_string(children).expect("the agent is there");
    let wanted = format!("RANK={rank}");
    let is_it = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|&it| it == 0)
            .any(|it| it == wanted.as_bytes())
    };
    let pids = children.split_whitespace().filter_map(|it| it.parse().ok());
    let mut pids = pids.filter(is_it);
    pids.next().expect("a process of this rank")
}
