//! Rows that are added to a table or taken out of it; all other bytes stay as they are.

use anyhow::Context;
use csv::Terminator;

use crate::tables::dialect::encode;
use crate::tables::formula::quoted;
use crate::tables::sheet::Sheet;

/// A cell of a new row: the names of its column, and its text.
pub type NewCell<'a> = (&'a [&'a str], &'a str);

impl Sheet {
    /// The bytes of the table with one more row for each of `rows`, at its end. A cell whose column the table lacks is left
    /// out; no cell runs as a formula.
    pub fn with_rows(&self, rows: &[Vec<NewCell<'_>>]) -> anyhow::Result<Vec<u8>> {
        let ending = if self.text.contains("\r\n") {
            Terminator::CRLF
        } else {
            Terminator::Any(b'\n')
        };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .terminator(ending)
            .from_writer(Vec::new());
        for row in rows {
            let mut cells = vec![String::new(); self.header.len()];
            for (names, text) in row {
                let cell = self.column(names).and_then(|place| cells.get_mut(place));
                if let Some(cell) = cell {
                    *cell = quoted(text).into_owned();
                }
            }
            writer.write_record(&cells)?;
        }
        let added = writer.into_inner().context("write rows")?;
        let added = String::from_utf8(added).context("write rows")?;
        let mut text = self.text.clone();
        // A last line may have no end.
        if !text.ends_with('\n') {
            text.push_str(if text.contains("\r\n") { "\r\n" } else { "\n" });
        }
        Ok(self.encoded(&(text + &added)))
    }

    /// The bytes of the table without the rows of these lines, as [`crate::SheetRow::line`] counts them.
    pub fn without_rows(&self, lines: &[u64]) -> Vec<u8> {
        let begins = self.rows.iter().map(|row| row.begin);
        let ends = begins.clone().skip(1).chain([self.text.len()]);
        let places = self.rows.iter().zip(begins.zip(ends));
        let mut text = self
            .text
            .get(..self.first_row())
            .unwrap_or_default()
            .to_owned();
        for (row, (begin, end)) in places {
            if !lines.contains(&row.line) {
                text.push_str(self.text.get(begin..end).unwrap_or_default());
            }
        }
        self.encoded(&text)
    }

    /// A character that the table's encoding lacks turns the table into UTF-8 with a byte order mark.
    fn encoded(&self, text: &str) -> Vec<u8> {
        encode(text, self.encoding).unwrap_or_else(|| format!("\u{feff}{text}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::dialect::{Encoding, decode};
    use crate::tables::sheet::Columns;

    use super::*;

    const COLUMNS: Columns = Columns {
        key: &["path"],
        others: &[&["person_id", "person"], &["angle"]],
        hint: "write one",
    };

    fn sheet(text: &str) -> Sheet {
        Sheet::parse(text.as_bytes(), &COLUMNS).unwrap()
    }

    fn added(text: &str) -> String {
        let row = vec![
            (COLUMNS.key, "b.mp4"),
            (COLUMNS.others[0], "=Ben; \"B\""),
            (COLUMNS.others[1], "side"),
        ];
        String::from_utf8(sheet(text).with_rows(&[row]).unwrap()).unwrap()
    }

    #[test]
    fn a_new_row_has_the_form_of_the_table() {
        for (text, end) in [
            ("path,person\na.mp4,anna\n", "b.mp4,\"'=Ben; \"\"B\"\"\"\n"),
            ("path,person", "\nb.mp4,\"'=Ben; \"\"B\"\"\"\n"),
            ("angle;path\r\nside;a.mp4", "\r\nside;b.mp4\r\n"),
            ("note\tpath\n\tx\n", "\tb.mp4\n"),
        ] {
            assert_eq!(added(text), format!("{text}{end}"));
        }
    }

    #[test]
    fn a_table_stays_in_its_encoding() {
        let text = "\u{feff}path;person\r\nä.mp4;anna\r\n";
        let bytes = encode(text, Encoding::Utf16Le).unwrap();
        let sheet = Sheet::parse(&bytes, &COLUMNS).unwrap();
        let bytes = sheet.with_rows(&[vec![(COLUMNS.key, "→.mp4")]]).unwrap();
        let (read, encoding) = decode(&bytes).unwrap();
        assert_eq!(encoding, Encoding::Utf16Le);
        assert_eq!(read, format!("{text}→.mp4;\r\n"));
    }

    #[test]
    fn the_other_rows_stay_byte_for_byte() {
        let text = "sep=;\npath;person\n\n'a';\"two\nlines\"\nb;  ben\nc;carl";
        let without = |lines: &[u64]| String::from_utf8(sheet(text).without_rows(lines)).unwrap();
        assert_eq!(without(&[]), text);
        assert_eq!(without(&[6]), text.replace("b;  ben\n", ""));
        assert_eq!(without(&[4, 7]), "sep=;\npath;person\n\nb;  ben\n");
    }

    #[test]
    fn wide_rows_stand_apart() {
        let text = "path,person\na,b,c\nd,e,\nf\n";
        let (sheet, wide) = Sheet::parse_with_wide_rows(text.as_bytes(), &COLUMNS).unwrap();
        let lines: Vec<u64> = sheet.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4]);
        assert_eq!(wide.len(), 1);
        assert_eq!((wide[0].line, wide[0].cells.len()), (2, 3));
    }
}
