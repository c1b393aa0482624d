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
