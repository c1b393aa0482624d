//! Pauses between two downloads from one host.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use wo_cli::Stop;

/// Time between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// When each host was asked the last time.
#[derive(Debug)]
pub(crate) struct Pauses {
    pause: Duration,
    last: HashMap<String, Instant>,
}

impl Pauses {
    /// None so far.
    pub(crate) fn new(seconds: f64) -> Self {
        Self {
            pause: Duration::from_secs_f64(seconds),
            last: HashMap::new(),
        }
    }

    /// Waits until a host may be asked again, or until we are to stop.
    pub(crate) fn wait(&self, host: &str, stop: &Stop) {
        let Some(last) = self.last.get(host) else {
            return;
        };
        while last.elapsed() < self.pause && !stop.is_asked() {
            thread::sleep(LOOK.min(self.pause.saturating_sub(last.elapsed())));
        }
    }

    /// Notes that a host was asked until now.
    pub(crate) fn asked(&mut self, host: String) {
        self.last.insert(host, Instant::now());
    }
}
