//! The process between the tool and a worker that has process ids of its own. Only children get into a namespace of
//! process ids, so the one that the tool started forks, waits for the worker, and ends as that did.
//!
//! The first process of such a namespace cannot be ended by its own signals, and with it all others in it end. So the
//! worker is the second; the first waits until the keeper is gone, and does nothing else.

use std::io::{self, PipeReader, Read};

use anyhow::Context;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus, set_parent_process_death_signal,
    setrlimit, waitpid,
};

use crate::worker::limits;

/// The exit code of a process that failed in a way that cannot be told.
const UNKNOWN: i32 = 70;

/// Forks, and returns in the worker only. This process must have one thread.
pub(super) fn split() -> anyhow::Result<()> {
    // Nothing is written: it is closed when the keeper is gone.
    let (gone, held) = io::pipe().context("make a pipe")?;
    if fork()?.is_none() {
        drop(held);
        wait_for_end(gone);
    }
    let Some(worker) = fork()? else {
        drop((gone, held));
        // Where the keeper is gone already, the first process ends this one.
        return Ok(set_parent_process_death_signal(Some(Signal::KILL))?);
    };
    drop(gone);
    end_as(wait_for(worker))
}

/// What the first process does.
fn wait_for_end(mut gone: PipeReader) -> ! {
    // Without it, it still sees that the pipe is closed.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let _ = gone.read(&mut [0]);
    leave(0)
}

fn wait_for(worker: Pid) -> Option<WaitStatus> {
    loop {
        match waitpid(Some(worker), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
            Ok(ended) => return ended.map(|(_, status)| status),
        }
    }
}

/// Ends this process in the way that a worker ended, so that the tool sees it.
fn end_as(status: Option<WaitStatus>) -> ! {
    let Some(status) = status else {
        leave(UNKNOWN);
    };
    if let Some(signal) = status.terminating_signal() {
        // The worker left no core either.
        let none = Some(0);
        let _ = setrlimit(
            Resource::Core,
            Rlimit {
                current: none,
                maximum: none,
            },
        );
        raise(signal);
    }
    leave(status.exit_status().unwrap_or(UNKNOWN))
}

#[expect(unsafe_code, reason = "Rust's library starts programs, not copies")]
fn fork() -> anyhow::Result<Option<Pid>> {
    // SAFETY: this process has one thread, so no lock is held in the copy that nobody gives back.
    match unsafe { libc::fork() } {
        ..0 => Err(io::Error::last_os_error())
            .with_context(|| format!("start a process{}", limits::of_processes())),
        pid => Ok(Pid::from_raw(pid)),
    }
}

#[expect(unsafe_code, reason = "Rust's library leaves signals alone")]
fn raise(signal: i32) {
    // SAFETY: no handler of a signal of ours is needed any more.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Ends this process without what a library wants to do at the end: that is the worker's affair.
#[expect(unsafe_code, reason = "Rust's library runs the handlers")]
fn leave(code: i32) -> ! {
    // SAFETY: nothing of this process is used after it.
    unsafe { libc::_exit(code) }
}
