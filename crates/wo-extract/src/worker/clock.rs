//! Measures how long a worker was able to make progress and did not.

use std::collections::HashMap;
use std::time::Duration;

/// The silence that counts against a worker. Time spent waiting for a busy processor does not count, and neither does time
/// in which the whole run is stopped, by a terminal or because the machine sleeps.
#[derive(Debug)]
pub(super) struct SilenceClock {
    pid: u32,
    /// How long a silence may last between two looks. More of it nobody watched.
    longest_look: Duration,
    silence: Option<Silence>,
}

#[derive(Debug)]
struct Silence {
    watched: Duration,
    /// By thread: what it had run and waited when the silence began.
    before: HashMap<String, Turns>,
}

/// How long a thread has been on a processor, and how long it has waited for one, in nanoseconds.
#[derive(Debug, Default, Clone, Copy)]
struct Turns {
    ran_ns: u64,
    waited_ns: u64,
}

/// What a worker did in a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It worked.
    Work,
    /// It did nothing.
    Nothing,
    /// The kernel does not count it, so it may have waited for a processor.
    Unknown,
}

/// A worker that was on a processor, or waited for one, for less than this part of a silence did nothing: it only looked at
/// its own clock.
const WORK: f64 = 0.1;

impl SilenceClock {
    /// Of the process `pid`.
    pub(super) fn new(pid: u32, longest_look: Duration) -> Self {
        Self {
            pid,
            longest_look,
            silence: None,
        }
    }

    /// The worker said something.
    pub(super) fn restart(&mut self) {
        self.silence = None;
    }

    /// It was looked for a word of the worker for so long, and there was none.
    pub(super) fn watched(&mut self, look: Duration) {
        let look = look.min(self.longest_look);
        let pid = self.pid;
        let silence = self.silence.get_or_insert_with(|| Silence {
            watched: Duration::ZERO,
            before: turns(pid),
        });
        silence.watched += look;
    }

    /// Whether the silence has lasted for `limit`, without the time in which the thread that waited longest for a
    /// processor waited for one.
    pub(super) fn has_lasted(&self, limit: Duration) -> bool {
        let Some(silence) = &self.silence else {
            return false;
        };
        // Asking costs more than the clock does.
        if silence.watched < limit {
            return false;
        }
        let waits = silence.since(self.pid).map(|turns| turns.waited_ns);
        let waited = Duration::from_nanos(waits.max().unwrap_or(0));
        silence.watched.saturating_sub(waited) >= limit
    }

    /// What the worker did in it.
    pub(super) fn doing(&self) -> Doing {
        let Some(silence) = &self.silence else {
            return Doing::Work;
        };
        let since: Vec<Turns> = silence.since(self.pid).collect();
        let Some(waited_ns) = since.iter().map(|turns| turns.waited_ns).max() else {
            return Doing::Unknown;
        };
        // Who waits for a processor has work to do.
        let ran_ns: u64 = since.iter().map(|turns| turns.ran_ns).sum();
        if Duration::from_nanos(ran_ns + waited_ns) < silence.watched.mul_f64(WORK) {
            Doing::Nothing
        } else {
            Doing::Work
        }
    }
}

impl Silence {
    /// What each thread of the process `pid` ran and waited in it.
    fn since(&self, pid: u32) -> impl Iterator<Item = Turns> {
        turns(pid).into_iter().map(|(thread, now)| {
            let before = self.before.get(&thread).copied().unwrap_or_default();
            Turns {
                ran_ns: now.ran_ns.saturating_sub(before.ran_ns),
                waited_ns: now.waited_ns.saturating_sub(before.waited_ns),
            }
        })
    }
}

/// By thread of the process `pid`: for how long it ran, and for how long it was ready to run and did not. Empty on kernels
/// that do not count it.
fn turns(pid: u32) -> HashMap<String, Turns> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let turns = threads.filter_map(|thread| {
        // Time on a processor, time waiting for one, number of turns.
        let counts = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let mut counts = counts.split_whitespace();
        let mut number = || counts.next()?.parse().ok();
        let turns = Turns {
            ran_ns: number()?,
            waited_ns: number()?,
        };
        Some((thread.file_name().into_string().ok()?, turns))
    });
    turns.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_counts_while_it_is_watched() {
        let mut clock = SilenceClock::new(0, SECOND);
        assert!(!clock.has_lasted(SECOND));
        clock.watched(SECOND / 2);
        assert!(!clock.has_lasted(SECOND));
        // A minute in which this process was stopped, too.
        clock.watched(Duration::from_mins(1));
        assert!(clock.has_lasted(SECOND) && !clock.has_lasted(2 * SECOND));
        clock.restart();
        assert!(!clock.has_lasted(SECOND));
    }

    #[test]
    fn one_that_works_and_one_that_sleeps_are_told_apart() {
        let mut clock = SilenceClock::new(std::process::id(), SECOND);
        clock.watched(SECOND);
        if clock.doing() == Doing::Unknown {
            return;
        }
        assert_eq!(clock.doing(), Doing::Nothing);
        let since = std::time::Instant::now();
        while clock.doing() == Doing::Nothing && since.elapsed() < 60 * SECOND {
            std::hint::black_box((0..1_000_000).sum::<u64>());
        }
        assert_eq!(clock.doing(), Doing::Work);
        // A process that is not there counts nothing.
        let mut gone = SilenceClock::new(0, SECOND);
        gone.watched(SECOND);
        assert_eq!(gone.doing(), Doing::Unknown);
    }

    #[test]
    fn the_kernel_counts_what_threads_wait() {
        let counts = turns(std::process::id());
        let is_counted = std::path::Path::new("/proc/self/schedstat").exists();
        assert_eq!(is_counted, !counts.is_empty());
    }
}
