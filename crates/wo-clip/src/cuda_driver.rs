//! What NVIDIA's driver says of its devices, asked through the library that each driver brings. libtorch tells no name, no
//! memory and no reason.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fmt;
use std::path::Path;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};

/// The driver's library.
pub(crate) const LIBRARY: &str = "libcuda.so.1";

/// Numbers of attributes (`CUdevice_attribute` in cuda.h).
const CAPABILITY_MAJOR: c_int = 75;
const CAPABILITY_MINOR: c_int = 76;

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Its name, such as `NVIDIA H200`.
    pub name: String,
    /// Bytes of memory.
    pub total: u64,
    /// Bytes of it that nobody holds; `None` where the driver does not say.
    pub free: Option<u64>,
    /// Its compute capability: Ampere is 8.0, Hopper 9.0.
    pub capability: (i32, i32),
}

/// A version of CUDA: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CudaVersion(pub(crate) c_int, pub(crate) c_int);

/// The driver's library, opened.
pub(crate) struct Driver {
    library: Library,
    /// The newest CUDA that it supports.
    pub(crate) version: CudaVersion,
    pub(crate) n_devices: usize,
}

type Call = unsafe extern "C" fn(*mut c_int) -> c_int;

impl Gpu {
    /// Whether it multiplies in TF32 and bfloat16: Ampere and later.
    pub fn is_ampere(&self) -> bool {
        self.capability >= (8, 0)
    }
}

/// `NVIDIA H200, 139.8 GiB (139.1 GiB free), compute capability 9.0`.
impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
        write!(f, "{}, {:.1} GiB", self.name, gib(self.total))?;
        if let Some(free) = self.free {
            write!(f, " ({:.1} GiB free)", gib(free))?;
        }
        let (major, minor) = self.capability;
        write!(f, ", compute capability {major}.{minor}")
    }
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl CudaVersion {
    /// As CUDA counts: 13000 is 13.0, 12040 is 12.4.
    fn of(number: c_int) -> Self {
        Self(number / 1000, number % 1000 / 10)
    }

    /// Of the CUDA runtime that libtorch has loaded; `None` in a build without one.
    pub(crate) fn of_runtime() -> Option<Self> {
        // SAFETY: a function of the CUDA runtime, with its signature in all versions.
        #[expect(unsafe_code, reason = "a library outside of Rust")]
        let number = unsafe {
            let of_process = Library::this();
            let version: Symbol<Call> = of_process.get(b"cudaRuntimeGetVersion\0").ok()?;
            let mut number = 0;
            (version(&raw mut number) == 0).then_some(number)?
        };
        Some(Self::of(number))
    }
}

