//! Where models judge: the device, and the precision there.

use wo_clip::{FoundDevice, Precision, find_device, set_threads};

use crate::cli::args::PrecisionFlag;
use crate::cli::config::Compute;

/// Where models judge.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) found: FoundDevice,
    pub(crate) precision: Precision,
}

impl Place {
    /// Finds it, and says where it is unless that goes without saying: on a machine without a GPU.
    pub(crate) fn find(compute: &Compute) -> anyhow::Result<Self> {
        set_threads(compute.n_threads);
        let found = find_device(&compute.device)?;
        let precision = match compute.precision {
            PrecisionFlag::Auto => Precision::for_judging(&found),
            PrecisionFlag::Fp32 => Precision::Fp32,
            PrecisionFlag::Tf32 => Precision::Tf32,
            PrecisionFlag::Bf16 => Precision::Bf16,
        };
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
