//! Videos that show the same frames: re-encoded, resized, or cut from one another.

use std::collections::{BTreeMap, BTreeSet};

use image::RgbImage;
use image::imageops::crop_imm;

use crate::perceptual_hash::{HashIndex, SAME_PART};
use crate::quality::luma;
use crate::resize::resize;

/// Cells along each side.
const SIDE: u32 = 16;
/// The mean change, in levels, between thumbnails of one frame. H.264 at a CRF of 35, and half the size at 30, change those
/// of gym videos by 1.3 in the middle and 2.3 at most.
const SAME_MEAN: f64 = 3.0;
/// The change of their most changed cell: 7 at most by the same. Between two repetitions before a camera that does not move
/// the mean changes as little as by coding, but some cell by 10 and more in most frames.
const SAME_CELL: u8 = 10;
/// Half of a hash's 64 bits are ones, as it is made. Where far fewer or more are, the image has no detail, such as a black
/// one, and is ignored.
const DETAILED: std::ops::RangeInclusive<u32> = 16..=48;
/// Two videos are copies if this share of the frames of each is found in the other.
const COPY_PART: f64 = 0.8;

/// The middle square of an image as a few grey cells, which encoding and size hardly change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreyCells(Box<[u8]>);

impl GreyCells {
    /// Computes the cells of an image.
    pub fn of(image: &RgbImage) -> Self {
        let (width, height) = image.dimensions();
        let side = width.min(height);
        let square = crop_imm(image, (width - side) / 2, (height - side) / 2, side, side);
        let small = resize(&square.to_image(), SIDE, SIDE);
        Self(luma(&small).into_raw().into_boxed_slice())
    }

    /// Whether both show one frame. Hashes alone miss a small lifter in a large room.
    pub fn is_same_frame(&self, other: &Self) -> bool {
        let changes = || self.0.iter().zip(&other.0).map(|(a, b)| a.abs_diff(*b));
        let sum: u64 = changes().map(u64::from).sum();
        let mean = sum as f64 / self.0.len().max(1) as f64;
        mean <= SAME_MEAN && changes().all(|change| change <= SAME_CELL)
    }
}

/// Two videos that share frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// The position of the first video.
    pub first: usize,
    /// The position of the second video.
    pub second: usize,
    /// The share of the first's frames that the second shows, from 0 to 1.
    pub of_first: f64,
    /// The share of the second's frames that the first shows.
    pub of_second: f64,
}

impl Overlap {
    /// Whether they are one video twice.
    pub fn is_copy(&self) -> bool {
        self.of_first.min(self.of_second) >= COPY_PART
    }
}

