//! Finds duplicates: videos that were renamed, cut, mirrored, cropped or encoded again still have similar frames.
//!
//! It compares fingerprints, and perceptual hashes where one of two videos has no fingerprint, as in older models.

use std::collections::BTreeSet;

use rayon::prelude::*;
use wo_clip::{Split, SplitVideo};
use wo_picture::{Fingerprint, HashIndex, SAME_PART, Sought};
use wo_record::PerceptualHash;

use crate::judge::facts::Facts;

/// About half of a hash's 64 bits are ones. Far fewer or more mean an image without detail, such as a black one, which
/// is ignored.
const DETAILED: std::ops::RangeInclusive<u32> = 16..=48;

/// Videos, by their fingerprints and the hashes of their frames.
#[derive(Debug)]
pub(crate) struct DuplicateIndex {
    videos: Vec<HashedVideo>,
    fingerprints: Vec<Option<Fingerprint>>,
    /// Each hash with the place of its video and its own among those of the video.
    frames: HashIndex<(usize, usize)>,
}

/// An indexed video.
#[derive(Debug)]
struct HashedVideo {
    video_id: String,
    hashes: Vec<u64>,
    /// Whether its frames differ from each other. Frames that are all alike show the room, not the lift.
    is_varied: bool,
}

/// A duplicate of a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Duplicate<'a> {
    pub(crate) video_id: &'a str,
    /// The part of the frames that look like some of the other's, from 0 to 1.
    pub(crate) part: f64,
}

impl DuplicateIndex {
    /// The videos that a model was trained or chosen on.
    pub(crate) fn seen_by_model(videos: &[SplitVideo]) -> Self {
        let of_frame = |hash: &String| Some(hash.parse::<PerceptualHash>().ok()?.0);
        let seen = videos.iter().filter(|it| it.split != Split::Test);
        Self::with(seen.map(|it| {
            let hashes = it.hashes.iter().filter_map(of_frame).collect();
            let fingerprint = it.fingerprint.as_deref();
            let fingerprint = fingerprint.and_then(Fingerprint::from_text);
            (HashedVideo::new(it.video_id.clone(), hashes), fingerprint)
        }))
    }

    /// Videos by their ids, with what is known of their images.
    pub(crate) fn new<'a>(videos: impl IntoIterator<Item = (String, &'a Facts)>) -> Self {
        Self::with(videos.into_iter().map(|(video_id, facts)| {
            let hashed = HashedVideo::new(video_id, facts.hashes.clone());
            (hashed, facts.fingerprint.clone())
        }))
    }

    fn with(videos: impl Iterator<Item = (HashedVideo, Option<Fingerprint>)>) -> Self {
        let (videos, fingerprints): (Vec<HashedVideo>, Vec<_>) = videos.unzip();
        let of_video = |(place, video): (usize, &HashedVideo)| -> Vec<((usize, usize), u64)> {
            let frames = video.hashes.iter().enumerate();
            frames
                .map(|(frame, hash)| ((place, frame), *hash))
                .collect()
        };
        let frames = HashIndex::new(videos.iter().enumerate().flat_map(of_video));
        Self {
            videos,
            fingerprints,
            frames,
        }
    }

    /// Whether there is nothing to compare.
    pub(crate) fn is_empty(&self) -> bool {
        self.videos.iter().all(|it| it.hashes.is_empty())
            && self.fingerprints.iter().all(Option::is_none)
    }

    /// The best duplicate of a video: not the video itself, and among the first `n_first` only.
    pub(crate) fn duplicate_of(
        &self,
        video_id: &str,
        facts: &Facts,
        n_first: usize,
    ) -> Option<Duplicate<'_>> {
        let by_fingerprint = facts.fingerprint.as_ref();
        let by_fingerprint = by_fingerprint.map_or_else(Vec::new, |it| self.like(it, n_first));
        let by_hash = self.with_hashes_of(video_id, facts, n_first);
        by_fingerprint
            .into_iter()
            .chain(by_hash)
            .filter(|it| it.video_id != video_id)
            .reduce(|best, next| if next.part > best.part { next } else { best })
    }

    /// Those of the first `n_first` with a fingerprint that shares frames.
    fn like(&self, fingerprint: &Fingerprint, n_first: usize) -> Vec<Duplicate<'_>> {
        let sought = Sought::new(fingerprint);
        let videos = self.videos.par_iter().zip(&self.fingerprints);
        let found = videos.take(n_first).filter_map(|(video, other)| {
            Some(Duplicate {
                video_id: &video.video_id,
                part: sought.found_in(other.as_ref()?)?.most(),
            })
        });
        found.collect()
    }

    /// Those of the first `n_first` with near hashes, of which a fingerprint says nothing.
    fn with_hashes_of(&self, video_id: &str, facts: &Facts, n_first: usize) -> Vec<Duplicate<'_>> {
        let this = HashedVideo::new(video_id.to_owned(), facts.hashes.clone());
        let is_told = |place: usize| {
            let other = self.fingerprints.get(place);
            facts.fingerprint.is_some() && other.is_some_and(Option::is_some)
        };
        let mut found: BTreeSet<(usize, usize, usize)> = BTreeSet::new();
        for (frame, &hash) in this.hashes.iter().enumerate() {
            for (place, other_frame) in self.frames.near(hash) {
                let other = self.videos.get(place);
                let counts = |other: &HashedVideo| {
                    let is_varied = this.is_varied && other.is_varied;
                    is_varied || other.hashes.get(other_frame) == Some(&hash)
                };
                if place < n_first && !is_told(place) && other.is_some_and(counts) {
                    found.insert((place, frame, other_frame));
                }
            }
        }
        let found: Vec<_> = found.into_iter().collect();
        let duplicates = found.chunk_by(|a, b| a.0 == b.0).filter_map(|pairs| {
            let other = self.videos.get(pairs.first()?.0)?;
            let here: BTreeSet<usize> = pairs.iter().map(|it| it.1).collect();
            let there: BTreeSet<usize> = pairs.iter().map(|it| it.2).collect();
            let part = |same: BTreeSet<usize>, all: &[u64]| same.len() as f64 / all.len() as f64;
            // One may be cut out of the other.
            let part = part(here, &this.hashes).max(part(there, &other.hashes));
            let video_id = other.video_id.as_str();
            (part >= SAME_PART).then_some(Duplicate { video_id, part })
        });
        duplicates.collect()
    }
}

