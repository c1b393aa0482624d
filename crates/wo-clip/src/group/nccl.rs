//! NCCL between GPUs, by its C API: the library comes with the CUDA half of libtorch, and is opened at run time.
//!
//! This was written from its documentation and has not run on GPUs yet.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::time::{Duration, Instant};

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW, Symbol};
use tch::{Kind, Tensor};
use wo_cli::{Error, Exit, error};

use crate::group::exchange::Exchange;
use crate::native::NativeError;

const LIBRARY: &str = "libnccl.so.2";
/// `ncclFloat32` and `ncclSum` of nccl.h.
const FLOAT: c_int = 7;
const SUM: c_int = 0;
/// `ncclSuccess` and `ncclInProgress` of nccl.h, and `cudaErrorNotReady` of CUDA.
const DONE: c_int = 0;
const IN_PROGRESS: c_int = 7;
const NOT_READY: c_int = 600;
/// The size of an `ncclUniqueId`.
const ID: usize = 128;
/// Between two looks at whether an exchange is done.
const LOOK: Duration = Duration::from_micros(100);

/// What all processes need to know to connect.
#[repr(C)]
#[derive(Clone, Copy)]
struct Id([u8; ID]);

type Communicator = *mut c_void;
type NewId = unsafe extern "C" fn(*mut Id) -> c_int;
type Join = unsafe extern "C" fn(*mut Communicator, c_int, Id, c_int) -> c_int;
type SumAll = unsafe extern "C" fn(
    *const c_void,
    *mut c_void,
    usize,
    c_int,
    c_int,
    Communicator,
    *mut c_void,
) -> c_int;
type Asynchronous = unsafe extern "C" fn(Communicator, *mut c_int) -> c_int;
type Words = unsafe extern "C" fn(c_int) -> *const c_char;
type SetDevice = unsafe extern "C" fn(c_int) -> c_int;
type Query = unsafe extern "C" fn(*mut c_void) -> c_int;

/// NCCL, opened.
pub(crate) struct Library {
    nccl: Opened,
    /// This process, which holds the CUDA runtime.
    process: Opened,
}

/// A GPU among those of all processes.
pub(crate) struct Nccl {
    library: Library,
    communicator: Communicator,
    limit: Duration,
}

impl fmt::Debug for Nccl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nccl").finish_non_exhaustive()
    }
}

#[expect(unsafe_code, reason = "libraries outside of Rust")]
impl Library {
    /// Opens it, or says what is missing.
    pub(crate) fn open() -> Result<Self, Error> {
        // SAFETY: NVIDIA's library, which libtorch has loaded as a rule; its initialisers start nothing.
        let nccl = unsafe { Opened::open(Some(LIBRARY), RTLD_NOW | RTLD_LOCAL) };
        let nccl = nccl.map_err(|e| {
            error!(
                Exit::Environment,
                "GPUs of several processes need NCCL, which does not load: {e}";
                "WO_CUDA=1 scripts/just setup brings the CUDA build of libtorch with it"
            )
        })?;
        Ok(Self {
            nccl,
            process: Opened::this(),
        })
    }

    /// What the others need to connect with this process.
    pub(crate) fn new_id(&self) -> Result<Vec<u8>, Error> {
        let mut id = Id([0; ID]);
        // SAFETY: its signature in nccl.h; the memory outlives the call.
        let code = unsafe { self.function::<NewId>(b"ncclGetUniqueId\0")?(&raw mut id) };
        self.check(code)?;
        Ok(id.0.to_vec())
    }

    /// Connects the GPU `index` of this process with those of all others.
    pub(crate) fn join(
        self,
        id: &[u8],
        (rank, world): (usize, usize),
        index: usize,
        limit: Duration,
    ) -> Result<Nccl, Error> {
        let mut whole = Id([0; ID]);
        whole
            .0
            .iter_mut()
            .zip(id)
            .for_each(|(to, from)| *to = *from);
        let mut communicator = std::ptr::null_mut();
        // SAFETY: the signatures in nccl.h and of the CUDA runtime; the memory outlives the call.
        let code = unsafe {
            let set_device: Symbol<SetDevice> = self
                .process
                .get(b"cudaSetDevice\0")
                .map_err(|e| error!(Exit::Environment, "CUDA lacks a function: {e}"))?;
            let _ = set_device(index as c_int);
            let join = self.function::<Join>(b"ncclCommInitRank\0")?;
            join(&raw mut communicator, world as c_int, whole, rank as c_int)
        };
        self.check(code)?;
        Ok(Nccl {
            library: self,
            communicator,
            limit,
        })
    }

