//! How long a worker had the chance to get on and did not.

use std::collections::HashMap;
use std::time::Duration;

/// The time that counts against a worker that says nothing. On a busy machine it waits for a processor, which is not its
/// fault; where the whole run is stopped, by a terminal or because the machine sleeps, nobody got on.
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
    /// By thread: how long it had waited for a processor when the silence began, in nanoseconds.
    waited_ns: HashMap<String, u64>,
}

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
            waited_ns: waited_ns(pid),
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
        let waits = waited_ns(self.pid).into_iter().map(|(thread, now_ns)| {
            let before_ns = silence.waited_ns.get(&thread).copied().unwrap_or(0);
            now_ns.saturating_sub(before_ns)
        });
        let waited = Duration::from_nanos(waits.max().unwrap_or(0));
        silence.watched.saturating_sub(waited) >= limit
    }
}

/// By thread of the process `pid`: for how long it was ready to run and did not, in nanoseconds. Empty on kernels that do
/// not count it.
fn waited_ns(pid: u32) -> HashMap<String, u64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        // Time on a processor, time waiting for one, number of turns.
        let counts = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let waited_ns = counts.split_whitespace().nth(1)?.parse().ok()?;
        Some((thread.file_name().into_string().ok()?, waited_ns))
    });
    waited.collect()
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
    fn the_kernel_counts_what_threads_wait() {
        let counts = waited_ns(std::process::id());
        let is_counted = std::path::Path::new("/proc/self/schedstat").exists();
        assert_eq!(is_counted, !counts.is_empty());
    }
}
