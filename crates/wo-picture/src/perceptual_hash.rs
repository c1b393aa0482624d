//! Images that look alike, by perceptual hash.

use std::collections::HashMap;

use image::GrayImage;
use image_hasher::{FilterType, HashAlg, HasherConfig};

/// The hash of an image's [`luma`](crate::luma()): which of the 64 lowest frequencies lie above their median. `frame`
/// records have it as 16 hexadecimal digits.
pub fn perceptual_hash(luma: &GrayImage) -> u64 {
    let hash = HasherConfig::with_bytes_type::<[u8; 8]>()
        .hash_size(8, 8)
        .resize_filter(FilterType::Triangle)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .to_hasher()
        .hash_image(luma);
    let bytes = hash.as_bytes().iter();
    bytes.fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// Images look the same if at most this many of their 64 hash bits differ.
const SAME_BITS: u32 = 2;
/// A hash is looked for under each of its quarters: hashes that differ in three bits or fewer share one.
const N_QUARTERS: u32 = 4;

/// Two videos count as one if this share of the frames of either looks like frames of the other.
pub const SAME_PART: f64 = 0.5;

/// Finds images with near hashes. Each hash has a value, such as the number of a frame.
#[derive(Debug, Clone)]
pub struct HashIndex<T> {
    by_quarter: HashMap<(u32, u16), Vec<(T, u64)>>,
}

impl<T: Copy> HashIndex<T> {
    /// An index of values and their hashes.
    pub fn new(hashes: impl IntoIterator<Item = (T, u64)>) -> Self {
        let mut by_quarter: HashMap<_, Vec<_>> = HashMap::new();
        for (what, hash) in hashes {
            for quarter in quarters(hash) {
                by_quarter.entry(quarter).or_default().push((what, hash));
            }
        }
        Self { by_quarter }
    }

    /// The values of near hashes, this one included if the index has it. A value may come more than once.
    pub fn near(&self, hash: u64) -> impl Iterator<Item = T> {
        quarters(hash)
            .filter_map(|quarter| self.by_quarter.get(&quarter))
            .flatten()
            .filter(move |(_, other)| (hash ^ other).count_ones() <= SAME_BITS)
            .map(|(what, _)| *what)
    }
}

fn quarters(hash: u64) -> impl Iterator<Item = (u32, u16)> {
    (0..N_QUARTERS).map(move |quarter| (quarter, (hash >> (16 * quarter)) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_differ_in_few_bits_are_found() {
        let hashes = HashIndex::new([
            ('a', 0b0),
            ('b', 0b11),
            ('c', 0b111),
            ('d', (1 << 63) | (1 << 20)),
        ]);
        let alike = |hash| {
            let mut found: Vec<char> = hashes.near(hash).collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        assert_eq!(alike(0b0), ['a', 'b', 'd']);
        assert_eq!(alike(0b111), ['b', 'c']);
        assert_eq!(alike(u64::MAX), []);
    }

    #[test]
    fn hashes_that_differ_in_few_bits_share_a_quarter() {
        let hash = 0x0123_4567_89ab_cdef_u64;
        let other = hash ^ (1 << 3) ^ (1 << 20) ^ (1 << 40);
        let shared = quarters(hash)
            .filter(|q| quarters(other).any(|o| o == *q))
            .count();
        assert_eq!(shared, 1);
    }
}
