//! Linear layers, and what times and chooses their kernels (`cpp/linear.cpp`).

use std::ffi::{CStr, c_char, c_int};

use tch::{Tensor, nn};
use torch_sys::C_tensor;

use crate::native::{NativeError, checked, made, wo_free_message};

#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" {
    fn wo_linear(
        xs: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        ys: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn wo_use_onednn(bits: u32) -> *mut c_char;
    fn wo_onednn_bits() -> u32;
    fn wo_time_linear(
        part: c_int,
        rows: i64,
        n_in: i64,
        n_out: i64,
        n_rounds: c_int,
        own: *mut f64,
        onednn: *mut f64,
    ) -> *mut c_char;
    fn wo_cpu_capability() -> *mut c_char;
    fn wo_libtorch_version() -> *const c_char;
}

/// A product to time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    /// Which of a layer: its output, the gradient of its input, or that of its weight.
    pub(crate) part: usize,
    pub(crate) rows: i64,
    pub(crate) n_in: i64,
    pub(crate) n_out: i64,
}

/// The layer's output, by the kernels in use.
pub(crate) fn linear(layer: &nn::Linear, xs: &Tensor) -> Tensor {
    let bias = layer.bs.as_ref();
    let mut ys = std::ptr::null_mut();
    // SAFETY: all tensors outlive the call; a null bias is none.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe {
        wo_linear(
            xs.as_ptr(),
            layer.ws.as_ptr(),
            bias.map_or(std::ptr::null(), Tensor::as_ptr),
            &raw mut ys,
        )
    };
    // A panic, as in tch's own layers; where memory ran out it becomes an error above.
    made(message, ys).unwrap_or_else(|error| panic!("{error}"))
}

/// Has oneDNN compute the products of these bits from now on.
pub(crate) fn use_onednn(bits: u32) -> Result<(), NativeError> {
    // SAFETY: it stores a number.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe { wo_use_onednn(bits) })
}

/// The bits of the products that oneDNN computes.
pub(crate) fn onednn_bits() -> u32 {
    // SAFETY: it reads a number.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    unsafe {
        wo_onednn_bits()
    }
}

/// The least seconds of a product by libtorch's own kernel and by oneDNN, of a few rounds in turns.
pub(crate) fn time(product: Product, n_rounds: u32) -> Result<(f64, f64), NativeError> {
    let (mut own, mut onednn) = (f64::INFINITY, f64::INFINITY);
    // SAFETY: both numbers outlive the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    checked(unsafe {
        wo_time_linear(
            product.part as c_int,
            product.rows,
            product.n_in,
            product.n_out,
            n_rounds as c_int,
            &raw mut own,
            &raw mut onednn,
        )
    })?;
    Ok((own, onednn))
}

/// What libtorch's own kernels are compiled for on this processor, such as `AVX2`.
pub(crate) fn cpu_capability() -> String {
    // SAFETY: C++ makes a text that ends in a zero byte, or null, and takes it back.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    unsafe {
        let text = wo_cpu_capability();
        if text.is_null() {
            return String::new();
        }
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        wo_free_message(text);
        owned
    }
}

