//! How large shards become.

use std::str::FromStr;

/// How much a shard holds before the next video goes into another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardSize {
    /// Frames.
    Frames(u64),
    /// Bytes.
    Bytes(u64),
}

impl Default for ShardSize {
    fn default() -> Self {
        Self::Frames(10_000)
    }
}

impl FromStr for ShardSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let how = "take a number of frames such as 10000, or of bytes such as 500MB or 1GiB";
        let end = text
            .find(|it: char| !it.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: u64 = number.parse().map_err(|_| how.to_owned())?;
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" => None,
            "b" => Some(1),
            "k" | "kb" => Some(1000),
            "m" | "mb" => Some(1_000_000),
            "g" | "gb" => Some(1_000_000_000),
            "kib" => Some(1 << 10),
            "mib" => Some(1 << 20),
            "gib" => Some(1 << 30),
            _ => return Err(how.to_owned()),
        };
        let size = match factor {
            None => Self::Frames(number),
            Some(factor) => Self::Bytes(number.checked_mul(factor).ok_or_else(|| how.to_owned())?),
        };
        match number {
            0 => Err(how.to_owned()),
            _ => Ok(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_of_frames_or_of_bytes() {
        for (text, size) in [
            ("10000", ShardSize::Frames(10_000)),
            ("1b", ShardSize::Bytes(1)),
            ("500MB", ShardSize::Bytes(500_000_000)),
            ("1GiB", ShardSize::Bytes(1 << 30)),
            ("2 k", ShardSize::Bytes(2000)),
        ] {
            assert_eq!(text.parse(), Ok(size), "{text}");
        }
        for text in ["", "0", "0MB", "-1", "1.5GB", "1 frames", "99999999999GB"] {
            assert!(text.parse::<ShardSize>().is_err(), "{text}");
        }
    }
}
