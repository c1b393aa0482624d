//! The part of a video that is wanted.

use wo_cli::Message;
use wo_cli::message;

/// From where to where, in seconds. Both may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Section {
    pub(crate) start_s: Option<f64>,
    pub(crate) end_s: Option<f64>,
}

impl Section {
    /// What two cells say.
    pub(crate) fn of_cells(start: &str, end: &str) -> Result<Self, Message> {
        let section = Self {
            start_s: seconds("start", start)?,
            end_s: seconds("end", end)?,
        };
        let is_backwards = section.end_s.is_some_and(|end| end <= section.start());
        if is_backwards {
            return Err(message!(
                "end is not after start";
                "write seconds, or minutes and seconds such as 1:05"
            ));
        }
        Ok(section)
    }

    /// Whether the whole video is wanted.
    pub(crate) fn is_whole(self) -> bool {
        self.start_s.is_none() && self.end_s.is_none()
    }

    /// Where it begins.
    pub(crate) fn start(self) -> f64 {
        self.start_s.unwrap_or(0.0)
    }

    /// As it stands behind an address: `#t=5,12.5`; empty for the whole video.
    pub(crate) fn fragment(self) -> String {
        if self.is_whole() {
            return String::new();
        }
        let end = self.end_s.map_or(String::new(), |end| end.to_string());
        format!("#t={},{end}", self.start())
    }
}

/// `75`, `1:15` and `0:01:15.5` as seconds. A comma may stand for the point, as in many spreadsheets.
fn seconds(column: &str, cell: &str) -> Result<Option<f64>, Message> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let text = cell.replace(',', ".");
    let parts: Vec<&str> = text.split(':').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '.') && part.len() < 10
    };
    let is_time = parts.len() <= 3 && parts.iter().all(is_plain);
    let numbers: Option<Vec<f64>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers.filter(|_| is_time) {
        Some(numbers) => Ok(Some(
            numbers.iter().fold(0.0, |sum, part| sum * 60.0 + part),
        )),
        None => Err(message!(
            "{column} is no time: {cell}";
            "write seconds, or minutes and seconds such as 1:05"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (cell, expected) in [
            ("", None),
            ("75", Some(75.0)),
            (" 1:15 ", Some(75.0)),
            ("0:01:15.5", Some(75.5)),
            ("1,5", Some(1.5)),
            ("0", Some(0.0)),
        ] {
            assert_eq!(seconds("start", cell), Ok(expected), "{cell}");
        }
        for cell in [
            "x",
            "-1",
            "1:",
            "1:2:3:4",
            "1e9",
            "inf",
            "1.2.3",
            "12345678901",
        ] {
            assert!(seconds("start", cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn a_section_goes_forwards() {
        let fragment = |start, end| Section::of_cells(start, end).map(Section::fragment);
        assert_eq!(fragment("", ""), Ok(String::new()));
        assert_eq!(fragment("5", "12.5"), Ok("#t=5,12.5".to_owned()));
        assert_eq!(fragment("", "9"), Ok("#t=0,9".to_owned()));
        assert_eq!(fragment("9", ""), Ok("#t=9,".to_owned()));
        for (start, end) in [("5", "5"), ("1:00", "9"), ("", "0")] {
            assert!(fragment(start, end).is_err(), "{start} {end}");
        }
    }
}
