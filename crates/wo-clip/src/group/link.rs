//! libtorch's process groups (`cpp/group.cpp`): the store at which processes meet, and Gloo between them.

use std::ffi::{CString, c_char, c_int, c_void};
use std::net::IpAddr;
use std::time::Duration;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::group::patience::Patience;
use crate::native::{NativeError, checked, text_of};

#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" {
    // A bool, as in C++.
    fn wo_store_open(
        host: *const c_char,
        port: u16,
        is_server: bool,
        prefix: *const c_char,
        timeout_ms: i64,
        store: *mut *mut c_void,
    ) -> *mut c_char;
    fn wo_store_free(store: *mut c_void);
    fn wo_store_set(store: *mut c_void, key: *const c_char, value: *const c_char) -> *mut c_char;
    fn wo_store_count(store: *mut c_void, key: *const c_char, count: *mut i64) -> *mut c_char;
    fn wo_store_gather(
        store: *mut c_void,
        key: *const c_char,
        n: usize,
        timeout_ms: i64,
        values: *mut *mut c_char,
    ) -> *mut c_char;
    fn wo_gloo_open(
        store: *mut c_void,
        rank: c_int,
        world: c_int,
        address: *const c_char,
        join_ms: i64,
        timeout_ms: i64,
        gloo: *mut *mut c_void,
    ) -> *mut c_char;
    fn wo_gloo_free(gloo: *mut c_void);
    fn wo_gloo_sum(gloo: *mut c_void, tensor: *const C_tensor) -> *mut c_char;
    fn wo_gloo_broadcast(gloo: *mut c_void, tensor: *const C_tensor) -> *mut c_char;
}

/// Values under keys, which all processes see. One of them keeps it, or torchrun.
#[derive(Debug)]
pub(crate) struct Store(*mut c_void);

/// Where a store is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StorePlace<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Before each key.
    pub(crate) prefix: &'a str,
    /// Whether this process keeps it.
    pub(crate) is_here: bool,
}

// SAFETY: c10d's stores take calls of several threads, one after the other.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe impl Send for Store {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe impl Sync for Store {}

#[expect(unsafe_code, reason = "C++ promises nothing")]
impl Store {
    /// Opens it, or connects to it within this time.
    pub(crate) fn open(place: StorePlace<'_>, timeout: Duration) -> Result<Self, NativeError> {
        let (host, prefix) = (text(place.host), text(place.prefix));
        let mut store = std::ptr::null_mut();
        // SAFETY: both texts outlive the call.
        checked(unsafe {
            wo_store_open(
                host.as_ptr(),
                place.port,
                place.is_here,
                prefix.as_ptr(),
                milliseconds(timeout),
                &raw mut store,
            )
        })?;
        Ok(Self(store))
    }

    /// Sets a value, which has no line break.
    pub(crate) fn set(&self, key: &str, value: &str) -> Result<(), NativeError> {
        let (key, value) = (text(key), text(value));
        // SAFETY: the store lives as long as this, and both texts outlive the call.
        checked(unsafe { wo_store_set(self.0, key.as_ptr(), value.as_ptr()) })
    }

    /// Adds one to a counter and gives what it comes to.
    pub(crate) fn count(&self, key: &str) -> Result<i64, NativeError> {
        let (key, mut count) = (text(key), 0);
        // SAFETY: the store lives as long as this, and the text outlives the call.
        checked(unsafe { wo_store_count(self.0, key.as_ptr(), &raw mut count) })?;
        Ok(count)
    }

    /// The values of `KEY0` to `KEYn` once all are there or the time is up; `None` for one that is not there.
    pub(crate) fn gather(
        &self,
        key: &str,
        n: usize,
        timeout: Duration,
    ) -> Result<Vec<Option<String>>, NativeError> {
        let (key, mut values) = (text(key), std::ptr::null_mut());
        let limit = milliseconds(timeout);
        // SAFETY: the store lives as long as this, and the text outlives the call.
        checked(unsafe { wo_store_gather(self.0, key.as_ptr(), n, limit, &raw mut values) })?;
        let values = text_of(values);
        let lines = values
            .lines()
            .map(|it| (!it.is_empty()).then(|| it.to_owned()));
        Ok(lines.collect())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: C++ made it, and nothing else frees it.
        #[expect(unsafe_code, reason = "C++ promises nothing")]
        unsafe {
            wo_store_free(self.0);
        }
    }
}

/// Connections to all other processes, for tensors on the CPU.
#[derive(Debug)]
pub(crate) struct Gloo(*mut c_void);

#[expect(unsafe_code, reason = "C++ promises nothing")]
impl Gloo {
    /// Connects with all others, and listens for them at `address`. Without one c10d chooses it.
    pub(crate) fn open(
        store: &Store,
        (rank, world): (usize, usize),
        address: Option<IpAddr>,
        patience: Patience,
    ) -> Result<Self, NativeError> {
        let address = text(&address.map_or_else(String::new, |it| it.to_string()));
        let mut gloo = std::ptr::null_mut();
        // SAFETY: the store outlives the call, in which C++ takes a share of it; so does the text.
        checked(unsafe {
            wo_gloo_open(
                store.0,
                rank as c_int,
                world as c_int,
                address.as_ptr(),
                milliseconds(patience.to_join),
                milliseconds(patience.to_exchange),
                &raw mut gloo,
            )
        })?;
        Ok(Self(gloo))
    }

    /// Sums a dense tensor over all processes, in place.
    pub(crate) fn sum(&self, tensor: &Tensor) -> Result<(), NativeError> {
        // SAFETY: the group lives as long as this; the tensor outlives the call, which ends when the sum is there.
        checked(unsafe { wo_gloo_sum(self.0, tensor.as_ptr()) })
    }

    /// Takes the dense tensor of process 0, in place.
    pub(crate) fn broadcast(&self, tensor: &Tensor) -> Result<(), NativeError> {
        // SAFETY: as above.
        checked(unsafe { wo_gloo_broadcast(self.0, tensor.as_ptr()) })
    }
}

impl Drop for Gloo {
    fn drop(&mut self) {
        // SAFETY: C++ made it, and nothing else frees it.
        #[expect(unsafe_code, reason = "C++ promises nothing")]
        unsafe {
            wo_gloo_free(self.0);
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A text for C++, which ends at its first zero byte.
fn text(of: &str) -> CString {
    let until = of.split('\0').next().unwrap_or_default();
    CString::new(until).expect("there is no zero byte in it")
}
