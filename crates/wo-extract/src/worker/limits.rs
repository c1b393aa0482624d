//! The limits that a shell, a service or a container sets (`ulimit`), and those that a worker gets.
//!
//! A worker gets the smaller of what is set and what it may use at most. What is set too low for any work is named before
//! the work starts; what may have ended a worker is named with its end.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Mutex;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wo_cli::Exit;

/// A limit, in units of what `ulimit` shows.
struct Limit {
    resource: Resource,
    /// The flag of `ulimit`.
    flag: &'static str,
    /// What it is a limit of, after a number.
    what: &'static str,
    /// How many of the kernel's units are one of `ulimit`.
    unit: u64,
    /// What a worker works with. Where it has less, the limit may be why it fails.
    wanted: u64,
    /// With less no video is decoded.
    needed: u64,
}

const KIB: u64 = 1 << 10;
const MIB_OF_KIB: u64 = 1 << 10;
/// The stack that systems give; each thread of a decoder gets as much.
const STACK: u64 = 8 * MIB_OF_KIB;

/// Address space: twice what decoding 4K takes is the most.
const MEMORY: Limit = Limit {
    resource: Resource::As,
    flag: "-v",
    what: "KiB of memory",
    unit: KIB,
    wanted: 4096 * MIB_OF_KIB,
    needed: 768 * MIB_OF_KIB,
};
const DATA: Limit = Limit {
    resource: Resource::Data,
    flag: "-d",
    needed: 384 * MIB_OF_KIB,
    ..MEMORY
};
const FILES: Limit = Limit {
    resource: Resource::Nofile,
    flag: "-n",
    what: "open files",
    unit: 1,
    wanted: 64,
    needed: 40,
};
const STACKS: Limit = Limit {
    resource: Resource::Stack,
    flag: "-s",
    what: "KiB of stack",
    unit: KIB,
    wanted: STACK,
    needed: 512,
};
/// Root's have no limit, and those of the user's other programs count too.
const PROCESSES: Limit = Limit {
    resource: Resource::Nproc,
    flag: "-u",
    what: "processes and threads",
    unit: 1,
    wanted: 1024,
    needed: 0,
};
const PROCESSOR_TIME: Limit = Limit {
    resource: Resource::Cpu,
    flag: "-t",
    what: "seconds of processor time",
    unit: 1,
    wanted: u64::MAX,
    needed: 0,
};

/// So many files the tool has open beside those of each worker, and for each worker.
const FILES_OF_TOOL: (u64, u64) = (24, 3);

/// A worker has so many threads and processes at once: what keeps it, its own thread, those that read, take apart and decode,
/// and those of GLib.
const THREADS_OF_WORKER: usize = 8;
/// The stack of a thread that only waits.
const SMALL_STACK: usize = 64 << 10;

/// Makes ready to start workers, and says where a limit is too small: before any work, since what comes of it later is
/// not easily understood.
pub(super) fn prepare(n_workers: usize) -> anyhow::Result<()> {
    // A thread's stack is as large as this limit where there is one, and all count as memory.
    let stack = getrlimit(Resource::Stack);
    if let Some(most) = stack.current {
        let bytes = (STACK * KIB).min(stack.maximum.unwrap_or(u64::MAX));
        if most != bytes {
            // Where it is refused, it stays as it is.
            let _ = setrlimit(
                Resource::Stack,
                Rlimit {
                    current: Some(bytes),
                    ..stack
                },
            );
        }
    }
    let (own, each) = FILES_OF_TOOL;
    let files = Limit {
        needed: FILES.needed.max(own + each * n_workers as u64),
        ..FILES
    };
    for limit in [MEMORY, DATA, files, STACKS] {
        limit.check()?;
    }
    check_threads(n_workers)
}

/// Limits this process, which is to be a worker.
pub(super) fn restrict() -> rustix::io::Result<()> {
    for limit in [MEMORY, FILES] {
        limit.restrict(limit.wanted * limit.unit)?;
    }
    Limit {
        resource: Resource::Core,
        ..MEMORY
    }
    .restrict(0)
}

