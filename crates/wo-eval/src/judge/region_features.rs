//! Features of a video and of regions that show nothing of the lift: its first frame, and the background.

use image::RgbImage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_clip::Judge;
use wo_clip::tch::{Kind, Tensor};
use wo_picture::{MovingPerson, background};

/// Features are projected to so many dimensions by random signs, which keep distances (Johnson & Lindenstrauss 1984),
/// so that a hundred refits take seconds.
const WIDTH: usize = 64;
/// The directions are the same in all runs.
const SEED: u64 = 1;

/// Features of a video and of parts of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RegionFeatures {
    /// The mean over all frames.
    pub(crate) whole: Vec<f64>,
    /// Of the first frame.
    pub(crate) first_frame: Vec<f64>,
    /// Of the background; `None` if nothing or everything moves.
    pub(crate) background: Option<Vec<f64>>,
}

impl RegionFeatures {
    /// Computes them from the `features` of all frames and the moving `person`.
    pub(crate) fn of(
        judge: &Judge,
        images: &[RgbImage],
        features: &Tensor,
        person: Option<&MovingPerson>,
    ) -> Self {
        let behind = person.and_then(|person| background(images, person));
        let mean = features.mean_dim([0_i64].as_slice(), false, Kind::Double);
        Self {
            whole: fewer(&row(&mean)),
            first_frame: fewer(&row(&features.get(0))),
            background: behind.map(|it| fewer(&row(&judge.features(&[it.image]).get(0)))),
        }
    }
}

fn row(features: &Tensor) -> Vec<f64> {
    Vec::try_from(features.to_kind(Kind::Double)).unwrap_or_default()
}

fn fewer(features: &[f64]) -> Vec<f64> {
    if features.len() <= WIDTH {
        return features.to_vec();
    }
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    (0..WIDTH)
        .map(|_| {
            let sign = |x: &f64| if random.random_bool(0.5) { *x } else { -x };
            features.iter().map(sign).sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_numbers_keep_who_is_near_whom() {
        let at = |angle: f64| -> Vec<f64> {
            (0..512)
                .map(|i| if i % 2 == 0 { angle.cos() } else { angle.sin() })
                .collect()
        };
        let distance = |a: &[f64], b: &[f64]| -> f64 {
            let squares = a.iter().zip(b).map(|(x, y)| (x - y).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let [a, b, c] = [0.0, 0.1, 1.5].map(|angle| fewer(&at(angle)));
        assert_eq!(a.len(), WIDTH);
        assert_eq!(a, fewer(&at(0.0)));
        assert!(distance(&a, &b) < distance(&a, &c) / 4.0);
    }
}
