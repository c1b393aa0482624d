//! The device that tensors live on.

use std::fmt;
use std::path::{Path, PathBuf};

use tch::{Cuda, Device, Tensor};
use wo_cli::{Error, Exit, error};

use crate::cuda_driver::{CudaVersion, Driver, Gpu, LIBRARY};
use crate::native;

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

/// A device, and how it came to be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundDevice {
    /// Where tensors live.
    pub device: Device,
    /// The GPU, where it is one.
    pub gpu: Option<Gpu>,
    /// Why `auto` took the CPU.
    pub why_cpu: Option<String>,
}

/// Why there is no GPU to use, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NoGpu {
    why: String,
    hint: &'static str,
}

impl NoGpu {
    fn new(why: impl Into<String>, hint: &'static str) -> Self {
        let why = why.into();
        Self { why, hint }
    }
}

/// What the driver sees.
const ASK_DRIVER: &str = "nvidia-smi says what the driver sees";

impl FoundDevice {
    /// The CPU, because it was asked for.
    pub fn cpu() -> Self {
        Self {
            device: Device::Cpu,
            gpu: None,
            why_cpu: None,
        }
    }

    /// Whether `auto` took the CPU of a machine that has an NVIDIA device.
    pub fn passes_over_gpu(&self) -> bool {
        self.why_cpu.is_some() && has_nvidia_device()
    }

    /// How many items a pass takes that need `bytes` of memory each: as many as fit into half of what is free, since
    /// libtorch's own buffers and fragments need room too. `cpu` is what a CPU takes, which gains nothing from more.
    pub fn items_a_pass(&self, bytes: f64, cpu: usize, most: usize) -> usize {
        let free = self
            .gpu
            .as_ref()
            .map(|gpu| gpu.free.unwrap_or(gpu.total / 2));
        let fitting = free.map(|free| (free as f64 / 2.0 / bytes.max(1.0)) as usize);
        fitting.map_or(cpu, |n| n.clamp(1, most.max(1)))
    }
}

/// `cuda:0 (NVIDIA H200, 139.8 GiB, compute capability 9.0)`, `cpu`, or `cpu (no GPU: this machine has no NVIDIA device)`.
impl fmt::Display for FoundDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.device, &self.gpu, &self.why_cpu) {
            (Device::Cuda(index), Some(gpu), _) => write!(f, "cuda:{index} ({gpu})"),
            (Device::Cuda(index), None, _) => write!(f, "cuda:{index}"),
            (_, _, Some(why)) => write!(f, "cpu (no GPU: {why})"),
            _ => f.write_str("cpu"),
        }
    }
}

/// The device of `auto`, `cpu`, `cuda` or `cuda:N`. `auto` takes a GPU if one works.
pub fn find_device(name: &str) -> Result<FoundDevice, Error> {
    let index = cuda_index(name).map_err(|why| Error::new(Exit::Environment, why))?;
    let Some(index) = index else {
        return Ok(FoundDevice::cpu());
    };
    match find_gpu(index, Path::new(LIBRARY)) {
        Ok(gpu) => Ok(FoundDevice {
            device: Device::Cuda(index),
            gpu: Some(gpu),
            why_cpu: None,
        }),
        Err(no_gpu) if name == "auto" => Ok(FoundDevice {
            device: Device::Cpu,
            gpu: None,
            why_cpu: Some(no_gpu.why),
        }),
        Err(NoGpu { why, hint }) => Err(error!(Exit::Environment, "{name}: {why}"; "{hint}")),
    }
}

/// The same for process `local_rank` of this machine: `auto` and `cuda` take a GPU for each process. Where a process is shown
/// fewer, as Slurm shows each its own, numbers begin again.
pub fn find_device_of(name: &str, local_rank: usize) -> Result<FoundDevice, Error> {
    if !matches!(name, "auto" | "cuda") {
        return find_device(name);
    }
    let n_devices = Driver::open(Path::new(LIBRARY)).map_or(1, |driver| driver.n_devices);
    let index = local_rank % n_devices.max(1);
    match find_device(&format!("cuda:{index}")) {
        Err(_) if name == "auto" => find_device(name),
        Err(_) => find_device("cuda"),
        found => found,
    }
}

