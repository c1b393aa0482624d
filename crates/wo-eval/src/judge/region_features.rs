//! Features of a video and of regions that show little of the form: its first frame, the background, the lifter at rest.

use image::RgbImage;
use image::imageops::crop_imm;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use wo_clip::Judge;
use wo_clip::tch::{Kind, Tensor};
use wo_picture::{Background, Bounds, MovingPerson, background, thumbnail};

/// Features are projected to so many dimensions by random signs, which keep distances (Johnson & Lindenstrauss 1984),
/// so that a hundred refits take seconds.
const WIDTH: usize = 64;
/// The directions are the same in all runs.
const SEED: u64 = 1;

/// Features of a video and of parts of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegionFeatures {
    /// The mean over all frames; `None` without a model.
    pub(crate) whole: Option<Vec<f64>>,
    /// Of the first frame.
    pub(crate) first_frame: Vec<f64>,
    /// Of the background; `None` if nothing or everything moves.
    pub(crate) background: Option<Vec<f64>>,
    /// Of the lifter at rest; `None` where there is no background either.
    pub(crate) appearance: Option<Vec<f64>>,
}

/// The images of a video that its features are of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenImages<'a> {
    pub(crate) images: &'a [RgbImage],
    /// The frame in which the lifter is at rest.
    pub(crate) still: Option<&'a RgbImage>,
    pub(crate) person: Option<&'a MovingPerson>,
}

impl RegionFeatures {
    /// Computes them from the `features` of all frames, and those that the model has of regions.
    pub(crate) fn of(judge: &Judge, seen: SeenImages<'_>, features: &Tensor) -> Self {
        let region = |image: RgbImage| fewer(&row(&judge.features(&[image]).get(0)));
        let mean = features.mean_dim([0_i64].as_slice(), false, Kind::Double);
        let behind = seen.background();
        Self {
            whole: Some(fewer(&row(&mean))),
            first_frame: fewer(&row(&features.get(0))),
            appearance: behind.as_ref().and_then(|it| seen.lifter(it)).map(region),
            background: behind.map(|it| region(it.image)),
        }
    }

    /// The same without a model, from colours. `None` without images.
    pub(crate) fn of_colours(seen: SeenImages<'_>) -> Option<Self> {
        let region = |image: &RgbImage| fewer(&thumbnail(image).map(f64::from));
        let behind = seen.background();
        Some(Self {
            whole: None,
            first_frame: region(seen.images.first()?),
            appearance: behind
                .as_ref()
                .and_then(|it| seen.lifter(it))
                .map(|it| region(&it)),
            background: behind.map(|it| region(&it.image)),
        })
    }
}

impl SeenImages<'_> {
    fn background(&self) -> Option<Background> {
        background(self.images, self.person?)
    }

    /// The lifter in the still frame, cut out by the rectangle that the background lacks: its edges lie on a coarse grid, so
    /// that they hardly tell how far the lifter moves.
    fn lifter(&self, behind: &Background) -> Option<RgbImage> {
        let still = self.still?;
        let pixels = |part: f64, side: u32| (part * f64::from(side)).round() as u32;
        let Bounds {
            left,
            top,
            right,
            bottom,
        } = behind.removed;
        let (width, height) = still.dimensions();
        let (x, y) = (pixels(left, width), pixels(top, height));
        let wide = pixels(right, width).saturating_sub(x);
        let high = pixels(bottom, height).saturating_sub(y);
        (wide > 0 && high > 0).then(|| crop_imm(still, x, y, wide, high).to_image())
    }
}

/// The image nearest to the start of the first repetition, when the lifter is at rest, else the first. `times_ms` are those of
/// the images.
pub(crate) fn still<'a>(
    images: &'a [RgbImage],
    times_ms: &[Option<f64>],
    start_ms: Option<f64>,
) -> Option<&'a RgbImage> {
    let distance = |time: &Option<f64>| Some((time.as_ref()? - start_ms?).abs());
    let known = images.iter().zip(times_ms.iter().map(distance));
    let near = known.filter_map(|(image, distance)| Some((image, distance?)));
    let nearest = near.min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.map(|(image, _)| image).or_else(|| images.first())
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

    #[test]
    fn the_lifter_at_rest_is_seen_without_a_model() {
        // A dark lifter of some colour who moves before a bright wall.
        let frame = |colour: [u8; 3], down: u32| {
            RgbImage::from_fn(64, 64, |x, y| {
                let is_lifter = (24..40).contains(&x) && (16 + down..40 + down).contains(&y);
                image::Rgb(if is_lifter { colour } else { [220; 3] })
            })
        };
        let of = |colour: [u8; 3]| {
            let images: Vec<RgbImage> = (0..8).map(|i| frame(colour, i % 4 * 5)).collect();
            let person = wo_picture::moving_person(&images).expect("someone who moves");
            let times: Vec<Option<f64>> = (0..8).map(|i| Some(f64::from(i))).collect();
            let seen = SeenImages {
                images: &images,
                still: still(&images, &times, Some(3.9)),
                person: Some(&person),
            };
            assert_eq!(seen.still, images.get(4));
            RegionFeatures::of_colours(seen).expect("images")
        };
        let (red, blue) = (of([120, 0, 0]), of([0, 0, 120]));
        assert_ne!(red.appearance, blue.appearance);
        assert_eq!(red.background, blue.background);
        assert!(red.whole.is_none() && red.appearance.is_some());
        let none = SeenImages {
            images: &[],
            still: None,
            person: None,
        };
        assert_eq!(RegionFeatures::of_colours(none), None);
    }
}
