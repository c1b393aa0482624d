//! Rotary position embedding in two dimensions (Heo et al. 2024, arXiv 2403.13298, the axial form): pairs of numbers of a
//! query or key are turned by angles that grow with the patch's column and row.

use tch::{Device, Kind, Tensor};

use crate::model::share::share_fields;

/// The slowest wave is about this many times slower than the fastest.
const TEMPERATURE: f64 = 10_000.0;

/// The sines and cosines of each position's angles, `[1 + patches, head width]`. The class token is not turned.
#[derive(Debug)]
pub(crate) struct Rotary {
    sine: Tensor,
    cosine: Tensor,
}

share_fields!(Rotary { sine, cosine; });

impl Rotary {
    /// For a square of `a_side` patches a side, whose first column and row count as 1.
    pub(crate) fn new(a_side: i64, head_width: i64, device: Device) -> Self {
        let n_waves = head_width / 4;
        let float = (Kind::Float, device);
        let waves = (Tensor::arange(n_waves, float) * (-TEMPERATURE.ln() / n_waves as f64)).exp();
        let places = Tensor::arange(a_side, float) + 1.0;
        let columns = places.repeat([a_side]);
        let rows = places.repeat_interleave_self_int(a_side, 0, None);
        let of = |places: Tensor| places.unsqueeze(1) * &waves;
        let angles =
            Tensor::cat(&[of(columns), of(rows)], 1).repeat_interleave_self_int(2, 1, None);
        let class = Tensor::zeros([1, angles.size()[1]], float);
        let angles = Tensor::cat(&[class, angles], 0);
        Self {
            sine: angles.sin(),
            cosine: angles.cos(),
        }
    }

    /// Queries or keys `[n, heads, positions, head width]`, turned.
    pub(crate) fn turned(&self, xs: &Tensor) -> Tensor {
        let pairs = xs.unflatten(-1, [-1, 2]);
        let (even, odd) = (pairs.select(-1, 0), pairs.select(-1, 1));
        let quarter = Tensor::stack(&[-odd, even], -1).flatten(-2, -1);
        (xs * &self.cosine + quarter * &self.sine).to_kind(xs.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_depend_on_how_far_apart_two_patches_are() {
        let rotary = Rotary::new(4, 8, Device::Cpu);
        let (query, key) = (
            Tensor::randn([8], (Kind::Float, Device::Cpu)),
            Tensor::randn([8], (Kind::Float, Device::Cpu)),
        );
        let turned = |xs: &Tensor| rotary.turned(&xs.expand([1, 1, 17, 8], false));
        let (queries, keys) = (turned(&query), turned(&key));
        // Positions from 1: rows of four. One to the right and one down, from two places.
        let product = |a: i64, b: i64| {
            let at = |xs: &Tensor, i| xs.select(2, i).flatten(0, -1);
            at(&queries, a).dot(&at(&keys, b)).double_value(&[])
        };
        assert!((product(1, 6) - product(11, 16)).abs() < 1e-5);
        assert!((product(0, 0) - query.dot(&key).double_value(&[])).abs() < 1e-5);
        assert!((product(1, 6) - product(1, 7)).abs() > 1e-5);
    }
}
