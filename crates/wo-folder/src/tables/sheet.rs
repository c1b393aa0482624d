//! A CSV as spreadsheets save it: any delimiter, the encodings of [`crate::Encoding`], headers in any case.

use std::path::Path;

use anyhow::anyhow;
use csv::StringRecord;
use wo_cli::{Hint, Message, message};
use wo_label::nearest;
use wo_record::Name;

use crate::names::{MEDIA_ENDINGS, has_ending};
use crate::tables::dialect::{DialectError, Encoding, decode, preamble};
use crate::tables::quotes;

/// The delimiters that are tried, in their order.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What to do about a row with more cells than there are columns.
pub const WIDE_ROW_CURE: &str = "put a cell that holds the delimiter into double quotes";

/// The columns of a kind of table.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// The one that must be there, and other names for it.
    pub key: &'static [&'static str],
    /// All others, each with other names for it.
    pub others: &'static [&'static [&'static str]],
    /// What to write where the key is missing.
    pub hint: &'static str,
}

/// A table with the place of each row in its text.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The text, with what may stand before the header.
    pub text: String,
    /// How it was written.
    pub encoding: Encoding,
    /// What stands between cells.
    pub delimiter: u8,
    /// The names of the columns, as [`Name`]s: `Frame Path` is `frame_path`.
    pub header: Vec<String>,
    /// The rows, without those that are empty.
    pub rows: Vec<SheetRow>,
}

/// One row.
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// Its cells, as they are written.
    pub cells: StringRecord,
    /// Where it begins in the text.
    pub begin: usize,
    /// Its line, from 1.
    pub line: u64,
}

impl Sheet {
    /// Reads a table that has at least the key of `columns`. A row with more cells than there are columns is an error.
    pub fn parse(bytes: &[u8], columns: &Columns) -> anyhow::Result<Self> {
        let (sheet, wide) = Self::parse_with_wide_rows(bytes, columns)?;
        let Some(row) = wide.first() else {
            return Ok(sheet);
        };
        Err(anyhow!(
            "line {}: {} cells under {} columns",
            row.line,
            row.cells.len(),
            sheet.header.len()
        ))
        .hint(WIDE_ROW_CURE)
    }

    /// As [`Self::parse`], for a table whose rows stand alone: also returns the rows that have more cells than there are
    /// columns, which are not among the others.
    pub fn parse_with_wide_rows(
        bytes: &[u8],
        columns: &Columns,
    ) -> anyhow::Result<(Self, Vec<SheetRow>)> {
        let (text, encoding) = decode(bytes).map_err(|error| with_hint(&error))?;
        let (start, named) = preamble(&text);
        let body = text.get(start..).unwrap_or_default();
        let delimiter = named
            .or_else(|| {
                let has_key = |delimiter: &&u8| {
                    column_of(&header_of(body, **delimiter), columns.key).is_some()
                };
                DELIMITERS.iter().find(has_key).copied()
            })
            .unwrap_or(DELIMITERS[0]);
        if body.trim().is_empty() {
            return Err(anyhow!("the table is empty"))
                .hint("delete the file; wo-extract --out writes tables of frames again");
        }
        if let Some(line) = quotes::swallowing(body, delimiter) {
            return open_quote(n_lines(&text, start) + line);
        }
        let header = header_of(body, delimiter);
        if column_of(&header, columns.key).is_none() {
            return Err(with_hint(&no_column(&header, columns)));
        }
        let mut rows = rows_of(&text, start, delimiter)?;
        let key = column_of(&header, columns.key).unwrap_or_default();
        if let Some(line) = rows
            .iter()
            .find_map(|row| swallows_rows(row, delimiter, key))
        {
            return open_quote(line);
        }
        // Spreadsheets omit empty cells at the end of a row, so missing cells count as empty.
        let is_wide = |row: &mut SheetRow| {
            let mut beyond = row.cells.iter().skip(header.len());
            beyond.any(|cell| !cell.trim().is_empty())
        };
        let wide = rows.extract_if(.., is_wide).collect();
        let sheet = Self {
            text,
            encoding,
            delimiter,
            header,
            rows,
        };
        Ok((sheet, wide))
    }

    /// Whether the first line of a table has the key of `columns`. The bytes may be only the beginning of it.
    pub fn has_key(bytes: &[u8], columns: &Columns) -> bool {
        let Ok((text, _)) = decode(bytes) else {
            return false;
        };
        let (start, _) = preamble(&text);
        let body = text.get(start..).unwrap_or_default();
        let has_key =
            |delimiter: &u8| column_of(&header_of(body, *delimiter), columns.key).is_some();
        DELIMITERS.iter().any(has_key)
    }

