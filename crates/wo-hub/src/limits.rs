//! How slow, how large and how late a Hub may be before it is given up.

use std::time::Duration;

/// Limits of a download. The defaults suit all lines of the last thirty years; tests take smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The timeout of a silent connection.
    pub silence: Duration,
    /// The timeout of an answer that is no file: a list of files, or a head. All of it must be there by then.
    pub answer: Duration,
    /// The time without a byte of a file after which nothing is asked again: a Hub that is silent, or that only says that it
    /// will answer, is given up after one retry.
    pub patience: Duration,
    /// Bytes a second that must come in each [`window`](Self::window) of a file.
    pub floor: u64,
    /// The time over which the speed is averaged.
    pub window: Duration,
    /// The time before the speed of a connection counts: servers wake up, and lines get going.
    pub grace: Duration,
    /// Bytes a second that a file must come with from its start to its end, pauses and retries included.
    pub average: u64,
    /// The shortest deadline of a file, however small it is.
    pub least_deadline: Duration,
    /// Bytes that stay free on the disk of the cache.
    pub margin: u64,
    /// The largest file that holds no weights, in bytes.
    pub max_text: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_mins(1),
            answer: Duration::from_mins(5),
            patience: Duration::from_secs(90),
            // A line of 56 kB/s has fifty times as much, and a modem of 56 kbit/s seven times.
            floor: 1024,
            window: Duration::from_secs(30),
            grace: Duration::from_secs(30),
            // The 600 MB of a ViT-B/32 may take 41 hours, and take 3 with 56 kB/s.
            average: 4 * 1024,
            least_deadline: Duration::from_mins(30),
            margin: 64 << 20,
            // As much as is read of a text; the largest known tokenizer has 4 MB.
            max_text: 64 << 20,
        }
    }
}

impl Limits {
    /// The time that a file of this size may take.
    pub(crate) fn time_for(&self, size: u64) -> Duration {
        Duration::from_secs(size / self.average.max(1)).max(self.least_deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_has_time_and_nothing_has_for_ever() {
        let limits = Limits::default();
        let (size, speed) = (600_000_000, 56_000);
        let needed = Duration::from_secs(size / speed);
        assert!(limits.time_for(size) > 10 * needed);
        assert!(limits.time_for(size) < Duration::from_hours(48));
        assert_eq!(limits.time_for(1), limits.least_deadline);
        // The largest size makes no overflow.
        limits.time_for(u64::MAX);
    }
}
