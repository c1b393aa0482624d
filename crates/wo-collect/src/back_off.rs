//! When a source that failed is tried again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// After the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_hours(1);
/// A week: later than this nobody notices that a source works again.
const LONGEST: Duration = Duration::from_hours(7 * 24);
/// What a host may ask for at most.
const LONGEST_ASKED: Duration = Duration::from_hours(30 * 24);

/// The time of the next try after so many failures in a row, and not before what the host asked for.
pub(crate) fn next_try(now: Timestamp, n_failures: u32, asked: Option<Duration>) -> Timestamp {
    let doublings = n_failures.saturating_sub(1).min(16);
    let wait = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let wait = wait.max(asked.unwrap_or_default().min(LONGEST_ASKED));
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
    now.checked_add(wait).unwrap_or(now)
}

/// Whether it is time. A clock that was set back does not make a source wait for longer than it could have been told to.
pub(crate) fn is_time(now: Timestamp, next_try: Timestamp) -> bool {
    let longest = SignedDuration::try_from(LONGEST_ASKED).unwrap_or(SignedDuration::MAX);
    next_try <= now || next_try.duration_since(now) > longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_week() {
        let now = Timestamp::UNIX_EPOCH;
        let hours = |n_failures| {
            let next = next_try(now, n_failures, None);
            next.duration_since(now).as_hours()
        };
        let waits: Vec<i64> = [0, 1, 2, 3, 8, 9, 1000].map(hours).into();
        assert_eq!(waits, [1, 1, 2, 4, 128, 168, 168]);
    }

    #[test]
    fn a_host_may_ask_for_longer_and_not_for_shorter() {
        let now = Timestamp::UNIX_EPOCH;
        let wait = |seconds| {
            let asked = Some(Duration::from_secs(seconds));
            next_try(now, 1, asked).duration_since(now).as_secs()
        };
        assert_eq!([wait(120), wait(7200)], [3600, 7200]);
        assert_eq!(wait(u64::MAX), 30 * 24 * 3600);
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_up_for_ever() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(is_time(now, now));
        assert!(!is_time(now, next_try(now, 9, None)));
        let years = SignedDuration::from_hours(9000);
        assert!(is_time(now, now.checked_add(years).unwrap()));
    }
}
