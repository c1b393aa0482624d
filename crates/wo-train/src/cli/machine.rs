//! What a run takes of the machine: the device, its precision, threads.

use wo_cli::Threads;
use wo_clip::{FoundDevice, Gpu, Group, Precision};

use crate::cli::args;

/// What a run takes of the machine.
#[derive(Debug)]
pub(crate) struct MachineConfig {
    pub(crate) device: String,
    pub(crate) threads: Threads,
    /// What is asked for; `None` leaves it to the device.
    pub(crate) precision: Option<Precision>,
    /// Whether the CPU multiplies in bfloat16.
    pub(crate) has_bfloat16: bool,
}

impl MachineConfig {
    /// Finds the device, and sets what holds for the whole process. Fails where the device lacks the precision. Processes
    /// of one machine share its cores, and each takes a GPU of its own.
    pub(crate) fn prepare(&self, group: &Group) -> anyhow::Result<FoundDevice> {
        let n_threads = self.threads.count_of(group.n_local());
        wo_clip::set_threads(n_threads);
        let found = if group.is_alone() {
            wo_clip::find_device(&self.device)?
        } else {
            // A second call, as in-process tests make, keeps the first pool.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
            let _ = pool.build_global();
            wo_clip::find_device_of(&self.device, group.local_rank())?
        };
        group.use_device(found.device)?;
        let precision = self.precision_on(&found);
        precision.check(&found)?;
        precision.apply()?;
        Ok(found)
    }

    /// In which precision the forward pass computes, before a check on a CPU. Earlier GPUs than Ampere multiply in bfloat16
    /// no faster than in 32 bits.
    pub(crate) fn precision_on(&self, found: &FoundDevice) -> Precision {
        let has_fast_bf16 = found.gpu.as_ref().is_some_and(Gpu::is_ampere);
        let own = if has_fast_bf16 {
            Precision::Bf16
        } else {
            Precision::Fp32
        };
        self.precision.unwrap_or(own)
    }
}

impl args::Precision {
    /// What it asks for; `None` leaves it to the device.
    pub(crate) fn asked(self) -> Option<Precision> {
        match self {
            Self::Auto => None,
            Self::Fp32 => Some(Precision::Fp32),
            Self::Tf32 => Some(Precision::Tf32),
            Self::Bf16 => Some(Precision::Bf16),
        }
    }
}

#[cfg(test)]
mod tests {
    use wo_clip::tch::Device;

    use super::*;

    #[test]
    fn a_gpu_that_has_bfloat16_trains_in_it() {
        let on = |precision, found: &FoundDevice| {
            let machine = MachineConfig {
                device: "auto".to_owned(),
                threads: Threads::default(),
                precision,
                has_bfloat16: true,
            };
            machine.precision_on(found)
        };
        let gpu = |major: i32| FoundDevice {
            device: Device::Cuda(0),
            gpu: Some(Gpu {
                name: "NVIDIA T0".to_owned(),
                total: 1 << 30,
                free: None,
                capability: (major, 0),
            }),
            why_cpu: None,
        };
        assert_eq!(on(None, &gpu(9)), Precision::Bf16);
        assert_eq!(on(None, &gpu(7)), Precision::Fp32);
        assert_eq!(on(None, &FoundDevice::cpu()), Precision::Fp32);
        assert_eq!(on(Some(Precision::Tf32), &gpu(9)), Precision::Tf32);
        assert_eq!(
            on(Some(Precision::Bf16), &FoundDevice::cpu()),
            Precision::Bf16
        );
    }
}