    /// The place of a column by any of its names.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        column_of(&self.header, names)
    }

    /// Columns that are not read and look like misspelt ones, each with the name that may be meant.
    pub fn misspelt(&self, columns: &Columns) -> Vec<(String, &'static str)> {
        let known = || columns.others.iter().chain([&columns.key]);
        let is_known = |header: &str| known().any(|names| names.contains(&header));
        let missing = known().filter(|names| self.column(names).is_none());
        let missing: Vec<&'static str> =
            missing.filter_map(|names| names.first().copied()).collect();
        let unknown = self.header.iter().filter(|header| !is_known(header));
        unknown
            .filter_map(|header| Some((header.clone(), nearest(header, missing.iter().copied())?)))
            .collect()
    }

    /// Problems of the columns, each with a hint: misspelt columns, columns with the same meaning, and tables without any
    /// column that has an effect.
    pub fn troubles(&self, columns: &Columns) -> Vec<Message> {
        let mut troubles = Vec::new();
        for (column, meant) in self.misspelt(columns) {
            troubles.push(message!(
                "the column `{column}` is not read";
                "if you mean `{meant}`, rename it"
            ));
        }
        for names in columns.others.iter().chain([&columns.key]) {
            let is_key = *names == columns.key;
            let read = self.column(names);
            let first = read.and_then(|place| self.header.get(place));
            // A table may name the frame in one column and another file in a second one, which is ignored.
            let again = self.header.iter().enumerate().find(|(place, it)| {
                let is_same = names.contains(&it.as_str()) && Some(*place) != read;
                is_same && (!is_key || Some(*it) == first)
            });
            if let Some((first, (_, again))) = first.zip(again) {
                let mut text = format!("the columns `{first}` and `{again}` mean the same");
                if first == again {
                    text = format!("the column `{first}` is there twice");
                }
                let text = format!("{text}, and only the first `{first}` is read");
                troubles.push(Message::new(text).hint("delete one of them"));
            }
        }
        let says_nothing = columns
            .others
            .iter()
            .all(|names| self.column(names).is_none());
        if says_nothing && troubles.is_empty() {
            let names = columns.others.iter().filter_map(|names| names.first());
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            troubles.push(message!(
                "only the column `{}` of the table is read, so the table has no effect; the columns are: {}",
                columns.key.first().copied().unwrap_or_default(),
                self.header.join(", ");
                "name the columns {}", names.join(", ")
            ));
        }
        troubles
    }

    /// Where the rows begin in the text.
    pub fn first_row(&self) -> usize {
        self.rows.first().map_or(self.text.len(), |row| row.begin)
    }
}

fn header_of(body: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(body.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    header
        .iter()
        .map(|cell| Name::new(cell).to_string())
        .collect()
}

fn column_of(header: &[String], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| header.iter().position(|it| it == name))
}

fn no_column(header: &[String], columns: &Columns) -> DialectError {
    let wanted = columns.key.first().copied().unwrap_or_default();
    let close = header
        .iter()
        .find(|header| nearest(header, columns.key.iter().copied()).is_some());
    let hint = match close {
        Some(close) => format!("rename the column `{close}` to `{wanted}`"),
        None => columns.hint.to_owned(),
    };
    DialectError::NoColumn {
        wanted: wanted.to_owned(),
        found: header.join(", "),
        hint,
    }
}

fn with_hint(error: &DialectError) -> anyhow::Error {
    let text = error.to_string();
    wo_cli::Error::msg(text).hint(error.hint()).into()
}

fn open_quote<T>(line: u64) -> anyhow::Result<T> {
    Err(anyhow!(
        "line {line}: a double quote opens a cell and none closes it in that row, so the rows below would be part of the cell"
    ))
    .hint("close the cell with a double quote, or delete the one that opens it")
}

/// The line of a row that has swallowed others: a cell of several lines, one of which looks like a row, with a file in the
/// key column.
fn swallows_rows(row: &SheetRow, delimiter: u8, key: usize) -> Option<u64> {
    let is_row = |line: &str| {
        let mut cells = line.split(char::from(delimiter));
        let path = cells.nth(key).map(|cell| cell.trim_matches(['"', ' ']));
        let has_more = key > 0 || cells.next().is_some();
        has_more && path.is_some_and(|path| has_ending(Path::new(path), &MEDIA_ENDINGS))
    };
    let lines = row.cells.iter().flat_map(|cell| cell.lines().skip(1));
    lines.into_iter().any(is_row).then_some(row.line)
}

/// The number of line ends before an offset.
fn n_lines(text: &str, place: usize) -> u64 {
    text.get(..place).unwrap_or_default().matches('\n').count() as u64
}

