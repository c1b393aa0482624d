//! Where models judge: the device, and the precision there.

use wo_clip::{FoundDevice, Precision, find_device, set_threads};

/// Where models judge.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) found: FoundDevice,
    pub(crate) precision: Precision,
}

impl Place {
    /// Finds the device of this name, and says where it is unless that goes without saying: on a machine without a GPU.
    /// Where no precision is asked for, it is the device's own.
    pub(crate) fn find(
        device: &str,
        n_threads: usize,
        asked: Option<Precision>,
    ) -> anyhow::Result<Self> {
        set_threads(n_threads);
        let found = find_device(device)?;
        let precision = asked.unwrap_or_else(|| Precision::for_judging(&found));
        precision.check(&found)?;
        let place = Self { found, precision };
        if place.found.gpu.is_some() || place.found.passes_over_gpu() {
            wo_cli::say!("{}", place.in_words());
        } else {
            wo_cli::info!("{}", place.in_words());
        }
        Ok(place)
    }

    fn in_words(&self) -> String {
        format!("judging on {} in {}", self.found, self.precision)
    }
}
