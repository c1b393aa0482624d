//! In which precision matrix products are computed.

use std::fmt;

use tch::Device;
use wo_cli::{Error, Exit, error};

use crate::cuda_driver::Gpu;
use crate::device::FoundDevice;
use crate::native::{NativeError, is_tf32, set_tf32, with_bfloat16};

/// In which precision matrix products are computed. Weights, sums and losses always have 32 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits.
    #[default]
    Fp32,
    /// 32 bits of which a GPU multiplies the upper 19: as exact as half precision, with the range of 32 bits.
    Tf32,
    /// bfloat16: 16 bits with the range of 32.
    Bf16,
}

impl Precision {
    /// Runs `work` in this precision on `device`. What it returns may have 16 bits.
    pub fn run<T>(self, device: Device, work: impl FnOnce() -> T) -> Result<T, NativeError> {
        match self {
            Self::Bf16 => with_bfloat16(device, work),
            Self::Fp32 | Self::Tf32 => Ok(work()),
        }
    }

    /// The precision to judge in unless another is asked for: TF32 where there is a GPU that has it.
    pub fn for_judging(found: &FoundDevice) -> Self {
        if found.gpu.as_ref().is_some_and(Gpu::is_ampere) {
            Self::Tf32
        } else {
            Self::Fp32
        }
    }

    /// As records name it: what is less than 32 bits.
    pub fn record(self) -> Option<String> {
        (self != Self::Fp32).then(|| self.to_string())
    }

    /// Fails where the device lacks this precision.
    pub fn check(self, found: &FoundDevice) -> Result<(), Error> {
        if self == Self::Tf32 && !found.gpu.as_ref().is_some_and(Gpu::is_ampere) {
            return Err(error!(
                Exit::Environment,
                "tf32 needs a GPU of compute capability 8.0 or more, and this would run on {found}";
                "--precision fp32 runs on every device"
            ));
        }
        Ok(())
    }

    /// Sets what holds for the whole process: TF32 is on for [`Precision::Tf32`] alone.
    pub fn apply(self) -> Result<(), NativeError> {
        let wanted = self == Self::Tf32;
        if is_tf32()? == wanted {
            return Ok(());
        }
        set_tf32(wanted)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        })
    }
}

#[cfg(test)]
mod tests {
    use tch::{Kind, Tensor};

    use super::*;

    #[test]
    fn tf32_is_for_gpus_that_have_it() {
        let with = |major: i32| FoundDevice {
            device: Device::Cuda(0),
            gpu: Some(Gpu {
                name: "NVIDIA T0".to_owned(),
                total: 1 << 30,
                free: None,
                capability: (major, 5),
            }),
            why_cpu: None,
        };
        assert_eq!(Precision::for_judging(&with(8)), Precision::Tf32);
        assert!(Precision::Tf32.check(&with(8)).is_ok());
        for found in [with(7), FoundDevice::cpu()] {
            assert_eq!(Precision::for_judging(&found), Precision::Fp32);
            let error = Precision::Tf32.check(&found).unwrap_err().to_string();
            assert!(
                error.contains(&format!("this would run on {found}")),
                "{error}"
            );
            assert!(Precision::Bf16.check(&found).is_ok());
        }
    }

    #[test]
    fn tf32_is_on_for_its_precision_alone_and_a_cpu_computes_as_before() {
        let matrix = Tensor::rand([16, 16], (Kind::Float, Device::Cpu));
        let before = matrix.matmul(&matrix);
        for precision in [Precision::Tf32, Precision::Bf16, Precision::Fp32] {
            precision.apply().unwrap();
            assert_eq!(is_tf32().unwrap(), precision == Precision::Tf32);
        }
        assert_eq!(matrix.matmul(&matrix), before);
        let product = |precision: Precision| {
            precision
                .run(Device::Cpu, || matrix.matmul(&matrix))
                .unwrap()
        };
        assert_eq!(product(Precision::Fp32), before);
        assert_eq!(product(Precision::Bf16).kind(), Kind::BFloat16);
    }
}
