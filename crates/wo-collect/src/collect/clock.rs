//! The time of what is written down.

use jiff::Timestamp;

/// The time in whole seconds: enough for people, and sooner read.
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