/// The version of libtorch that this was compiled with.
pub(crate) fn libtorch_version() -> String {
    // SAFETY: it is a constant that ends in a zero byte.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let version = unsafe { CStr::from_ptr(wo_libtorch_version()) };
    version.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tch::{Device, Kind, no_grad};

    use super::*;
    use crate::kernels::Kernels;
    use crate::native::{checkpoint, drop_grads, with_bfloat16};

    const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);
    /// The kernels in use are those of the whole process.
    static IN_USE: Mutex<()> = Mutex::new(());

    fn with<T>(kernels: Kernels, work: impl FnOnce() -> T) -> T {
        let _guard = IN_USE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kernels.apply().unwrap();
        let done = work();
        Kernels::OWN.apply().unwrap();
        done
    }

    fn layer(n_in: i64, n_out: i64, has_bias: bool) -> nn::Linear {
        nn::Linear {
            ws: Tensor::randn([n_out, n_in], FLOAT).set_requires_grad(true),
            bs: has_bias.then(|| Tensor::randn([n_out], FLOAT).set_requires_grad(true)),
        }
    }

    /// The output, and the gradients of input, weight and bias where they have one.
    fn results(layer: &nn::Linear, xs: &Tensor, runs_twice: bool) -> Vec<Option<Tensor>> {
        let ys = if runs_twice {
            let (ws, bs) = (
                layer.ws.shallow_clone(),
                layer.bs.as_ref().map(Tensor::shallow_clone),
            );
            let held = nn::Linear { ws, bs };
            checkpoint(xs, move |xs| linear(&held, xs)).unwrap()
        } else {
            linear(layer, xs)
        };
        // As encoders write to it.
        let one = ys.ones_like().detach();
        let mut fresh = ys;
        let ys = fresh.g_add_(&one);
        // A gradient in another order of axes, as attention gives it.
        if ys.requires_grad() {
            (ys.sin().transpose(-1, -2) * 0.5)
                .sum(Kind::Float)
                .backward();
        }
        let tensors: Vec<_> = [xs, &layer.ws].into_iter().chain(&layer.bs).collect();
        let grad = |tensor: &&Tensor| {
            let grad = tensor.grad();
            grad.defined().then(|| grad.copy())
        };
        let mut results = vec![Some(ys.detach().copy())];
        results.extend(tensors.iter().map(grad));
        drop_grads(tensors).unwrap();
        results
    }

    fn are_close(own: &[Option<Tensor>], onednn: &[Option<Tensor>]) -> bool {
        own.len() == onednn.len()
            && own.iter().zip(onednn).all(|pair| match pair {
                (Some(a), Some(b)) => a.size() == b.size() && a.allclose(b, 1e-4, 1e-4, false),
                (a, b) => a.is_none() && b.is_none(),
            })
    }

    #[test]
    fn both_kernels_give_the_same_output_and_gradients() {
        tch::manual_seed(1);
        for shape in [
            vec![7, 24],
            vec![3, 5, 24],
            vec![2, 3, 5, 24],
            vec![1, 24],
            vec![0, 24],
        ] {
            for n_out in [8, 24, 40] {
                for runs_twice in [false, true] {
                    let layer = layer(24, n_out, shape.len() != 2);
                    let xs = Tensor::randn(&shape, FLOAT).set_requires_grad(true);
                    let own = with(Kernels::OWN, || results(&layer, &xs, runs_twice));
                    let onednn = with(Kernels::ONEDNN, || results(&layer, &xs, runs_twice));
                    assert!(are_close(&own, &onednn), "{shape:?} {n_out} {runs_twice}");
                }
            }
        }
    }

    #[test]
    fn a_choice_by_parts_gives_the_same_too() {
        tch::manual_seed(2);
        let layer = layer(24, 40, true);
        let xs = Tensor::randn([3, 5, 24], FLOAT).set_requires_grad(true);
        let own = with(Kernels::OWN, || results(&layer, &xs, false));
        for part in ["output/small", "input_grad/small", "weight_grad/small"] {
            let kernels = Kernels::try_from(vec![part.to_owned()]).unwrap();
            let mixed = with(kernels, || results(&layer, &xs, false));
            assert!(are_close(&own, &mixed), "{part}");
        }
    }

    #[test]
    fn what_is_frozen_has_no_gradient() {
        tch::manual_seed(3);
        let frozen = nn::Linear {
            ws: Tensor::randn([40, 24], FLOAT),
            bs: Some(Tensor::randn([40], FLOAT)),
        };
        let (xs, start) = (Tensor::randn([5, 24], FLOAT), Tensor::randn([5, 24], FLOAT));
        let (xs, trained) = (xs.set_requires_grad(true), layer(24, 40, true));
        for (layer, xs) in [(&frozen, &xs), (&trained, &start), (&frozen, &start)] {
            let own = with(Kernels::OWN, || results(layer, xs, false));
            let onednn = with(Kernels::ONEDNN, || results(layer, xs, false));
            assert!(are_close(&own, &onednn));
            assert_eq!(onednn[1].is_some(), xs.requires_grad());
            assert_eq!(onednn[2].is_some(), layer.ws.requires_grad());
        }
    }

    #[test]
    fn without_gradients_and_in_bfloat16_it_is_the_layer_of_libtorch() {
        tch::manual_seed(4);
        let (layer, xs) = (layer(24, 40, true), Tensor::randn([3, 5, 24], FLOAT));
        let plain = xs.linear(&layer.ws, layer.bs.as_ref());
        let judged = with(Kernels::ONEDNN, || no_grad(|| linear(&layer, &xs)));
        assert!(judged.allclose(&plain, 1e-4, 1e-4, false) && !judged.requires_grad());
        let half = || with_bfloat16(Device::Cpu, || linear(&layer, &xs)).unwrap();
        let (own, onednn) = (with(Kernels::OWN, half), with(Kernels::ONEDNN, half));
        assert_eq!(onednn.kind(), Kind::BFloat16);
        assert_eq!(own, onednn);
    }
}