/// All pairs of videos in which one shows at least half of the other's frames. A video is given as the hashes of its frames.
/// `is_same` compares two frames with near hashes; each is given as video and position.
pub fn overlaps<E>(
    videos: &[&[u64]],
    mut is_same: impl FnMut((usize, usize), (usize, usize)) -> Result<bool, E>,
) -> Result<Vec<Overlap>, E> {
    let detailed = |video: usize| {
        let frames = videos.get(video).copied().unwrap_or(&[]).iter().enumerate();
        frames.filter(|(_, hash)| DETAILED.contains(&hash.count_ones()))
    };
    let all = HashIndex::new(
        (0..videos.len())
            .flat_map(|video| detailed(video).map(move |(frame, hash)| ((video, frame), *hash))),
    );
    let mut found = Vec::new();
    for first in 0..videos.len() {
        let mut alike: BTreeMap<usize, BTreeSet<(usize, usize)>> = BTreeMap::new();
        for (frame, hash) in detailed(first) {
            let others = all.near(*hash).filter(|(other, _)| *other > first);
            for (other, other_frame) in others {
                alike.entry(other).or_default().insert((frame, other_frame));
            }
        }
        for (second, pairs) in alike {
            let (n_first, n_second) = (detailed(first).count(), detailed(second).count());
            let part = |same: &BTreeSet<usize>, n: usize| same.len() as f64 / n.max(1) as f64;
            let (mut here, mut there) = (BTreeSet::new(), BTreeSet::new());
            for (frame, other_frame) in pairs {
                let is_known = here.contains(&frame) && there.contains(&other_frame);
                if !is_known && is_same((first, frame), (second, other_frame))? {
                    here.insert(frame);
                    there.insert(other_frame);
                }
            }
            let overlap = Overlap {
                first,
                second,
                of_first: part(&here, n_first),
                of_second: part(&there, n_second),
            };
            if overlap.of_first.max(overlap.of_second) >= SAME_PART {
                found.push(overlap);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use image::Rgb;

    use super::*;

    /// Half ones, and far from that of any other number.
    fn hash(number: u64) -> u64 {
        let half = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        half << 32 | (!half & 0xffff_ffff)
    }

    fn frames(numbers: std::ops::Range<u64>) -> Vec<u64> {
        numbers.map(hash).collect()
    }

    fn found(videos: &[&[u64]]) -> Vec<Overlap> {
        let always = |_, _| Ok::<_, Infallible>(true);
        overlaps(videos, always).unwrap_or_default()
    }

    #[test]
    fn the_same_frames_are_found_once_a_pair() {
        let one = frames(0..8);
        let coded_again: Vec<u64> = one.iter().map(|hash| hash ^ 0b101).collect();
        let other = frames(100..108);
        let pairs = found(&[&one, &other, &coded_again]);
        let [pair] = &pairs[..] else {
            panic!("one pair, not {pairs:?}");
        };
        assert_eq!((pair.first, pair.second), (0, 2));
        assert!(pair.is_copy() && pair.of_first.min(pair.of_second) > 1.0 - 1e-6);
    }

    #[test]
    fn a_part_that_is_cut_out_is_no_copy() {
        let (whole, part) = (frames(0..40), frames(3..11));
        let pairs = found(&[&whole, &part]);
        assert_eq!((pairs[0].of_first, pairs[0].of_second), (0.2, 1.0));
        assert!(!pairs[0].is_copy());
        let less = [frames(5..8), frames(50..55)].concat();
        assert_eq!(found(&[&whole, &less]), []);
        assert_eq!(found(&[&[0; 8], &[0; 8]]), [], "black says nothing");
    }

    #[test]
    fn frames_are_looked_at_closer_before_they_count() {
        let one = frames(0..8);
        let never = |_, _| Ok::<_, Infallible>(false);
        assert_eq!(overlaps(&[&one, &one], never), Ok(Vec::new()));
        let fails = |_, _| Err("no such frame");
        assert_eq!(overlaps(&[&one, &one], fails), Err("no such frame"));
    }

    /// A room of stripes, with a lifter of a few percent of it at some height.
    fn room(width: u32, height: u32, lifter: f64) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let (u, v) = (
                f64::from(x) / f64::from(width),
                f64::from(y) / f64::from(height),
            );
            let is_lifter = (u - 0.5).abs() < 0.06 && (v - lifter).abs() < 0.12;
            let wall = 90 + (40.0 * (20.0 * u).sin()) as u8 / 2;
            Rgb(if is_lifter {
                [200, 160, 140]
            } else {
                [wall; 3]
            })
        })
    }

    #[test]
    fn size_and_noise_do_not_count_but_where_the_lifter_is() {
        let cells = GreyCells::of(&room(320, 320, 0.4));
        let smaller = GreyCells::of(&room(120, 120, 0.4));
        assert!(cells.is_same_frame(&smaller));
        let mut noisy = room(320, 320, 0.4);
        for (place, pixel) in noisy.pixels_mut().enumerate() {
            pixel.0 = pixel.0.map(|it| it.saturating_add((place * 7 % 5) as u8));
        }
        assert!(cells.is_same_frame(&GreyCells::of(&noisy)));
        assert!(!cells.is_same_frame(&GreyCells::of(&room(320, 320, 0.5))));
        let empty = GreyCells::of(&RgbImage::new(0, 4));
        assert!(empty.is_same_frame(&empty.clone()));
    }
}