impl HashedVideo {
    fn new(video_id: String, mut hashes: Vec<u64>) -> Self {
        hashes.retain(|hash| DETAILED.contains(&hash.count_ones()));
        let all = HashIndex::new(hashes.iter().copied().enumerate());
        let like_first: BTreeSet<usize> = hashes
            .first()
            .map_or_else(BTreeSet::new, |first| all.near(*first).collect());
        Self {
            is_varied: like_first.len() < hashes.len(),
            video_id,
            hashes,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::imageops::flip_horizontal;

    use super::*;
    use crate::fixtures::lift_at;

    /// Half ones, and far from that of any other number.
    fn hash(number: u64) -> u64 {
        let half = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        half << 32 | (!half & 0xffff_ffff)
    }

    fn frames(numbers: std::ops::Range<u64>) -> Vec<u64> {
        numbers.map(hash).collect()
    }

    fn hashed(hashes: &[u64]) -> Facts {
        Facts {
            hashes: hashes.to_vec(),
            ..Facts::default()
        }
    }

    fn duplicate_of(known: &[u64], hashes: &[u64]) -> Option<f64> {
        let (other, known) = (hashed(&frames(100..108)), hashed(known));
        let alike =
            DuplicateIndex::new([("other".to_owned(), &other), ("known".to_owned(), &known)]);
        let duplicate = alike.duplicate_of("new", &hashed(hashes), 2)?;
        assert_eq!(duplicate.video_id, "known");
        Some(duplicate.part)
    }

    #[test]
    fn the_same_frames_are_the_same_video() {
        let known = frames(0..8);
        let coded_again: Vec<u64> = known.iter().map(|hash| hash ^ 0b101).collect();
        assert_eq!(duplicate_of(&known, &coded_again), Some(1.0));
        let half = [frames(4..8), frames(20..24)].concat();
        assert_eq!(duplicate_of(&known, &half), Some(0.5));
        let less = [frames(5..8), frames(20..25)].concat();
        assert_eq!(duplicate_of(&known, &less), None);
    }

    #[test]
    fn one_may_be_cut_out_of_the_other() {
        assert_eq!(duplicate_of(&frames(0..8), &frames(0..40)), Some(1.0));
        assert_eq!(duplicate_of(&frames(0..40), &frames(3..7)), Some(1.0));
    }

    #[test]
    fn a_room_is_no_lift() {
        let still = vec![hash(0); 8];
        let same_room: Vec<u64> = still.iter().map(|hash| hash ^ 1).collect();
        assert_eq!(duplicate_of(&still, &same_room), None);
        assert_eq!(
            duplicate_of(&still, &still),
            Some(1.0),
            "the very same pictures"
        );
        assert_eq!(duplicate_of(&[0; 8], &[0; 8]), None, "black says nothing");
    }

    #[test]
    fn it_is_not_its_own_twin_nor_that_of_later_ones() {
        let facts = hashed(&frames(0..8));
        let alike = DuplicateIndex::new(["a", "b"].map(|id| (id.to_owned(), &facts)));
        assert_eq!(alike.duplicate_of("a", &facts, 1), None);
        let first = alike.duplicate_of("b", &facts, 1);
        assert_eq!(first.map(|it| it.video_id), Some("a"));
        assert!(DuplicateIndex::new([]).is_empty() && !alike.is_empty());
    }

    #[test]
    fn what_nothing_was_chosen_by_is_not_seen() {
        let mut videos = crate::fixtures::training();
        for (number, video) in (0..).zip(&mut videos) {
            video.hashes = frames(10 * number..10 * number + 8)
                .iter()
                .map(|it| PerceptualHash(*it).to_string())
                .collect();
        }
        videos[0].split = Split::Test;
        let alike = DuplicateIndex::seen_by_model(&videos);
        assert_eq!(
            alike.duplicate_of("new", &hashed(&frames(0..8)), usize::MAX),
            None
        );
        let second = alike.duplicate_of("new", &hashed(&frames(10..18)), usize::MAX);
        assert_eq!(second.map(|it| it.video_id), Some("train1"));
    }

    #[test]
    fn fingerprints_decide_where_both_videos_have_one() {
        let frames: Vec<_> = (0..8).map(lift_at).collect();
        let mirrored: Vec<_> = frames.iter().map(flip_horizontal).collect();
        let others: Vec<_> = (10..18).map(lift_at).collect();
        let facts = |frames: &[_]| Facts {
            fingerprint: Fingerprint::of(frames),
            ..hashed(&[hash(1), hash(2)])
        };
        let mut videos = crate::fixtures::training();
        videos[0].fingerprint = facts(&frames).fingerprint.map(|it| it.to_text());
        videos[0].hashes = vec![PerceptualHash(hash(1)).to_string()];
        let alike = DuplicateIndex::seen_by_model(&videos);
        let found = |frames| alike.duplicate_of("new", &facts(frames), usize::MAX);
        assert_eq!(found(&mirrored).map(|it| it.video_id), Some("train0"));
        assert_eq!(found(&others), None, "whatever their hashes");
    }
}
