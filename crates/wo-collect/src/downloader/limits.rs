//! What a download may take.

use std::path::Path;
use std::time::Duration;

use wo_cli::Stop;

use super::process::Allowed;

/// The limits of a download.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) settings: wo_settings::Collect,
    pub(crate) stop: Stop,
}

impl Limits {
    pub(super) fn allowed<'a>(&'a self, folder: &'a Path, max_bytes: u64) -> Allowed<'a> {
        let seconds = self.settings.max_minutes * 60.0;
        Allowed {
            folder,
            max_bytes,
            time: Duration::from_secs_f64(seconds),
            stop: &self.stop,
        }
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.settings.max_bytes.bytes()
    }
}
