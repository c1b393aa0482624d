//! Turns running out of memory into an error: tch panics if libtorch has none left.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Arc;

/// Messages of libtorch's allocators, for a GPU and a CPU.
const SIGNS: [&str; 2] = ["out of memory", "can't allocate memory"];

/// The device is out of memory.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OutOfMemory(String);

impl OutOfMemory {
    /// Recognizes a message of libtorch, and keeps its first line about memory.
    pub fn of(message: &str) -> Option<Self> {
        message
            .lines()
            .find(|line| SIGNS.iter().any(|sign| line.contains(sign)))
            .map(|line| Self(line.trim().to_owned()))
    }
}

/// Runs `work` and returns its result, or that memory ran out. Other panics pass through. Not for two threads at once: meanwhile,
/// out-of-memory panics are silent in the whole process.
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

    #[test]
    fn other_panics_stay_panics() {
        assert!(catch_unwind(|| or_out_of_memory(|| panic!("on purpose"))).is_err());
        assert!(or_out_of_memory(|| 3).is_ok_and(|three| three == 3));
    }
}
