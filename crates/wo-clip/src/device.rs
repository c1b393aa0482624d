//! The device that tensors live on.

use std::path::{Path, PathBuf};

use tch::{Cuda, Device, Kind, Tensor};
use wo_cli::{Error, Exit, error};

/// Checks the name of a device, for the command line.
pub fn device_name(name: &str) -> Result<String, String> {
    cuda_index(name).map(|_| name.to_owned())
}

/// The CUDA device of a name; `None` for the CPU.
fn cuda_index(name: &str) -> Result<Option<usize>, String> {
    match name {
        "cpu" => Ok(None),
        "auto" | "cuda" => Ok(Some(0)),
        other => other
            .strip_prefix("cuda:")
            .and_then(|n| n.parse().ok())
            .map(Some)
            .ok_or_else(|| {
                format!("no device is called {other}; there are auto, cpu, cuda and cuda:N")
            }),
    }
}

/// The device of `auto`, `cpu`, `cuda` or `cuda:N`. `auto` takes a GPU if one works.
pub fn device_of(name: &str) -> Result<Device, Error> {
    let index = cuda_index(name).map_err(|why| Error::new(Exit::Environment, why))?;
    let Some(index) = index else {
        return Ok(Device::Cpu);
    };
    let opened = open_cuda();
    if opened.is_ok() && Cuda::is_available() && (index as i64) < Cuda::device_count() {
        return Ok(Device::Cuda(index));
    }
    if name == "auto" {
        return Ok(Device::Cpu);
    }
    Err(match opened {
        Err(why) => error!(
            Exit::Environment,
            "{name}: {why}";
            "WO_CUDA=1 scripts/just setup brings the CUDA build of libtorch"
        ),
        Ok(()) => error!(
            Exit::Environment,
            "{name}: CUDA devices that libtorch sees: {}", Cuda::device_count();
            "nvidia-smi says what the driver sees"
        ),
    })
}

/// Limits libtorch to `n` threads.
pub fn set_threads(n: usize) {
    tch::set_num_threads(i32::try_from(n).unwrap_or(i32::MAX));
}

/// A tensor with these numbers and shape on the device. The copy to a GPU is asynchronous, from pinned memory.
pub fn to_device(numbers: &[f32], shape: &[i64], device: Device) -> Tensor {
    let tensor = Tensor::from_slice(numbers).view(shape);
    if device == Device::Cpu {
        return tensor;
    }
    tensor
        .pin_memory(device)
        .to_device_(device, Kind::Float, true, false)
}

/// Opens the CUDA part of libtorch if it lies beside the CPU part. This must come before the first question about CUDA,
/// since libtorch caches the answer.
fn open_cuda() -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

    if !["/dev/nvidiactl", "/dev/dxg"]
        .iter()
        .any(|device| Path::new(device).exists())
    {
        return Err("this machine has no NVIDIA device".to_owned());
    }
    let library = libtorch_directory()
        .ok_or("cannot tell where libtorch lies")?
        .join("libtorch_cuda.so");
    if !library.exists() {
        return Err(format!("{} is not there", library.display()));
    }
    // SAFETY: the library is the other half of the libtorch that this process runs already, of the same wheel; its
    // initialisers register kernels and do nothing else.
    #[expect(unsafe_code, reason = "loading a library is unsafe by nature")]
    let opened = unsafe { Library::open(Some(&library), RTLD_NOW | RTLD_GLOBAL) };
    // Kernels stay registered as long as the process lives, so the library must as well.
    opened
        .map(std::mem::forget)
        .map_err(|e| format!("open {}: {e}", library.display()))
}

/// The folder of the libtorch that this process has loaded.
fn libtorch_directory() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps
        .lines()
        .find(|line| line.ends_with("/libtorch_cpu.so"))?;
    Some(Path::new(&line[line.find('/')?..]).parent()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(device_of("cpu").ok(), Some(Device::Cpu));
        assert!(device_of("auto").is_ok());
        for name in ["gpu", "cuda:", "cuda:x", "cuda:-1"] {
            assert!(device_of(name).is_err(), "{name}");
        }
    }

    #[test]
    fn libtorch_is_found_in_this_process() {
        // A call that makes sure the library is loaded.
        let _ = tch::get_num_threads();
        assert!(
            libtorch_directory()
                .expect("loaded")
                .join("libtorch_cpu.so")
                .exists()
        );
    }
}
