//! Whether a file comes fast enough. Who sends a byte a second is silent in no single second, and never done.

use std::time::{Duration, Instant};

use crate::Limits;

/// The deadline of a file: of all attempts at it together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    allowed: Duration,
}

impl Deadline {
    /// The deadline of a file of this size whose first attempt begins at `now`.
    pub(crate) fn of(size: u64, limits: &Limits, now: Instant) -> Self {
        let allowed = limits.time_for(size);
        // None is so late that no clock shows it.
        let at = now.checked_add(allowed);
        Self { at, allowed }
    }

    /// Why it is too late, if it is.
    pub(crate) fn check(&self, now: Instant) -> Result<(), String> {
        match self.at {
            Some(at) if now >= at => Err(format!("not complete after {}", words(self.allowed))),
            _ => Ok(()),
        }
    }
}

/// The speed of one connection.
#[derive(Debug)]
pub(crate) struct Pace<'a> {
    limits: &'a Limits,
    /// When the window began, and how many bytes came in it.
    window: (Instant, u64),
}

impl<'a> Pace<'a> {
    /// Of a connection whose answer begins at `now`.
    pub(crate) fn new(limits: &'a Limits, now: Instant) -> Self {
        Self {
            limits,
            window: (now + limits.grace, 0),
        }
    }

    /// Takes bytes that came. Says how slow it is where that is too slow.
    pub(crate) fn took(&mut self, n_bytes: u64, now: Instant) -> Result<(), String> {
        let (start, before) = self.window;
        let Some(elapsed) = now.checked_duration_since(start) else {
            // Within the grace.
            return Ok(());
        };
        let n_bytes = before + n_bytes;
        self.window = (start, n_bytes);
        if elapsed < self.limits.window {
            return Ok(());
        }
        self.window = (now, 0);
        let speed = n_bytes as f64 / elapsed.as_secs_f64();
        if speed < self.limits.floor as f64 {
            return Err(format!(
                "too slow ({speed:.0} bytes a second, and at least {} are needed)",
                self.limits.floor
            ));
        }
        Ok(())
    }
}

/// A time for people.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, _) => format!("{hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second in which a line is given up that brings so many bytes each second.
    fn given_up(bytes_a_second: u64, n_seconds: u64) -> Option<u64> {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut pace = Pace::new(&limits, start);
        let at = |second: u64| start + Duration::from_secs(second);
        (1..=n_seconds).find(|second| pace.took(bytes_a_second, at(*second)).is_err())
    }

    #[test]
    fn a_trickle_is_given_up_within_minutes_and_a_slow_line_never() {
        assert!(given_up(1, 600).is_some_and(|second| second <= 61));
        assert!(given_up(900, 600).is_some_and(|second| second <= 61));
        for slow in [2_000, 7_000, 56_000] {
            assert_eq!(given_up(slow, 100_000), None, "{slow}");
        }
    }

    #[test]
    fn a_pause_within_a_window_does_no_harm_and_a_fast_start_buys_no_rest() {
        let (limits, start) = (Limits::default(), Instant::now());
        let at = |second: u64| start + Duration::from_secs(second);
        let mut pace = Pace::new(&limits, start);
        pace.took(1 << 20, at(31)).expect("fast");
        pace.took(1, at(58)).expect("a pause");
        pace.took(1, at(61)).expect("fast on average");
        pace.took(1 << 30, at(62)).expect("very fast");
        pace.took(1, at(92)).expect("fast on average");
        assert!(pace.took(1, at(123)).is_err(), "nothing came any more");
    }

    #[test]
    fn the_deadline_is_that_of_the_size() {
        let (limits, start) = (Limits::default(), Instant::now());
        let small = Deadline::of(1, &limits, start);
        small.check(start + Duration::from_mins(29)).expect("early");
        let late = small.check(start + Duration::from_mins(31));
        assert_eq!(late, Err("not complete after 30 min".to_owned()));
        let large = Deadline::of(600_000_000, &limits, start);
        large
            .check(start + Duration::from_hours(40))
            .expect("early");
        assert!(large.check(start + Duration::from_hours(48)).is_err());
        let endless = Deadline::of(u64::MAX, &limits, start);
        endless
            .check(start + Duration::from_hours(48))
            .expect("early");
    }
}
