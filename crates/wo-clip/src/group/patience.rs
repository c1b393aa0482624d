//! How long a process waits for others.

use std::time::Duration;

use wo_cli::{Error, Exit, error};

/// How long is waited until all processes are there.
const TO_JOIN: Duration = Duration::from_mins(2);
/// How long is waited in an exchange, as torch does: others may read data or write a snapshot meanwhile. One that is killed
/// is noticed at once, since its connections close.
const TO_EXCHANGE: Duration = Duration::from_mins(30);
/// Sets both, in seconds.
const TIMEOUT: &str = "WO_GROUP_TIMEOUT";

/// How long is waited for the other processes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Until all are there.
    pub(crate) to_join: Duration,
    /// In each exchange.
    pub(crate) to_exchange: Duration,
}

impl Patience {
    /// As usual, or as the environment says.
    pub(crate) fn of_environment() -> Result<Self, Error> {
        let usual = Self {
            to_join: TO_JOIN,
            to_exchange: TO_EXCHANGE,
        };
        let Some(text) = std::env::var_os(TIMEOUT).filter(|it| !it.is_empty()) else {
            return Ok(usual);
        };
        let seconds = text.to_str().and_then(|it| it.parse().ok());
        let seconds = seconds.filter(|it| (1..=1_000_000).contains(it));
        let seconds: u64 = seconds.ok_or_else(|| {
            error!(
                Exit::Usage,
                "{TIMEOUT} is {text:?}, and must be a number of seconds from 1 to 1000000"
            )
        })?;
        let limit = Duration::from_secs(seconds);
        Ok(Self {
            to_join: limit,
            to_exchange: limit,
        })
    }
}