fn rows_of(text: &str, start: usize, delimiter: u8) -> anyhow::Result<Vec<SheetRow>> {
    let body = text.get(start..).unwrap_or_default();
    let n_lines_before = n_lines(text, start);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut rows = Vec::new();
    for cells in reader.records() {
        let cells = cells?;
        let at = cells.position().map_or(0, |it| it.byte() as usize);
        let rest = body.as_bytes().get(at..).unwrap_or_default();
        // The reader counts line ends before a row as part of it.
        let n_ends = rest
            .iter()
            .take_while(|byte| b"\r\n".contains(byte))
            .count();
        let line_ends = body.get(at..at + n_ends).unwrap_or_default();
        let line = n_lines_before
            + cells.position().map_or(0, csv::Position::line)
            + line_ends.matches('\n').count() as u64;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(SheetRow {
            cells,
            begin: start + at + n_ends,
            line,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        key: &["frame_path", "path"],
        others: &[&["label"], &["faults"]],
        hint: "write one",
    };

    #[test]
    fn the_delimiter_is_the_one_that_gives_the_columns() {
        for text in [
            "frame_path,label\na.jpg,good\n",
            "Frame Path;LABEL\r\na.jpg;good\r\n",
            "frame_path\tlabel\na.jpg\tgood",
            "sep=;\r\nframe_path;label\r\n;\r\na.jpg;good\r\n\r\n",
            "\u{feff}label|path\ngood|a.jpg\n",
        ] {
            let sheet = Sheet::parse(text.as_bytes(), &COLUMNS).unwrap();
            let at = |names| sheet.column(names).unwrap();
            assert_eq!(sheet.rows.len(), 1, "{text}");
            let cells = &sheet.rows[0].cells;
            let (path, label) = (&cells[at(COLUMNS.key)], &cells[at(&["label"])]);
            assert_eq!((path, label), ("a.jpg", "good"), "{text}");
            let row = text.get(sheet.rows[0].begin..).unwrap();
            assert!(row.trim_end().split(['\n']).count() == 1, "{row}");
        }
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "sep=;\nframe_path;label\n\na;\"two\nlines\"\nb;x\n";
        let sheet = Sheet::parse(text.as_bytes(), &COLUMNS).unwrap();
        let lines: Vec<u64> = sheet.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [4, 6]);
    }

    #[test]
    fn what_is_wrong_names_the_line_and_the_cure() {
        let message = |text: &str| {
            let error = Sheet::parse(text.as_bytes(), &COLUMNS).unwrap_err();
            wo_cli::message_of(&error).shown()
        };
        assert!(message("frame_pth,label\n").contains("rename the column `frame_pth`"));
        assert!(message("x,y\n").contains("the columns are: x, y"));
        assert!(message("").contains("hint: delete the file"));
        assert!(message("sep=;\n\n").contains("the table is empty"));
        assert!(message("path,label\na,b,c\n").contains("line 2: 3 cells"));
        let swallowed = message("sep=,\npath,label\na,good\nb,\"bad\nc,good\n");
        assert!(swallowed.contains("line 4: a double quote"), "{swallowed}");
        // Two quotes some rows apart.
        let text = "path,label,note\na.jpg,bad,x\nb.jpg,\"good\nc.jpg,bad,y\nd.jpg,\"good,z\n";
        assert!(
            message(text).contains("line 3: a double quote"),
            "{}",
            message(text)
        );
        let text = "label,path\n\"bad,a.jpg\ngood,b.jpg\nbad\",c.jpg\n";
        assert!(
            message(text).contains("line 2: a double quote"),
            "{}",
            message(text)
        );
        let lines = "path,label,note\na.jpg,bad,\"one, two\nb.jpg\nthree, four\"\nc.jpg,bad,z\n";
        assert_eq!(
            Sheet::parse(lines.as_bytes(), &COLUMNS).unwrap().rows.len(),
            2
        );
    }

    #[test]
    fn cells_that_are_left_out_at_the_end_are_empty() {
        let sheet = Sheet::parse(b"path,label,faults\na\nb,good\n", &COLUMNS).unwrap();
        assert_eq!(sheet.rows.len(), 2);
        assert_eq!(sheet.rows[0].cells.get(1), None);
    }

    #[test]
    fn columns_that_say_nothing_are_told() {
        let told = |text: &str| {
            let sheet = Sheet::parse(text.as_bytes(), &COLUMNS).unwrap();
            let troubles = sheet.troubles(&COLUMNS).into_iter();
            let troubles: Vec<_> = troubles.map(|it| it.shown()).collect();
            troubles.join("\n")
        };
        assert_eq!(told("frame_path,label,note,path\n"), "");
        assert!(told("path,verdict,words\n").contains("so the table has no effect"));
        assert!(told("path,label,Label\n").contains("the column `label` is there twice"));
        assert!(told("path,lable\n").contains("if you mean `label`, rename it"));
    }

    #[test]
    fn a_misspelt_column_is_found() {
        let sheet = Sheet::parse(b"path,lable,note\na,b,c\n", &COLUMNS).unwrap();
        assert_eq!(sheet.misspelt(&COLUMNS), [("lable".to_owned(), "label")]);
    }
}
