//! What computes a run: the last bits of its result depend on it, beside flags and data.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wo_clip::tch::Device;
use wo_clip::{Kernels, Processor, latest_state};

/// The processor, the kernels and the precision of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arithmetic {
    /// Such as `Cpu` or `Cuda(0)`.
    device: String,
    /// Of a CPU, such as `AMD EPYC, AVX2`.
    processor: String,
    kernels: Kernels,
    /// Whether the forward pass computes in bfloat16.
    pub(crate) bf16: bool,
    /// Whether a GPU multiplies 32-bit matrices in TF32; older versions wrote nothing of it.
    #[serde(default)]
    pub(crate) tf32: bool,
}

impl Arithmetic {
    /// What computes a run on this machine from now on: with the kernels of the stopped run that it may resume, where
    /// this machine has them, else with those that are fastest here.
    pub(crate) fn begin(device: Device, of_stopped: Option<&Self>) -> Self {
        if device != Device::Cpu {
            return Self {
                device: format!("{device:?}"),
                processor: String::new(),
                kernels: Kernels::OWN,
                bf16: false,
                tf32: false,
            };
        }
        let wanted = Kernels::asked_for().or_else(|| Some(of_stopped?.kernels));
        let kernels = wanted.unwrap_or_else(Kernels::of_machine);
        // Only a libtorch without oneDNN refuses them.
        let kernels = if kernels.apply().is_ok() {
            kernels
        } else {
            Kernels::OWN
        };
        Self {
            device: format!("{device:?}"),
            processor: Processor::of_machine().name(),
            kernels,
            bf16: false,
            tf32: false,
        }
    }

    /// Of the run that was stopped, by a snapshot of any seed or fold in the folder `dir`. `None` where another device
    /// computed it, since such a run does not go on.
    pub(crate) fn of_stopped(dir: &Path, device: Device) -> Option<Self> {
        let fits = std::fs::read_dir(dir).ok()?;
        let mut fits: Vec<_> = fits.filter_map(|entry| Some(entry.ok()?.path())).collect();
        fits.sort();
        let states = fits
            .iter()
            .filter_map(|fit| latest_state(fit).ok().flatten());
        let mut kept =
            states.filter_map(|state| serde_json::from_value(state.get(KEY)?.clone()).ok());
        kept.find(|it: &Self| it.device == format!("{device:?}"))
    }

    /// Such as `fp32, libtorch's own kernels, AMD EPYC, AVX2`.
    pub(crate) fn in_words(&self) -> String {
        let precision = match (self.bf16, self.tf32) {
            (true, _) => "bf16",
            (false, true) => "tf32",
            (false, false) => "fp32",
        };
        if self.processor.is_empty() {
            return format!("{precision}, {}", self.device);
        }
        format!("{precision}, {}, {}", self.kernels, self.processor)
    }
}

/// Its name in the state of a snapshot.
pub(crate) const KEY: &str = "arithmetic";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wo_clip::{Snapshot, write_snapshot};

    use super::*;

    #[test]
    fn a_resumed_run_keeps_the_kernels_of_the_stopped_one() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Arithmetic::of_stopped(dir.path(), Device::Cpu), None);
        let stopped = Arithmetic {
            device: "Cpu".to_owned(),
            processor: "another".to_owned(),
            kernels: Kernels::ONEDNN,
            bf16: true,
            tf32: false,
        };
        for (fit, step, arithmetic) in [("seed-0", 3, None), ("seed-1", 1, Some(&stopped))] {
            let snapshot = Snapshot {
                step,
                state: serde_json::json!({ KEY: arithmetic }),
                tensors: BTreeMap::new(),
            };
            write_snapshot(&dir.path().join(fit), &snapshot, 1).expect("written");
        }
        let found = Arithmetic::of_stopped(dir.path(), Device::Cpu);
        assert_eq!(Arithmetic::of_stopped(dir.path(), Device::Cuda(0)), None);
        assert_eq!(found.as_ref(), Some(&stopped));
        let resumed = Arithmetic::begin(Device::Cpu, found.as_ref());
        assert_eq!(resumed.kernels, Kernels::ONEDNN);
        assert_eq!(Kernels::in_use(), Kernels::ONEDNN);
        assert_ne!(resumed.processor, stopped.processor);
        let words = resumed.in_words();
        assert!(words.starts_with("fp32, oneDNN, "), "{words}");
        Kernels::OWN.apply().expect("always there");
    }
}
