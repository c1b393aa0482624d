//! Numbers of bytes as people write them.

use std::fmt;
use std::str::FromStr;

/// The units, each with its bytes; the largest first.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];

/// A number of bytes: `2 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cure = || "a size is a number with a unit, such as \"2 GiB\" or \"500 MB\"".to_owned();
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let unit = unit.trim();
        let unit = UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or_else(cure)?;
        let bytes = number.parse::<f64>().map_err(|_| cure())? * unit.1 as f64;
        if bytes < 1.0 || bytes > u64::MAX as f64 {
            return Err(cure());
        }
        Ok(Self(bytes as u64))
    }
}

impl fmt::Display for Size {
    /// In the largest unit of which it is a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS
            .iter()
            .find(|(_, bytes)| self.0.is_multiple_of(*bytes));
        let (name, bytes) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{} {name}", self.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("2 GiB", 2 << 30),
            ("2gib", 2 << 30),
            ("500 MB", 500_000_000),
            ("1.5 KiB", 1536),
            ("7 B", 7),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in [
            "",
            "2",
            "GiB",
            "2 G",
            "-1 B",
            "0 B",
            "1e3 B",
            "99999999 TiB",
            "two GiB",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_written_as_it_is_read() {
        for text in ["2 GiB", "500 MB", "20 GiB", "1 TB", "7 B"] {
            assert_eq!(
                text.parse::<Size>().map(|it| it.to_string()),
                Ok(text.to_owned())
            );
        }
    }
}