    fn check(&self, code: c_int) -> Result<(), Error> {
        if code == DONE {
            return Ok(());
        }
        Err(error!(
            Exit::Environment,
            "the GPUs of the processes cannot be connected: {}", self.words(code);
            "NCCL_DEBUG=INFO lets NCCL say more; each process needs a GPU of its own"
        ))
    }

    fn words(&self, code: c_int) -> String {
        // SAFETY: its signature in nccl.h; it gives a text that stays.
        unsafe {
            match self.nccl.get::<Words>(b"ncclGetErrorString\0") {
                Ok(words) => CStr::from_ptr(words(code)).to_string_lossy().into_owned(),
                Err(_) => format!("NCCL error {code}"),
            }
        }
    }

    /// A function of NCCL. `F` must be its signature.
    fn function<F>(&self, name: &[u8]) -> Result<Symbol<F>, Error> {
        // SAFETY: whoever calls it knows its signature.
        let found = unsafe { self.nccl.get(name) };
        found.map_err(|e| error!(Exit::Environment, "NCCL lacks a function: {e}"))
    }
}

#[expect(unsafe_code, reason = "libraries outside of Rust")]
impl Nccl {
    /// Exchanges a dense tensor of 32-bit floats on the GPU, in place, and waits for it. A broadcast is a sum to which the
    /// others add nothing.
    pub(crate) fn exchange(&self, tensor: &Tensor, what: Exchange) -> Result<(), NativeError> {
        assert_eq!(tensor.kind(), Kind::Float, "others go by Gloo");
        if what == Exchange::Broadcast && !self.is_first()? {
            let _ = tensor.shallow_clone().zero_();
        }
        let at = tensor.data_ptr();
        // All work of libtorch is in the default stream, so what comes before is done before, and what comes after, after.
        let stream = std::ptr::null_mut();
        // SAFETY: its signature in nccl.h; the memory of the tensor lives until the exchange is done, which is waited for.
        let code = unsafe {
            let sum = self.get::<SumAll>(b"ncclAllReduce\0")?;
            sum(
                at,
                at,
                tensor.numel(),
                FLOAT,
                SUM,
                self.communicator,
                stream,
            )
        };
        if code != DONE {
            return Err(NativeError::of(self.library.words(code)));
        }
        self.wait()
    }

    /// Waits until all work of the device is done, and fails where another process is gone or slow for too long.
    fn wait(&self) -> Result<(), NativeError> {
        let since = Instant::now();
        loop {
            let mut state = DONE;
            // SAFETY: the signatures in nccl.h and of the CUDA runtime; the number outlives the call.
            let code = unsafe {
                let ask = self.get::<Asynchronous>(b"ncclCommGetAsyncError\0")?;
                let _ = ask(self.communicator, &raw mut state);
                let query = self.library.process.get::<Query>(b"cudaStreamQuery\0");
                let query = query.map_err(|e| NativeError::of(e.to_string()))?;
                query(std::ptr::null_mut())
            };
            if state != DONE && state != IN_PROGRESS {
                return Err(NativeError::of(self.library.words(state)));
            }
            match code {
                0 => return Ok(()),
                NOT_READY if since.elapsed() < self.limit => std::thread::sleep(LOOK),
                NOT_READY => {
                    let limit = self.limit.as_secs();
                    return Err(NativeError::of(format!("no answer within {limit} s")));
                }
                code => return Err(NativeError::of(format!("CUDA error {code}"))),
            }
        }
    }

    fn is_first(&self) -> Result<bool, NativeError> {
        type Rank = unsafe extern "C" fn(Communicator, *mut c_int) -> c_int;
        let mut rank = -1;
        // SAFETY: its signature in nccl.h; the number outlives the call.
        let code =
            unsafe { self.get::<Rank>(b"ncclCommUserRank\0")?(self.communicator, &raw mut rank) };
        if code != DONE {
            return Err(NativeError::of(self.library.words(code)));
        }
        Ok(rank == 0)
    }

    fn get<F>(&self, name: &[u8]) -> Result<Symbol<F>, NativeError> {
        self.library
            .function(name)
            .map_err(|e| NativeError::of(e.to_string()))
    }
}