/// Finds a GPU that libtorch can use. From the outside in, so that the first thing that is missing is named.
fn find_gpu(index: usize, driver: &Path) -> Result<Gpu, NoGpu> {
    if !has_nvidia_device() {
        return Err(NoGpu::new(
            "this machine has no NVIDIA device",
            "a container sees a GPU where it is started with one, such as with --gpus all",
        ));
    }
    let driver = Driver::open(driver).map_err(|why| NoGpu::new(why, ASK_DRIVER))?;
    check_driver(&driver, index, CudaVersion::of_runtime())?;
    let gpu = driver
        .gpu(index)
        .map_err(|why| NoGpu::new(why, ASK_DRIVER))?;
    open_cuda()?;
    if !Cuda::is_available() || (index as i64) >= Cuda::device_count() {
        let n_devices = Cuda::device_count();
        return Err(NoGpu::new(
            format!("CUDA devices that libtorch sees: {n_devices}"),
            ASK_DRIVER,
        ));
    }
    Ok(gpu)
}

/// Whether the driver has the device, and is new enough for the CUDA that libtorch was built with. Within one major
/// version all drivers work.
fn check_driver(driver: &Driver, index: usize, runtime: Option<CudaVersion>) -> Result<(), NoGpu> {
    let version = driver.version;
    if let Some(runtime) = runtime.filter(|runtime| version.0 < runtime.0) {
        return Err(NoGpu::new(
            format!("the driver supports CUDA {version}, and libtorch needs CUDA {runtime}"),
            "a newer NVIDIA driver helps; nvidia-smi says its version",
        ));
    }
    if index >= driver.n_devices {
        return Err(NoGpu::new(
            format!("CUDA devices that the driver shows: {}", driver.n_devices),
            "nvidia-smi lists them; CUDA_VISIBLE_DEVICES may hide some",
        ));
    }
    Ok(())
}

fn has_nvidia_device() -> bool {
    // The second is that of Windows' subsystem for Linux.
    let devices = ["/dev/nvidiactl", "/dev/dxg"];
    devices.iter().any(|device| Path::new(device).exists())
}

/// Limits libtorch to `n` threads.
pub fn set_threads(n: usize) {
    tch::set_num_threads(i32::try_from(n).unwrap_or(i32::MAX));
}

/// The tensor on the device. It goes to a GPU from pinned memory, and nothing waits until it is there.
pub fn uploaded(tensor: &Tensor, device: Device) -> Tensor {
    if device == Device::Cpu {
        return tensor.shallow_clone();
    }
    pinned(tensor, device).to_device_(device, tensor.kind(), true, false)
}

/// The tensor where `device` can fetch it by itself. For a CPU it stays as it is, and where no more memory can be pinned.
pub fn pinned(tensor: &Tensor, device: Device) -> Tensor {
    if device == Device::Cpu {
        return tensor.shallow_clone();
    }
    native::pinned(tensor).unwrap_or_else(|_| tensor.shallow_clone())
}

