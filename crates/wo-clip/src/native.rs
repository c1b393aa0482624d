//! Safe wrappers of libtorch functions that tch lacks (`cpp/`). Without state, but for the kernels in use.

pub(crate) mod linear;
pub(crate) mod quick_gelu;

use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tch::{Device, Kind, Tensor};
use torch_sys::C_tensor;

/// An error of libtorch.
#[derive(Debug, thiserror::Error)]
#[error("libtorch: {0}")]
pub struct NativeError(String);

impl NativeError {
    /// Of a library beside libtorch.
    pub(crate) fn of(text: String) -> Self {
        Self(text)
    }
}

/// A part of a model that can run twice: pure but for random numbers.
type Block = Box<dyn Fn(&Tensor) -> Tensor + Send>;
type Run = unsafe extern "C" fn(*const c_void, *mut C_tensor) -> *mut C_tensor;
type Release = unsafe extern "C" fn(*mut c_void);

// Bools are those of the C++ side.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" {
    fn wo_free_message(message: *mut c_char);
    fn wo_drop_grads(n: usize, parameters: *const *const C_tensor) -> *mut c_char;
    fn wo_set_zero_grad(parameter: *const C_tensor) -> *mut c_char;
    // A bool, as in C++.
    fn wo_set_autocast(on_device: *const C_tensor, enabled: bool) -> *mut c_char;
    fn wo_pinned(tensor: *const C_tensor, pinned: *mut *mut C_tensor) -> *mut c_char;
    // A bool, as in C++.
    fn wo_set_tf32(is_on: bool) -> *mut c_char;
    fn wo_is_tf32(is_on: *mut bool) -> *mut c_char;
    fn wo_checkpoint(
        xs: *const C_tensor,
        run: Run,
        release: Release,
        block: *mut c_void,
        ys: *mut *mut C_tensor,
    ) -> *mut c_char;
}

/// Frees the memory of gradients; tch can only fill them with zeros.
pub(crate) fn drop_grads<'a>(
    parameters: impl IntoIterator<Item = &'a Tensor>,
) -> Result<(), NativeError> {
    let parameters: Vec<_> = parameters.into_iter().map(Tensor::as_ptr).collect();
    // SAFETY: the list holds as many tensors as is said, which outlive the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe { wo_drop_grads(parameters.len(), parameters.as_ptr()) })
}

/// Gives a parameter a gradient of zeros; tch hands out no way to set one.
pub fn set_zero_grad(parameter: &Tensor) {
    // SAFETY: the tensor outlives the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe { wo_set_zero_grad(parameter.as_ptr()) };
    checked(message).expect("a parameter may have a gradient");
}

/// Runs `work` with matrix products in bfloat16; parameters, sums and losses keep 32 bits. On this thread only. A CPU
/// without bfloat16 instructions is many times slower than in 32 bits.
pub fn with_bfloat16<T>(device: Device, work: impl FnOnce() -> T) -> Result<T, NativeError> {
    let on_device = Tensor::zeros([0], (Kind::Float, device));
    let set = |enabled| {
        // SAFETY: the tensor outlives the call.
        #[expect(unsafe_code, reason = "C++ promises nothing")]
        checked(unsafe { wo_set_autocast(on_device.as_ptr(), enabled) })
    };
    set(true)?;
    let done = catch_unwind(AssertUnwindSafe(work));
    set(false)?;
    Ok(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// A copy in memory that a GPU can fetch from by itself. An error without a GPU, or where no more can be pinned.
pub(crate) fn pinned(tensor: &Tensor) -> Result<Tensor, NativeError> {
    let mut pinned = std::ptr::null_mut();
    // SAFETY: the tensor outlives the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe { wo_pinned(tensor.as_ptr(), &raw mut pinned) };
    made(message, pinned)
}

/// Turns TF32 on or off for matrix products of 32-bit floats, in all threads of this process.
// A bool, as in libtorch.
pub(crate) fn set_tf32(is_on: bool) -> Result<(), NativeError> {
    // SAFETY: it takes no memory.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe { wo_set_tf32(is_on) })
}

/// Whether TF32 is on.
pub(crate) fn is_tf32() -> Result<bool, NativeError> {
    let mut is_on = false;
    // SAFETY: the bool outlives the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe { wo_is_tf32(&raw mut is_on) })?;
    Ok(is_on)
}

/// Runs `block` on `xs` with gradient checkpointing: the backward pass recomputes its activations, from the same random
/// numbers.
pub(crate) fn checkpoint(
    xs: &Tensor,
    block: impl Fn(&Tensor) -> Tensor + Send + 'static,
) -> Result<Tensor, NativeError> {
    let block: Box<Block> = Box::new(Box::new(block));
    let mut ys = std::ptr::null_mut();
    // SAFETY: the tensor outlives the call; C++ owns the block from here on and releases it once.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe {
        wo_checkpoint(
            xs.as_ptr(),
            run,
            release,
            Box::into_raw(block).cast(),
            &raw mut ys,
        )
    };
    made(message, ys)
}

/// Runs a block for C++; null where it panics.
// SAFETY: C++ calls it with what `checkpoint` made and with a tensor that outlives the call, on one thread at a time.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" fn run(block: *const c_void, xs: *mut C_tensor) -> *mut C_tensor {
    // SAFETY: as above.
    let block = unsafe { &*block.cast::<Block>() };
    let work = || {
        // SAFETY: both give C++'s tensor a second holder; the one of the result is C++'s to free.
        unsafe {
            let ys = block(&Tensor::clone_from_ptr(xs));
            torch_sys::at_shallow_clone(ys.as_ptr().cast_mut())
        }
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(std::ptr::null_mut())
}

// SAFETY: C++ calls it once with what `checkpoint` made.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" fn release(block: *mut c_void) {
    // SAFETY: as above.
    drop(unsafe { Box::from_raw(block.cast::<Block>()) });
}

