//! What a run takes of the machine: the device, its precision, threads.

use wo_clip::{FoundDevice, Gpu, Precision};

use crate::cli::args;
use crate::trainer::precision::PrecisionConfig;

/// What a run takes of the machine.
#[derive(Debug)]
pub(crate) struct MachineConfig {
    pub(crate) device: String,
    pub(crate) n_threads: usize,
    pub(crate) precision: PrecisionConfig,
    /// Whether the CPU multiplies in bfloat16.
    pub(crate) has_bfloat16: bool,
}

impl MachineConfig {
    /// Finds the device, and sets what holds for the whole process. Fails where the device lacks the precision.
    pub(crate) fn prepare(&self) -> anyhow::Result<FoundDevice> {
        wo_clip::set_threads(self.n_threads);
        let found = wo_clip::find_device(&self.device)?;
        let precision = self.precision_on(&found);
        precision.check(&found)?;
        precision.apply()?;
        Ok(found)
    }

    /// In which precision the forward pass computes, before a check on a CPU. Earlier GPUs than Ampere multiply in bfloat16
    /// no faster than in 32 bits.
    pub(crate) fn precision_on(&self, found: &FoundDevice) -> Precision {
        match self.precision {
            PrecisionConfig::Auto if found.gpu.as_ref().is_some_and(Gpu::is_ampere) => {
                Precision::Bf16
            }
            PrecisionConfig::Auto | PrecisionConfig::Fp32 => Precision::Fp32,
            PrecisionConfig::Tf32 => Precision::Tf32,
            PrecisionConfig::Bf16 => Precision::Bf16,
        }
    }
}

impl From<args::Precision> for PrecisionConfig {
    fn from(flag: args::Precision) -> Self {
        match flag {
            args::Precision::Auto => Self::Auto,
            args::Precision::Fp32 => Self::Fp32,
            args::Precision::Tf32 => Self::Tf32,
            args::Precision::Bf16 => Self::Bf16,
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
                n_threads: 1,
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
        assert_eq!(on(PrecisionConfig::Auto, &gpu(9)), Precision::Bf16);
        assert_eq!(on(PrecisionConfig::Auto, &gpu(7)), Precision::Fp32);
        assert_eq!(
            on(PrecisionConfig::Auto, &FoundDevice::cpu()),
            Precision::Fp32
        );
        assert_eq!(on(PrecisionConfig::Tf32, &gpu(9)), Precision::Tf32);
        assert_eq!(
            on(PrecisionConfig::Bf16, &FoundDevice::cpu()),
            Precision::Bf16
        );
    }
}