/// The limits that may be why a worker ended so, to be put behind what is said of it.
pub(super) fn blamed(status: ExitStatus) -> String {
    match status.signal() {
        None => String::new(),
        // The kernel kills what is over the limit that cannot be raised; without that it may have had no memory.
        Some(libc::SIGXCPU | libc::SIGKILL) => named(&[PROCESSOR_TIME]),
        Some(_) => of_work(),
    }
}

/// The limits that may be why a worker fails or hangs, to be put behind what is said of it.
pub(super) fn of_work() -> String {
    named(&[MEMORY, DATA, FILES, STACKS, PROCESSES])
}

/// The limit of processes, where there is a small one, to be put behind why none was started.
pub(super) fn of_processes() -> String {
    named(&[PROCESSES])
}

/// Those of `limits` that are smaller than wanted.
fn named(limits: &[Limit]) -> String {
    let small = limits.iter().filter_map(|limit| {
        let is = limit.value().filter(|value| *value < limit.wanted)?;
        Some(format!("ulimit {} is {is}", limit.flag))
    });
    let small: Vec<String> = small.collect();
    if small.is_empty() {
        return String::new();
    }
    format!(" ({})", small.join(", "))
}

impl Limit {
    /// What is set now, in units of `ulimit`.
    fn value(&self) -> Option<u64> {
        Some(getrlimit(self.resource).current? / self.unit)
    }

    fn check(&self) -> anyhow::Result<()> {
        let Self {
            flag, what, needed, ..
        } = self;
        match self.value() {
            Some(value) if value < *needed => wo_cli::bail!(
                Exit::Environment,
                "ulimit {flag} allows {value} {what}, and decoding needs {needed}";
                "run ulimit {flag} {} first; where that is refused, ask who set the limit for this user, service or container",
                self.wanted.max(*needed)
            ),
            _ => Ok(()),
        }
    }

    /// Sets the smaller of `most` and what is set now.
    fn restrict(&self, most: u64) -> rustix::io::Result<()> {
        let now = getrlimit(self.resource).current;
        let most = Some(now.map_or(most, |now| now.min(most)));
        setrlimit(
            self.resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        )
    }
}

/// Whether this user may start the threads of the tool and those of its workers.
fn check_threads(n_workers: usize) -> anyhow::Result<()> {
    match lacking_threads(n_workers + n_workers * THREADS_OF_WORKER) {
        Some(what) => wo_cli::bail!(
            Exit::Environment,
            "{what}";
            "end other programs, or raise the limit: ulimit {} {}", PROCESSES.flag, PROCESSES.wanted
        ),
        None => Ok(()),
    }
}

/// What is said where a worker can have no threads now, and the limit of this user is why. One without them dies or hangs,
/// whatever its file is.
pub(super) fn lacking_threads_of_worker() -> Option<String> {
    lacking_threads(THREADS_OF_WORKER)
}

/// What is said where this user may not have `n_threads` more at the same time.
fn lacking_threads(n_threads: usize) -> Option<String> {
    let value = PROCESSES.value().filter(|it| *it < PROCESSES.wanted)?;
    let gate = Mutex::new(());
    std::thread::scope(|scope| {
        let _closed = gate.lock();
        (0..n_threads).find_map(|_| {
            let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
            let error = thread.spawn_scoped(scope, || drop(gate.lock())).err()?;
            Some(format!(
                "no thread can be started: {error} (ulimit {} is {value}, for all programs of this user)",
                PROCESSES.flag
            ))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_too_low_is_named_with_the_command_that_raises_it() {
        let now = FILES.value().unwrap();
        let low = Limit {
            needed: now + 1,
            ..FILES
        };
        let message = wo_cli::message_of(&low.check().unwrap_err()).shown();
        for part in [
            format!("ulimit -n allows {now} open files"),
            format!("decoding needs {}", now + 1),
        ] {
            assert!(message.contains(&part), "{message}");
        }
        assert!(FILES.check().is_ok());
        let wanted = now + 1;
        let small = Limit { wanted, ..FILES };
        assert_eq!(named(&[small]), format!(" (ulimit -n is {now})"));
    }

    #[test]
    fn an_end_that_no_limit_explains_names_none() {
        assert_eq!(blamed(ExitStatus::from_raw(libc::SIGKILL)), "");
        assert_eq!(blamed(ExitStatus::from_raw(1 << 8)), "");
    }
}