pub(crate) fn made(message: *mut c_char, tensor: *mut C_tensor) -> Result<Tensor, NativeError> {
    checked(message)?;
    // SAFETY: without a message C++ has made a tensor, which is ours.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    Ok(unsafe { Tensor::from_ptr(tensor) })
}

pub(crate) fn checked(message: *mut c_char) -> Result<(), NativeError> {
    if message.is_null() {
        return Ok(());
    }
    Err(NativeError(text_of(message)))
}

/// The text that C++ made, which is given back to it.
pub(crate) fn text_of(made: *mut c_char) -> String {
    // SAFETY: C++ made a text that ends in a zero byte, and takes it back.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    unsafe {
        let text = CStr::from_ptr(made).to_string_lossy().into_owned();
        wo_free_message(made);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

    #[test]
    fn a_block_that_is_run_twice_draws_the_same_numbers() {
        let weight = Tensor::ones([3, 3], FLOAT).set_requires_grad(true);
        let xs = Tensor::ones([2, 3], FLOAT);
        let gradient = |with_checkpoint: bool| {
            tch::manual_seed(5);
            let held = weight.shallow_clone();
            let block = move |xs: &Tensor| xs.dropout(0.5, true).matmul(&held).dropout(0.5, true);
            let ys = if with_checkpoint {
                checkpoint(&xs, block).unwrap()
            } else {
                block(&xs)
            };
            let later = Tensor::rand([2, 3], FLOAT);
            (&ys * &later).sum(Kind::Float).backward();
            let after = Tensor::rand([2, 3], FLOAT);
            let grad = weight.grad().copy();
            drop_grads([&weight]).unwrap();
            assert!(!weight.grad().defined());
            (ys.detach(), grad, after)
        };
        let (a, b) = (gradient(false), gradient(true));
        assert_eq!(a, b);
        assert!(a.1.abs().sum(Kind::Float).double_value(&[]) > 0.0);
    }

    /// The losses of five steps of gradient descent in bfloat16, and the weight after them.
    fn five_steps(block_runs_twice: bool, uses_it_outside: bool) -> (Vec<f64>, Tensor) {
        tch::manual_seed(3);
        let weight = Tensor::randn([8, 8], FLOAT).set_requires_grad(true);
        let xs = Tensor::randn([4, 8], FLOAT);
        let step = |_| {
            let held = weight.shallow_clone();
            let block = move |xs: &Tensor| xs.matmul(&held).tanh();
            let forward = || {
                let ys = if block_runs_twice {
                    checkpoint(&xs, block).unwrap()
                } else {
                    block(&xs)
                };
                if uses_it_outside {
                    ys.matmul(&weight)
                } else {
                    ys
                }
            };
            let ys = with_bfloat16(Device::Cpu, forward).unwrap();
            let loss = (ys.to_kind(Kind::Float) - 0.5).square().mean(Kind::Float);
            loss.backward();
            tch::no_grad(|| {
                let _ = weight.shallow_clone().g_sub_(&(weight.grad() * 0.5));
            });
            drop_grads([&weight]).unwrap();
            loss.double_value(&[])
        };
        let losses = (0..5).map(step).collect();
        (losses, weight.detach())
    }

    #[test]
    fn a_step_in_bfloat16_sees_the_weights_of_the_step_before() {
        let (losses, weight) = five_steps(false, false);
        let (others, other) = five_steps(true, false);
        assert_eq!(losses, others);
        assert!(weight.allclose(&other, 1e-6, 1e-6, false));
        assert!(losses[4] < losses[0], "{losses:?}");
        // Both uses of a weight give a gradient. Without checkpointing they are summed in bfloat16.
        let (losses, _) = five_steps(false, true);
        let (others, _) = five_steps(true, true);
        let mut pairs = losses.iter().zip(&others);
        assert!(
            pairs.all(|(a, b)| (a - b).abs() < 0.02 * a),
            "{losses:?} {others:?}"
        );
    }

    #[test]
    fn a_block_goes_back_in_the_precision_in_which_it_ran_on_any_thread() {
        let matrix = Tensor::ones([4, 4], FLOAT).set_requires_grad(true);
        let kinds = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = std::sync::Arc::clone(&kinds);
        let block = move |xs: &Tensor| {
            let ys = xs.matmul(xs);
            seen.lock().unwrap().push(ys.kind());
            ys
        };
        let run = || checkpoint(&matrix, block).unwrap().to_kind(Kind::Float);
        let loss = with_bfloat16(Device::Cpu, run).unwrap().sum(Kind::Float);
        std::thread::spawn(move || loss.backward()).join().unwrap();
        assert_eq!(*kinds.lock().unwrap(), [Kind::BFloat16; 2]);
    }

    #[test]
    fn a_panic_in_a_block_does_not_cross_the_border() {
        let error = checkpoint(&Tensor::ones([1], FLOAT), |_| panic!("on purpose")).unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }

    #[test]
    fn bfloat16_is_on_within_and_off_after() {
        let matrix = Tensor::ones([4, 4], FLOAT);
        let within = with_bfloat16(Device::Cpu, || matrix.matmul(&matrix)).unwrap();
        assert_eq!(within.kind(), Kind::BFloat16);
        assert_eq!(matrix.matmul(&matrix).kind(), Kind::Float);
    }
}