#[expect(unsafe_code, reason = "a library outside of Rust")]
impl Driver {
    /// Opens the driver's library, or says why it is of no use.
    pub(crate) fn open(library: &Path) -> Result<Self, String> {
        // SAFETY: the library of the driver, whose initialisers prepare it and nothing else.
        let library = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|e| format!("no NVIDIA driver is installed: {e}"))?;
        let mut driver = Self {
            library,
            version: CudaVersion(0, 0),
            n_devices: 0,
        };
        // SAFETY: `CUresult cuInit(unsigned int)`.
        let status = unsafe {
            let init: Symbol<unsafe extern "C" fn(c_uint) -> c_int> = driver.get(b"cuInit\0")?;
            init(0)
        };
        if status != 0 {
            let name = driver.name_of_error(status);
            return Err(format!("the NVIDIA driver does not start: {name}"));
        }
        driver.version = CudaVersion::of(driver.number(b"cuDriverGetVersion\0")?);
        driver.n_devices = usize::try_from(driver.number(b"cuDeviceGetCount\0")?).unwrap_or(0);
        Ok(driver)
    }

    /// A device, by its place among those that this process may see.
    pub(crate) fn gpu(&self, index: usize) -> Result<Gpu, String> {
        let device = self.device(index)?;
        Ok(Gpu {
            name: self.name(device)?,
            total: self.total(device)?,
            free: self.free(device),
            capability: (
                self.attribute(CAPABILITY_MAJOR, device)?,
                self.attribute(CAPABILITY_MINOR, device)?,
            ),
        })
    }

    fn device(&self, index: usize) -> Result<c_int, String> {
        let mut device = 0;
        let ordinal = c_int::try_from(index).unwrap_or(c_int::MAX);
        // SAFETY: `CUresult cuDeviceGet(CUdevice *, int)`.
        let status = unsafe {
            let get: Symbol<unsafe extern "C" fn(*mut c_int, c_int) -> c_int> =
                self.get(b"cuDeviceGet\0")?;
            get(&raw mut device, ordinal)
        };
        self.checked(status).map(|()| device)
    }

    fn name(&self, device: c_int) -> Result<String, String> {
        let mut bytes = [0_u8; 256];
        // SAFETY: `CUresult cuDeviceGetName(char *, int, CUdevice)` ends the name with a zero within the length.
        let status = unsafe {
            let get: Symbol<unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int> =
                self.get(b"cuDeviceGetName\0")?;
            get(bytes.as_mut_ptr().cast(), 255, device)
        };
        self.checked(status)?;
        let name = CStr::from_bytes_until_nul(&bytes).map_err(|e| e.to_string())?;
        Ok(name.to_string_lossy().into_owned())
    }

    fn total(&self, device: c_int) -> Result<u64, String> {
        let mut bytes = 0_usize;
        // SAFETY: `CUresult cuDeviceTotalMem_v2(size_t *, CUdevice)`.
        let status = unsafe {
            let get: Symbol<unsafe extern "C" fn(*mut usize, c_int) -> c_int> =
                self.get(b"cuDeviceTotalMem_v2\0")?;
            get(&raw mut bytes, device)
        };
        self.checked(status).map(|()| bytes as u64)
    }

    fn attribute(&self, attribute: c_int, device: c_int) -> Result<c_int, String> {
        let mut value = 0;
        // SAFETY: `CUresult cuDeviceGetAttribute(int *, CUdevice_attribute, CUdevice)`.
        let status = unsafe {
            let get: Symbol<unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int> =
                self.get(b"cuDeviceGetAttribute\0")?;
            get(&raw mut value, attribute, device)
        };
        self.checked(status).map(|()| value)
    }

    /// Bytes that are free now. It asks in the context that libtorch uses as well.
    fn free(&self, device: c_int) -> Option<u64> {
        type Retain = unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int;
        type Push = unsafe extern "C" fn(*mut c_void) -> c_int;
        type Pop = unsafe extern "C" fn(*mut *mut c_void) -> c_int;
        type MemInfo = unsafe extern "C" fn(*mut usize, *mut usize) -> c_int;
        type Release = unsafe extern "C" fn(c_int) -> c_int;

        let (mut context, mut popped) = (std::ptr::null_mut(), std::ptr::null_mut());
        let (mut free, mut total) = (0_usize, 0_usize);
        // SAFETY: functions of cuda.h with their signatures. What is retained is released, what is pushed is popped.
        unsafe {
            let retain: Symbol<Retain> = self.get(b"cuDevicePrimaryCtxRetain\0").ok()?;
            let push: Symbol<Push> = self.get(b"cuCtxPushCurrent_v2\0").ok()?;
            let pop: Symbol<Pop> = self.get(b"cuCtxPopCurrent_v2\0").ok()?;
            let mem_info: Symbol<MemInfo> = self.get(b"cuMemGetInfo_v2\0").ok()?;
            let release: Symbol<Release> = self.get(b"cuDevicePrimaryCtxRelease_v2\0").ok()?;
            if retain(&raw mut context, device) != 0 {
                return None;
            }
            let mut status = push(context);
            if status == 0 {
                status = mem_info(&raw mut free, &raw mut total);
                pop(&raw mut popped);
            }
            release(device);
            (status == 0).then_some(free as u64)
        }
    }

    fn number(&self, function: &[u8]) -> Result<c_int, String> {
        let mut number = 0;
        // SAFETY: the callers name functions of one `int *`.
        let status = unsafe {
            let get: Symbol<Call> = self.get(function)?;
            get(&raw mut number)
        };
        self.checked(status).map(|()| number)
    }

    fn checked(&self, status: c_int) -> Result<(), String> {
        if status == 0 {
            return Ok(());
        }
        Err(format!(
            "the NVIDIA driver says {}",
            self.name_of_error(status)
        ))
    }

    /// `CUDA_ERROR_NO_DEVICE`, or its number.
    fn name_of_error(&self, status: c_int) -> String {
        type Name = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;

        let mut name = std::ptr::null();
        // SAFETY: `CUresult cuGetErrorName(CUresult, const char **)` gives a text that lives for ever, or null.
        let known = unsafe {
            self.get::<Name>(b"cuGetErrorName\0").ok().and_then(|get| {
                get(status, &raw mut name);
                (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
            })
        };
        known.unwrap_or_else(|| format!("error {status}"))
    }

    // SAFETY: the caller knows the function's signature.
    unsafe fn get<F>(&self, function: &[u8]) -> Result<Symbol<F>, String> {
        // SAFETY: as above.
        unsafe { self.library.get(function) }
            .map_err(|e| format!("the NVIDIA driver is incomplete: {e}"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    /// A driver that knows one device, compiled from C.
    const DRIVER: &str = r#"
        #include <string.h>
        #include <stddef.h>
        int cuInit(unsigned flags) { return INIT; }
        int cuGetErrorName(int e, const char **n) { *n = e == 100 ? "CUDA_ERROR_NO_DEVICE" : NULL; return 0; }
        int cuDriverGetVersion(int *v) { *v = 12040; return 0; }
        int cuDeviceGetCount(int *n) { *n = 1; return 0; }
        int cuDeviceGet(int *d, int i) { *d = 7; return i == 0 ? 0 : 101; }
        int cuDeviceGetName(char *to, int n, int d) { strncpy(to, "NVIDIA T0", n); return d == 7 ? 0 : 1; }
        int cuDeviceTotalMem_v2(size_t *n, int d) { *n = (size_t)3 << 29; return 0; }
        int cuDeviceGetAttribute(int *to, int a, int d) { *to = a == 75 ? 8 : a == 76 ? 6 : -1; return 0; }
        static int held = 0;
        int cuDevicePrimaryCtxRetain(void **c, int d) { held++; *c = &held; return 0; }
        int cuCtxPushCurrent_v2(void *c) { held += 10; return c == &held ? 0 : 1; }
        int cuCtxPopCurrent_v2(void **c) { held -= 10; return 0; }
        int cuDevicePrimaryCtxRelease_v2(int d) { held--; return 0; }
        int cuMemGetInfo_v2(size_t *f, size_t *t) { *f = held == 11 ? (size_t)1 << 30 : 0; return held == 11 ? 0 : 1; }
    "#;

    /// The path of such a driver, whose start gives `status`.
    pub(crate) fn driver(folder: &Path, status: i32) -> PathBuf {
        let (source, library) = (folder.join("driver.c"), folder.join("libcuda.so.1"));
        std::fs::write(&source, DRIVER.replace("INIT", &status.to_string())).expect("written");
        let mut compiler = Command::new("cc");
        compiler
            .args(["-shared", "-fPIC", "-w", "-o"])
            .arg(&library);
        assert!(
            compiler
                .arg(&source)
                .status()
                .expect("cc, which links Rust")
                .success()
        );
        library
    }

    #[test]
    fn a_driver_tells_of_its_device() {
        let folder = tempfile::tempdir().expect("a folder");
        let driver = Driver::open(&driver(folder.path(), 0)).expect("opened");
        assert_eq!((driver.version, driver.n_devices), (CudaVersion(12, 4), 1));
        // Twice, since the first must leave nothing behind.
        for _ in 0..2 {
            let gpu = driver.gpu(0).expect("there");
            assert_eq!(
                gpu.to_string(),
                "NVIDIA T0, 1.5 GiB (1.0 GiB free), compute capability 8.6"
            );
            assert!(gpu.is_ampere());
        }
        let error = driver.gpu(1).expect_err("one device");
        assert_eq!(error, "the NVIDIA driver says error 101");
    }

    #[test]
    fn a_driver_that_does_not_start_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Driver::open(&driver(folder.path(), 100)).err();
        let expected = "the NVIDIA driver does not start: CUDA_ERROR_NO_DEVICE";
        assert_eq!(error.as_deref(), Some(expected));
        let error = Driver::open(&folder.path().join("none.so"))
            .err()
            .expect("not there");
        assert!(
            error.starts_with("no NVIDIA driver is installed: "),
            "{error}"
        );
        let library = folder.path().join("empty.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "/dev/null", "-o"]);
        assert!(compiler.arg(&library).status().expect("cc").success());
        let error = Driver::open(&library).err().expect("without functions");
        assert!(
            error.starts_with("the NVIDIA driver is incomplete: "),
            "{error}"
        );
    }
}
