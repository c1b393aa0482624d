//! The perceptual hash of an image as records have it: 64 bits in hexadecimal.

use std::fmt;
use std::str::FromStr;

/// 64 bits of which similar images share most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PerceptualHash(pub u64);

/// A text is no perceptual hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a perceptual hash of 64 bits in hexadecimal")]
pub struct NotAHash;

impl fmt::Display for PerceptualHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for PerceptualHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| NotAHash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = PerceptualHash(0x00ab_30e6_fe27_b511);
        assert_eq!(hash.to_string(), "00ab30e6fe27b511");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in ["", "x", "f0ab30e6fe27b5111"] {
            assert_eq!(text.parse::<PerceptualHash>(), Err(NotAHash), "{text}");
        }
    }
}
