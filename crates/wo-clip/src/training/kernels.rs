//! Functions of libtorch that take all tensors of a step at once (`cpp/cuda_step.cpp`). Without state.
//!
//! A model has four hundred parameters. One call for each would keep a GPU waiting for its orders.

use std::ffi::c_char;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::native::{NativeError, checked, made};

// Long lists of parameters are those of the C++ side.
#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" {
    fn wo_fused_adamw(
        n: usize,
        parameters: *const *const C_tensor,
        grads: *const *const C_tensor,
        means: *const *const C_tensor,
        squares: *const *const C_tensor,
        steps: *const C_tensor,
        scale: *const C_tensor,
        found_inf: *const C_tensor,
        lr: f64,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
    ) -> *mut c_char;
    fn wo_norms(
        n: usize,
        tensors: *const *const C_tensor,
        norms: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn wo_lerp(
        n: usize,
        tensors: *const *const C_tensor,
        targets: *const *const C_tensor,
        fraction: f64,
    ) -> *mut c_char;
}

/// The settings of a step of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamWStep {
    pub(crate) lr: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) weight_decay: f64,
    pub(crate) eps: f64,
}

/// The tensors of a step of AdamW; those at one place belong together and have one shape and one layout.
#[derive(Debug, Default)]
pub(crate) struct AdamWTensors<'a> {
    pub(crate) parameters: Vec<&'a Tensor>,
    pub(crate) grads: Vec<Tensor>,
    pub(crate) means: Vec<&'a Tensor>,
    pub(crate) squares: Vec<&'a Tensor>,
}

/// What is done to gradients within a step. Both are single floats on the gradients' device, so that nothing waits for
/// their values.
#[derive(Debug)]
pub(crate) struct Clipping {
    /// Gradients are divided by it.
    pub(crate) scale: Tensor,
    /// 1 where a gradient is not finite: then nothing changes. Else 0.
    pub(crate) found_inf: Tensor,
}

/// One step of AdamW in one pass over memory. `step` counts from one, as a float on the tensors' device.
pub(crate) fn fused_adamw(
    tensors: &AdamWTensors<'_>,
    step: &Tensor,
    clipping: Option<&Clipping>,
    numbers: AdamWStep,
) -> Result<(), NativeError> {
    let parameters = pointers(tensors.parameters.iter().copied());
    let grads = pointers(&tensors.grads);
    let means = pointers(tensors.means.iter().copied());
    let squares = pointers(tensors.squares.iter().copied());
    let n = parameters.len();
    assert!(
        [&grads, &means, &squares]
            .iter()
            .all(|list| list.len() == n)
    );
    let AdamWStep {
        lr,
        beta1,
        beta2,
        weight_decay,
        eps,
    } = numbers;
    // SAFETY: the lists hold n tensors each, which outlive the call; C++ checks that they are laid out alike.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe {
        wo_fused_adamw(
            n,
            parameters.as_ptr(),
            grads.as_ptr(),
            means.as_ptr(),
            squares.as_ptr(),
            step.as_ptr(),
            clipping.map_or(std::ptr::null(), |it| it.scale.as_ptr()),
            clipping.map_or(std::ptr::null(), |it| it.found_inf.as_ptr()),
            lr,
            beta1,
            beta2,
            weight_decay,
            eps,
        )
    };
    checked(message)
}

/// The norm of each tensor, as one tensor. At least one tensor.
pub(crate) fn norms<'a>(
    tensors: impl IntoIterator<Item = &'a Tensor>,
) -> Result<Tensor, NativeError> {
    let tensors = pointers(tensors);
    let mut norms = std::ptr::null_mut();
    // SAFETY: the list holds as many tensors as is said, which outlive the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe { wo_norms(tensors.len(), tensors.as_ptr(), &raw mut norms) };
    made(message, norms)
}

/// Moves each tensor towards its target by `fraction` of the way: `lerp` of many pairs at once, in place.
pub fn lerp_all<'a>(
    pairs: impl IntoIterator<Item = (&'a Tensor, &'a Tensor)>,
    fraction: f64,
) -> Result<(), NativeError> {
    let (tensors, targets): (Vec<_>, Vec<_>) = pairs
        .into_iter()
        .map(|(tensor, target)| (tensor.as_ptr(), target.as_ptr()))
        .unzip();
    // SAFETY: both lists hold as many tensors as is said, which outlive the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe { wo_lerp(tensors.len(), tensors.as_ptr(), targets.as_ptr(), fraction) })
}

fn pointers<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*const C_tensor> {
    tensors.into_iter().map(Tensor::as_ptr).collect()
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

    #[test]
    fn norms_at_once_are_those_one_by_one_bit_for_bit() {
        tch::manual_seed(1);
        let sizes: [&[i64]; 5] = [&[64, 96], &[96], &[8, 3, 7, 7], &[], &[1]];
        let tensors = sizes.map(|size| Tensor::randn(size, FLOAT));
        let single: Vec<Tensor> = tensors.iter().map(Tensor::norm).collect();
        assert_eq!(norms(&tensors).unwrap(), Tensor::stack(&single, 0));
    }

    #[test]
    fn averages_move_at_once_as_one_by_one_bit_for_bit() {
        tch::manual_seed(2);
        let pair = |size: &[i64]| (Tensor::randn(size, FLOAT), Tensor::randn(size, FLOAT));
        for fraction in [0.001, 0.4, 0.9] {
            let pairs = [pair(&[33, 17]), pair(&[5]), pair(&[])];
            let single: Vec<Tensor> = pairs.iter().map(|(a, b)| a.lerp(b, fraction)).collect();
            lerp_all(pairs.iter().map(|(a, b)| (a, b)), fraction).unwrap();
            let moved: Vec<Tensor> = pairs.map(|(a, _)| a).into();
            assert_eq!(moved, single);
        }
    }

    #[test]
    fn a_message_of_libtorch_becomes_an_error() {
        let (parameter, other) = (Tensor::zeros([2], FLOAT), Tensor::zeros([3], FLOAT));
        let tensors = AdamWTensors {
            parameters: vec![&parameter],
            grads: vec![other.shallow_clone()],
            means: vec![&other],
            squares: vec![&other],
        };
        let numbers = AdamWStep {
            lr: 0.1,
            beta1: 0.9,
            beta2: 0.9,
            weight_decay: 0.0,
            eps: 1e-6,
        };
        let error = fused_adamw(&tensors, &Tensor::from(1.0_f32), None, numbers).unwrap_err();
        assert!(
            error.to_string().starts_with("libtorch: a tensor of"),
            "{error}"
        );
    }
}
