//! Muon (Jordan et al. 2024, `kellerjordan.github.io/posts/muon`): orthogonalized momentum, whose singular values are all about
//! one, so that all directions of a matrix learn alike. Scaled to the update size of AdamW (Liu et al. 2025, arXiv 2502.16982,
//! section 2.2), so that both share one learning rate.

use tch::{Kind, Tensor};

const MOMENTUM: f64 = 0.95;
/// The quintic of Jordan et al.: steep at zero, near one from 0.7 to 1.2.
const COEFFICIENTS: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
const N_ITERATIONS: usize = 5;
/// The root mean square of an AdamW update.
const ADAMW_RMS: f64 = 0.2;

/// The update of a matrix, before the learning rate. Also updates `momentum`.
pub(crate) fn change(grad: &Tensor, momentum: &mut Tensor) -> Tensor {
    let _ = momentum.g_mul_scalar_(MOMENTUM).g_add_(grad);
    let ahead = grad + &*momentum * MOMENTUM;
    let longer_side = grad.size().into_iter().max().unwrap_or(1);
    orthogonalised(&ahead) * (ADAMW_RMS * (longer_side as f64).sqrt())
}

/// Approximates `U V^T` of `U S V^T` by Newton-Schulz iteration.
fn orthogonalised(matrix: &Tensor) -> Tensor {
    let is_tall = matrix.size()[0] > matrix.size()[1];
    let mut x = if is_tall { matrix.tr() } else { matrix.copy() };
    x = &x / (x.norm().to_kind(Kind::Float) + 1e-7);
    let (a, b, c) = COEFFICIENTS;
    for _ in 0..N_ITERATIONS {
        let square = x.matmul(&x.tr());
        let inner = &square * b + square.matmul(&square) * c;
        x = &x * a + inner.matmul(&x);
    }
    if is_tall { x.tr() } else { x }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn singular_values_are_brought_to_about_one() {
        tch::manual_seed(3);
        for size in [[8, 8], [16, 4], [4, 16]] {
            let matrix = Tensor::randn(size, (Kind::Float, Device::Cpu));
            let (_, values, _) = orthogonalised(&matrix).svd(true, false);
            let (least, most) = (values.min(), values.max());
            assert!(least.double_value(&[]) > 0.3, "{least}");
            assert!(most.double_value(&[]) < 1.4, "{most}");
        }
    }

    #[test]
    fn a_change_is_as_long_as_one_of_adamw() {
        tch::manual_seed(4);
        let grad = Tensor::randn([32, 128], (Kind::Float, Device::Cpu));
        let mut momentum = grad.zeros_like();
        let rms = change(&grad, &mut momentum)
            .square()
            .mean(Kind::Float)
            .sqrt();
        assert!((0.12..0.28).contains(&rms.double_value(&[])), "{rms}");
        // The first momentum is the gradient itself.
        assert!(momentum.allclose(&grad, 1e-6, 1e-6, false));
    }
}
