//! CLIP's activation (`cpp/quick_gelu.cpp`).

use std::ffi::c_char;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::native::{NativeError, made};

#[expect(unsafe_code, reason = "C++ promises nothing")]
unsafe extern "C" {
    fn wo_quick_gelu(xs: *const C_tensor, ys: *mut *mut C_tensor) -> *mut c_char;
}

/// `x * sigmoid(1.702 x)`, which keeps one tensor for the backward pass instead of four.
pub(crate) fn quick_gelu(xs: &Tensor) -> Result<Tensor, NativeError> {
    let mut ys = std::ptr::null_mut();
    // SAFETY: the tensor outlives the call.
    #[expect(unsafe_code, reason = "C++ promises nothing")]
    let message = unsafe { wo_quick_gelu(xs.as_ptr(), &raw mut ys) };
    made(message, ys)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::native::drop_grads;

    const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

    #[test]
    fn the_activation_and_its_slope_are_those_of_its_formula() {
        // More than a thread takes at once, and far out, where the exponential ends.
        let values: Vec<f32> = (-40_000..40_000).map(|i| i as f32 / 300.0).collect();
        let (ours, theirs) = (
            Tensor::from_slice(&values).set_requires_grad(true),
            Tensor::from_slice(&values).set_requires_grad(true),
        );
        let a = quick_gelu(&ours).unwrap();
        let b = &theirs * (&theirs * 1.702).sigmoid();
        assert!(a.allclose(&b, 1e-6, 1e-6, false));
        a.square().sum(Kind::Float).backward();
        b.square().sum(Kind::Float).backward();
        assert!(ours.grad().allclose(&theirs.grad(), 1e-5, 1e-6, false));
    }

    #[test]
    fn the_activation_takes_any_layout_and_type() {
        tch::manual_seed(6);
        let of = |xs: &Tensor| xs * (xs * 1.702).sigmoid();
        let matrix = Tensor::randn([5, 7, 9], FLOAT);
        let odd = [
            matrix.transpose(0, 2),
            matrix.slice(1, 0, 7, 2),
            matrix.get(0).get(0),
        ];
        for xs in odd {
            let xs = xs.detach().set_requires_grad(true);
            let ys = quick_gelu(&xs).unwrap();
            assert!(ys.allclose(&of(&xs), 1e-6, 1e-6, false), "{:?}", xs.size());
            // A gradient that is one number for all.
            ys.sum(Kind::Float).backward();
            let ours = xs.grad().copy();
            drop_grads([&xs]).unwrap();
            of(&xs).sum(Kind::Float).backward();
            assert!(
                ours.allclose(&xs.grad(), 1e-5, 1e-6, false),
                "{:?}",
                xs.size()
            );
        }
        for (kind, close) in [(Kind::Double, 1e-7), (Kind::BFloat16, 2e-2)] {
            let xs = matrix.to_kind(kind);
            let ys = quick_gelu(&xs).unwrap();
            assert_eq!(ys.kind(), kind);
            assert!(ys.allclose(&of(&xs), close, close, false), "{kind:?}");
        }
        let extreme = Tensor::from_slice(&[f32::INFINITY, -1e30, 1e30, f32::NAN, 0.0, -0.0]);
        let ys = Vec::<f32>::try_from(quick_gelu(&extreme).unwrap()).unwrap();
        assert!(
            ys[0].is_infinite() && ys[1].abs() < 1e-6 && (ys[2] - 1e30).abs() < 1e25,
            "{ys:?}"
        );
        assert!(ys[3].is_nan() && ys[4] == 0.0 && ys[5] == 0.0, "{ys:?}");
    }

    #[test]
    fn the_activation_is_finite_and_right_far_from_zero() {
        let values = [-1e30_f32, -1e4, -60.0, -11.8, 11.7, 11.8, 60.0, 1e4, 1e30];
        let xs = Tensor::from_slice(&values);
        let exact = xs.to_kind(Kind::Double);
        let exact = &exact * (&exact * 1.702).sigmoid();
        for kind in [Kind::Float, Kind::BFloat16] {
            let ys = quick_gelu(&xs.to_kind(kind)).unwrap().to_kind(Kind::Double);
            let tolerance = if kind == Kind::Float { 1e-6 } else { 4e-3 };
            let exact = if kind == Kind::Float {
                exact.shallow_clone()
            } else {
                let rounded = xs.to_kind(kind).to_kind(Kind::Double);
                &rounded * (&rounded * 1.702).sigmoid()
            };
            assert!(ys.allclose(&exact, tolerance, 1e-6, false), "{ys} {exact}");
        }
    }
}
