//! Videos that show the same frames: one uploaded twice, coded again, mirrored, cropped, or cut from another.

use rayon::prelude::*;

use crate::fingerprint::{Fingerprint, Shared};
use crate::perceptual_hash::SAME_PART;

/// Two videos are copies if this share of the frames of each is found in the other.
const COPY_PART: f64 = 0.8;

/// Two videos that share frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// The position of the first video.
    pub first: usize,
    /// The position of the second video.
    pub second: usize,
    /// What they share.
    pub shared: Shared,
}

impl Overlap {
    /// Whether they are one video twice, and not two sets of one person.
    pub fn is_copy(&self) -> bool {
        self.shared.exactly >= COPY_PART
    }
}

/// All pairs of videos in which one shows at least half of the other's frames, mirrored or not. A video without a
/// fingerprint is like no other.
pub fn overlaps(videos: &[Option<&Fingerprint>]) -> Vec<Overlap> {
    let of_first = |first: usize| -> Vec<Overlap> {
        let video = videos.get(first).copied().flatten();
        let Some(sought) = video.map(Sought::new) else {
            return Vec::new();
        };
        let overlap = |second: usize| {
            let other = videos.get(second).copied().flatten()?;
            Some(Overlap {
                first,
                second,
                shared: sought.found_in(other)?,
            })
        };
        (first + 1..videos.len()).filter_map(overlap).collect()
    };
    let all: Vec<Vec<Overlap>> = (0..videos.len()).into_par_iter().map(of_first).collect();
    all.concat()
}

/// A video that is looked for among others, as it is and mirrored.
#[derive(Debug)]
pub struct Sought<'a> {
    video: &'a Fingerprint,
    mirrored: Fingerprint,
}

impl<'a> Sought<'a> {
    /// Looks for this video.
    pub fn new(video: &'a Fingerprint) -> Self {
        Self {
            mirrored: video.mirrored(),
            video,
        }
    }

    /// What it shares with another video; `None` if neither shows half of the other's frames.
    pub fn found_in(&self, other: &Fingerprint) -> Option<Shared> {
        [self.video, &self.mirrored]
            .into_iter()
            .filter_map(|it| it.shared_with(other))
            .filter(|it| it.most() >= SAME_PART)
            .max_by(|a, b| a.most().total_cmp(&b.most()))
    }
}

#[cfg(test)]
mod tests {
    use image::imageops::{crop_imm, flip_horizontal};
    use image::{Rgb, RgbImage};

    use super::*;

    /// A frame of a room full of things, in which a lifter stands at one of 20 places.
    fn lift_at(place: u32) -> RgbImage {
        RgbImage::from_fn(320, 180, |x, y| {
            let is_lifter = (16 * place..16 * place + 16).contains(&x) && (60..150).contains(&y);
            let (a, b) = (x / 20, y / 18);
            let thing = (37 * a * a + 61 * b * b + 23 * a * b + 7 * a) % 160;
            Rgb(if is_lifter {
                [255; 3]
            } else {
                [thing as u8; 3]
            })
        })
    }

    fn found(videos: &[Vec<RgbImage>]) -> Vec<Overlap> {
        let all: Vec<_> = videos.iter().map(|it| Fingerprint::of(it)).collect();
        overlaps(&all.iter().map(Option::as_ref).collect::<Vec<_>>())
    }

    fn frames(places: std::ops::Range<u32>) -> Vec<RgbImage> {
        places.map(lift_at).collect()
    }

    #[test]
    fn the_same_frames_are_found_once_a_pair() {
        let (one, other) = (frames(0..8), frames(10..18));
        let changed: Vec<RgbImage> = one
            .iter()
            .map(|it| crop_imm(&flip_horizontal(it), 16, 9, 288, 162).to_image())
            .collect();
        let pairs = found(&[one.clone(), other, changed, one]);
        let places: Vec<_> = pairs.iter().map(|it| (it.first, it.second)).collect();
        assert_eq!(places, [(0, 2), (0, 3), (2, 3)]);
        assert!(pairs[1].is_copy(), "{pairs:?}");
    }

    #[test]
    fn a_part_that_is_cut_out_is_no_copy() {
        let pairs = found(&[frames(0..12), frames(3..7)]);
        let [pair] = &pairs[..] else {
            panic!("one pair, not {pairs:?}");
        };
        assert!(pair.shared.of_second > 0.9 && pair.shared.of_first < 0.5);
        assert!(!pair.is_copy());
        let less = [frames(5..7), frames(14..19)].concat();
        assert_eq!(found(&[frames(0..12), less]), []);
    }

    #[test]
    fn what_shows_nothing_is_like_no_other() {
        let black = vec![RgbImage::new(320, 180); 8];
        let empty = vec![RgbImage::new(0, 4)];
        assert_eq!(found(&[black.clone(), black, Vec::new(), empty]), []);
    }
}