/// Opens the CUDA part of libtorch if it lies beside the CPU part. This must come before the first question about CUDA,
/// since libtorch caches the answer.
fn open_cuda() -> Result<(), NoGpu> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

    /// What brings that part.
    const SETUP: &str = "WO_CUDA=1 scripts/just setup brings the CUDA build of libtorch";
    let directory = libtorch_directory()
        .ok_or_else(|| NoGpu::new("cannot tell where libtorch lies", ASK_DRIVER))?;
    let library = directory.join("libtorch_cuda.so");
    if !library.exists() {
        let why = format!(
            "libtorch has no CUDA part: {} is not there",
            library.display()
        );
        return Err(NoGpu::new(why, SETUP));
    }
    // SAFETY: the library is the other half of the libtorch that this process runs already, of the same wheel; its
    // initialisers register kernels and do nothing else.
    #[expect(unsafe_code, reason = "loading a library is unsafe by nature")]
    let opened = unsafe { Library::open(Some(&library), RTLD_NOW | RTLD_GLOBAL) };
    // Kernels stay registered as long as the process lives, so the library must as well.
    opened.map(std::mem::forget).map_err(|e| {
        let text = e.to_string();
        let what = if text.contains("undefined symbol") || text.contains("version `") {
            "the CUDA part of libtorch is of another version than the rest"
        } else {
            "the CUDA part of libtorch does not load"
        };
        NoGpu::new(format!("{what}: {text}"), SETUP)
    })
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
    use crate::cuda_driver::tests::driver;

    #[test]
    fn names_are_checked() {
        assert_eq!(find_device("cpu").ok(), Some(FoundDevice::cpu()));
        assert!(find_device("auto").is_ok());
        for name in ["gpu", "cuda:", "cuda:x", "cuda:-1"] {
            assert!(find_device(name).is_err(), "{name}");
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

    #[test]
    fn a_device_says_what_it_is_and_why_it_was_taken() {
        let gpu = Gpu {
            name: "NVIDIA T0".to_owned(),
            total: 8 << 30,
            free: None,
            capability: (7, 5),
        };
        let on_gpu = FoundDevice {
            device: Device::Cuda(1),
            gpu: Some(gpu),
            why_cpu: None,
        };
        let expected = "cuda:1 (NVIDIA T0, 8.0 GiB, compute capability 7.5)";
        assert_eq!(on_gpu.to_string(), expected);
        assert_eq!(FoundDevice::cpu().to_string(), "cpu");
        let fallen_back = FoundDevice {
            why_cpu: Some("the driver sleeps".to_owned()),
            ..FoundDevice::cpu()
        };
        assert_eq!(fallen_back.to_string(), "cpu (no GPU: the driver sleeps)");
    }

    #[test]
    fn a_gpu_takes_what_fits_and_a_cpu_what_it_always_took() {
        let found = |free: u64| FoundDevice {
            device: Device::Cuda(0),
            gpu: Some(Gpu {
                name: "NVIDIA T0".to_owned(),
                total: 8 << 30,
                free: Some(free),
                capability: (9, 0),
            }),
            why_cpu: None,
        };
        let a_frame = f64::from(1 << 20);
        assert_eq!(found(1 << 30).items_a_pass(a_frame, 64, 1024), 512);
        assert_eq!(found(8 << 30).items_a_pass(a_frame, 64, 1024), 1024);
        assert_eq!(found(0).items_a_pass(a_frame, 64, 1024), 1, "never none");
        assert_eq!(FoundDevice::cpu().items_a_pass(a_frame, 64, 1024), 64);
    }

    #[test]
    fn a_driver_that_is_too_old_or_lacks_the_device_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let driver = Driver::open(&driver(folder.path(), 0)).expect("opened");
        let why = |index, runtime| check_driver(&driver, index, runtime).map_err(|it| it.why);
        assert_eq!(
            why(0, Some(CudaVersion(12, 8))),
            Ok(()),
            "the same major version"
        );
        assert_eq!(why(0, None), Ok(()));
        assert_eq!(
            why(0, Some(CudaVersion(13, 0))),
            Err("the driver supports CUDA 12.4, and libtorch needs CUDA 13.0".to_owned())
        );
        assert_eq!(
            why(1, None),
            Err("CUDA devices that the driver shows: 1".to_owned())
        );
    }

    #[test]
    fn on_a_cpu_nothing_is_copied() {
        let tensor = Tensor::from_slice(&[1_i64, 2]);
        for same in [uploaded(&tensor, Device::Cpu), pinned(&tensor, Device::Cpu)] {
            assert_eq!(same.data_ptr(), tensor.data_ptr());
        }
    }
}
