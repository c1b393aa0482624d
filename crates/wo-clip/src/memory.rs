//! Turns running out of memory into an error: tch panics if libtorch has none left.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Arc;

/// Parts of messages that mean it. Libraries that libtorch calls fail in words of their own when they cannot allocate.
const SIGNS: [&str; 10] = [
    // `CUDA out of memory`, `CUDA error: out of memory`, `CUDA driver error: out of memory`.
    "out of memory",
    // `DefaultCPUAllocator: can't allocate memory` and `not enough memory`.
    "can't allocate memory",
    "not enough memory: you tried to allocate",
    "std::bad_alloc",
    // cuBLAS, cuDNN, cuSOLVER and cuSPARSE; cuFFT.
    "_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
    // cuDNN from version 9 on: of the device and of the host.
    "_ALLOCATION_FAILED",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "cudaErrorMemoryAllocation",
    // The allocator wants to say how much is free and fails at that, where NVML is missing, as in some containers.
    "NVML_SUCCESS == ",
];

/// The device is out of memory.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OutOfMemory(String);

impl OutOfMemory {
    /// Recognizes a message of libtorch, and keeps its first line about memory. tch writes line breaks as `\n`.
    pub fn of(message: &str) -> Option<Self> {
        message
            .lines()
            .flat_map(|line| line.split("\\n"))
            .find(|line| SIGNS.iter().any(|sign| line.contains(sign)))
            .map(|line| Self(line.trim().to_owned()))
    }
}

/// Runs `work` and returns its result, or that memory ran out. Other panics pass through. Not for two threads at once:
/// meanwhile, out-of-memory panics are silent in the whole process.
pub fn or_out_of_memory<T>(work: impl FnOnce() -> T) -> Result<T, OutOfMemory> {
    let loud = Arc::new(take_hook());
    let kept = Arc::clone(&loud);
    set_hook(Box::new(move |info| {
        if of_panic(info.payload()).is_none() {
            kept(info);
        }
    }));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(Box::new(move |info| loud(info)));
    done.map_err(|panic| of_panic(&*panic).unwrap_or_else(|| resume_unwind(panic)))
}

/// Runs `work` inside of [`or_out_of_memory`] and returns its result, or that memory ran out.
fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, OutOfMemory> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|panic| of_panic(&*panic).unwrap_or_else(|| resume_unwind(panic)))
}

/// Runs `work` on `n` items at once; where memory runs out, again on half as many. `n` becomes what fits. Fails where one
/// item is too many.
pub fn halving<T>(n: &mut usize, mut work: impl FnMut(usize) -> T) -> Result<T, OutOfMemory> {
    loop {
        match attempt(|| work(*n)) {
            Err(_) if *n > 1 => *n /= 2,
            done => return done,
        }
    }
}

fn of_panic(panic: &(dyn Any + Send)) -> Option<OutOfMemory> {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())?;
    OutOfMemory::of(message)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn what_libtorch_cannot_allocate_is_an_error() {
        let too_much = || Tensor::zeros([1 << 60], (Kind::Uint8, Device::Cpu));
        let error = or_out_of_memory(too_much).unwrap_err().to_string();
        assert!(error.contains("can't allocate memory"), "{error}");
        assert_eq!(error.lines().count(), 1);
        assert!(!error.contains("frame #0"), "no stack of libtorch: {error}");
    }

    /// As c10 words it (`CUDACachingAllocator.cpp`).
    #[test]
    fn a_gpu_that_is_full_is_an_error() {
        let error = or_out_of_memory(|| {
            panic!(
                "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 \
                 has a total capacity of 7.79 GiB\nException raised from malloc\")"
            )
        });
        assert!(error.unwrap_err().to_string().contains("2.00 GiB"));
    }

    /// As libtorch and the libraries under it word it, with what tch puts around.
    #[test]
    fn all_words_for_it_are_known() {
        for message in [
            "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
            "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
            "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED",
            "CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY",
            "NVML_SUCCESS == r INTERNAL ASSERT FAILED at \"../c10/cuda/CUDACachingAllocator.cpp\":1123, please report a bug",
            "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate",
        ] {
            let words =
                format!("called `Result::unwrap()` on an `Err` value: Torch(\"{message}\")");
            assert!(OutOfMemory::of(&words).is_some(), "{message}");
        }
        for message in [
            "CUDA error: an illegal memory access was encountered",
            "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
            "CUDA error: device-side assert triggered",
        ] {
            assert!(OutOfMemory::of(message).is_none(), "{message}");
        }
    }

    #[test]
    fn what_does_not_fit_is_tried_with_half_as_much() {
        let with_room_for = |room: usize, n: &mut usize| {
            let mut tried = Vec::new();
            let result = or_out_of_memory(|| {
                halving(n, |n| {
                    tried.push(n);
                    assert!(n <= room, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED");
                    n
                })
            });
            (result.unwrap().ok(), tried)
        };
        let mut n = 100;
        assert_eq!(with_room_for(30, &mut n), (Some(25), vec![100, 50, 25]));
        assert_eq!(
            with_room_for(30, &mut n),
            (Some(25), vec![25]),
            "it is kept"
        );
        assert_eq!(with_room_for(0, &mut n), (None, vec![25, 12, 6, 3, 1]));
        // Others pass through.
        assert!(catch_unwind(|| halving(&mut 8, |n| assert!(n > 8, "on purpose"))).is_err());
    }

    #[test]
    fn other_panics_stay_panics() {
        assert!(catch_unwind(|| or_out_of_memory(|| panic!("on purpose"))).is_err());
        assert!(or_out_of_memory(|| 3).is_ok_and(|three| three == 3));
    }
}
