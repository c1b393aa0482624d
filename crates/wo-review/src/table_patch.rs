//! A CSV in which only what was said of a frame changes: all other bytes stay as they are.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::Context;
use csv::{StringRecord, Terminator};
use wo_record::{Judgement, Name};

/// The columns of a table that is made anew.
const COLUMNS: [&str; 3] = ["frame_path", "label", "description"];

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Fate<'a> {
    /// It stays as it is.
    Stay,
    /// It says something else.
    Say(&'a Judgement),
    /// It goes to another table, and may say something else there.
    Go(Option<&'a Judgement>, String),
}

/// A table, row by row.
#[derive(Debug)]
pub(crate) struct TablePatch {
    /// The first line, with its end and what may stand before it.
    head: Vec<u8>,
    columns: StringRecord,
    rows: Vec<TableRow>,
    /// What was taken out.
    taken: Vec<TableRow>,
    is_changed: bool,
    has_more: bool,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableRow {
    /// The frame that it is about.
    pub(crate) path: String,
    cells: StringRecord,
    /// As it is written, with the end of its line.
    text: Vec<u8>,
}

impl TablePatch {
    /// Reads a table.
    pub(crate) fn read(table: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", table.display());
        let bytes = fs::read(table).with_context(what)?;
        Self::parse(&bytes).with_context(what)
    }

    /// A table without rows.
    pub(crate) fn empty() -> Self {
        Self {
            head: COLUMNS.join(",").into_bytes(),
            columns: COLUMNS.iter().collect(),
            rows: Vec::new(),
            taken: Vec::new(),
            is_changed: false,
            has_more: false,
        }
    }

    /// The same with the columns of another one.
    pub(crate) fn like(other: &Self) -> Self {
        Self {
            head: other.head.clone(),
            columns: other.columns.clone(),
            ..Self::empty()
        }
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let columns = reader.headers()?.clone();
        let cells: Vec<StringRecord> = reader.records().collect::<Result<_, _>>()?;
        // A row begins behind the ends of the lines before it.
        let begin = |row: &StringRecord| {
            let at = row.position().map_or(bytes.len(), |it| it.byte() as usize);
            let rest = bytes.get(at..).unwrap_or_default();
            let n_ends = rest
                .iter()
                .take_while(|byte| b"\r\n".contains(byte))
                .count();
            at + n_ends
        };
        let mut begins: Vec<usize> = cells.iter().map(begin).collect();
        begins.push(bytes.len());
        let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default().to_vec();
        let mut patch = Self {
            head: part(0, begins.first().copied().unwrap_or(bytes.len())),
            columns,
            ..Self::empty()
        };
        for (cells, place) in cells.into_iter().zip(begins.windows(2)) {
            let path = patch.cell(&cells, "frame_path").trim().to_owned();
            let text = part(place[0], place[1]);
            patch.rows.push(TableRow { path, cells, text });
        }
        Ok(patch)
    }

    fn cell<'a>(&self, cells: &'a StringRecord, column: &str) -> &'a str {
        let place = self.columns.iter().position(|it| it.trim() == column);
        place.and_then(|place| cells.get(place)).unwrap_or_default()
    }

    /// Whether it is to be written anew.
    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether rows were put in.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Looks at each row, by its frame and its label: it stays, says something new, or goes. Returns those that go, with
    /// where to.
    pub(crate) fn pass<'a>(
        &mut self,
        mut fate: impl FnMut(&str, &Name) -> Fate<'a>,
    ) -> anyhow::Result<Vec<(TableRow, String)>> {
        let mut leaving = Vec::new();
        for mut row in std::mem::take(&mut self.rows) {
            let label = Name::label(self.cell(&row.cells, "label"));
            match fate(&row.path, &label) {
                Fate::Stay => self.rows.push(row),
                Fate::Say(new) => {
                    self.is_changed |= self.say(&mut row, new)?;
                    self.rows.push(row);
                }
                Fate::Go(new, to) => {
                    self.taken.push(row.clone());
                    if let Some(new) = new {
                        self.say(&mut row, new)?;
                    }
                    leaving.push((row, to));
                }
            }
        }
        self.is_changed |= !leaving.is_empty();
        Ok(leaving)
    }

    /// Writes what was said of a frame into its row. True where that is something new.
    fn say(&self, row: &mut TableRow, new: &Judgement) -> anyhow::Result<bool> {
        let cells = self.said(&row.cells, new);
        let is_new = cells != row.cells;
        if is_new {
            *row = self.row(row.path.clone(), cells)?;
        }
        Ok(is_new)
    }

    /// Puts rows in, each with the columns of a table of its own, before the first row that comes later in an order. What
    /// a crash left here already is not put in twice.
    pub(crate) fn put<O: Ord>(
        &mut self,
        rows: Vec<(TableRow, Self)>,
        order: impl Fn(&str) -> O,
    ) -> anyhow::Result<()> {
        let there: HashSet<String> = self.rows.iter().map(|row| row.path.clone()).collect();
        let mut coming = Vec::new();
        for (row, of) in rows {
            if !there.contains(&row.path) {
                coming.push(self.adopted(row, &of)?);
            }
        }
        self.has_more |= !coming.is_empty();
        self.is_changed |= self.has_more;
        let key = |row: &TableRow| (order(&row.path), row.path.clone());
        coming.sort_by_cached_key(key);
        // A last line may have no end.
        let last = self
            .rows
            .last_mut()
            .map_or(&mut self.head, |it| &mut it.text);
        if !coming.is_empty() && !last.ends_with(b"\n") {
            last.extend(b"\n");
        }
        let mut coming = coming.into_iter().peekable();
        for row in std::mem::take(&mut self.rows) {
            let at = key(&row);
            while let Some(before) = coming.next_if(|it| key(it) < at) {
                self.rows.push(before);
            }
            self.rows.push(row);
        }
        self.rows.extend(coming);
        Ok(())
    }

    /// A row of another table as one of this.
    fn adopted(&self, row: TableRow, of: &Self) -> anyhow::Result<TableRow> {
        let is_alike = of.columns == self.columns
            && of.head.ends_with(b"\r\n") == self.head.ends_with(b"\r\n");
        if is_alike && row.text.ends_with(b"\n") {
            return Ok(row);
        }
        let columns = self.columns.iter();
        let cells = columns.map(|it| of.cell(&row.cells, it.trim())).collect();
        self.row(row.path, cells)
    }

    /// A row that says this of a frame, for a table that has none of it.
    pub(crate) fn new_row(&self, path: &str, new: &Judgement) -> anyhow::Result<TableRow> {
        let is_path = |column: &str| column.trim() == "frame_path";
        let blank = self.columns.iter();
        let blank: StringRecord = blank
            .map(|it| if is_path(it) { path } else { "" })
            .collect();
        self.row(path.to_owned(), self.said(&blank, new))
    }

    fn row(&self, path: String, cells: StringRecord) -> anyhow::Result<TableRow> {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .terminator(self.ending())
            .from_writer(Vec::new());
        writer.write_record(&cells)?;
        let text = writer.into_inner().context("write a row")?;
        Ok(TableRow { path, cells, text })
    }

    fn ending(&self) -> Terminator {
        if self.head.ends_with(b"\r\n") {
            Terminator::CRLF
        } else {
            Terminator::Any(b'\n')
        }
    }

    /// The cells as they are now. What means the same stays as it is spelt.
    fn said(&self, cells: &StringRecord, new: &Judgement) -> StringRecord {
        let label = new.label.clone().unwrap_or_default();
        let description = new.description.as_deref().unwrap_or_default();
        let names: Vec<&str> = new.faults.iter().map(Name::as_str).collect();
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(place, column)| {
                let cell = cells.get(place).unwrap_or_default();
                match column.trim() {
                    "label" if Name::label(cell) != label => label.to_string(),
                    "description" if cell.trim() != description => description.to_owned(),
                    "faults" => names.join(";"),
                    _ => cell.to_owned(),
                }
            })
            .collect()
    }

    /// The table as it is now.
    pub(crate) fn text(&self) -> Vec<u8> {
        let rows = self.rows.iter().flat_map(|row| &row.text);
        self.head.iter().chain(rows).copied().collect()
    }

    /// The same with what was taken out of it at its end.
    pub(crate) fn text_with_taken(&self) -> Vec<u8> {
        let mut text = self.text();
        for row in &self.taken {
            if !text.ends_with(b"\n") {
                text.extend(b"\n");
            }
            text.extend(&row.text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\u{feff}frame_path,label,\"description\",comment\r\n\
        a_1.jpg,\"good\",\"two\r\nlines\",x\r\n\r\n\
        \"a_2.jpg\",good,,\"she said \"\"yes\"\"\"\r\n\
        a_3.jpg,good,,\r\n";

    fn parsed(text: &str) -> TablePatch {
        TablePatch::parse(text.as_bytes()).unwrap()
    }

    fn text(table: &TablePatch) -> String {
        String::from_utf8(table.text()).unwrap()
    }

    fn bad() -> Judgement {
        Judgement {
            label: Some("bad_form".into()),
            description: Some("knees, inward".to_owned()),
            ..Judgement::default()
        }
    }

    /// The rows of these frames, taken out.
    fn taken(table: &mut TablePatch, paths: &[&str]) -> Vec<(TableRow, TablePatch)> {
        let fate = |path: &str, _: &Name| {
            if paths.contains(&path) {
                Fate::Go(None, "there".to_owned())
            } else {
                Fate::Stay
            }
        };
        let leaving = table.pass(fate).unwrap().into_iter();
        leaving
            .map(|(row, _)| (row, TablePatch::like(table)))
            .collect()
    }

    #[test]
    fn only_the_row_of_a_frame_changes() {
        let mut table = parsed(TABLE);
        assert_eq!(text(&table), TABLE);
        let new = bad();
        let fate = |path: &str, label: &Name| {
            assert_eq!(label.as_str(), "good_form");
            if path == "a_2.jpg" {
                Fate::Say(&new)
            } else {
                Fate::Stay
            }
        };
        assert!(table.pass(fate).unwrap().is_empty());
        let (before, after) = ("\"a_2.jpg\",good,,", "a_2.jpg,bad_form,\"knees, inward\",");
        assert_eq!(text(&table), TABLE.replace(before, after));
        assert!(table.is_changed());
    }

    #[test]
    fn rows_that_are_taken_out_come_back_as_they_were() {
        let mut table = parsed(TABLE);
        let mut trash = TablePatch::like(&table);
        trash
            .put(taken(&mut table, &["a_1.jpg", "a_3.jpg"]), |_| ())
            .unwrap();
        assert_eq!(text(&table).lines().count(), 2);
        // Until all is written they are in both.
        assert_eq!(
            String::from_utf8(table.text_with_taken()).unwrap().len(),
            TABLE.len()
        );
        let mut trash = parsed(&text(&trash));
        let back = taken(&mut trash, &["a_3.jpg", "a_1.jpg"]);
        assert!(trash.is_empty());
        table.put(back, |_| ()).unwrap();
        assert_eq!(text(&table), TABLE);
    }

    #[test]
    fn a_row_finds_its_columns_in_another_table() {
        let mut to = parsed("label,frame_path\ngood,c.jpg");
        to.put(taken(&mut parsed(TABLE), &["a_2.jpg"]), |_| ())
            .unwrap();
        let row = to.new_row("b.jpg", &bad()).unwrap();
        for _ in 0..2 {
            let like = TablePatch::like(&to);
            to.put(vec![(row.clone(), like)], |_| ()).unwrap();
        }
        let wanted = "label,frame_path\ngood,a_2.jpg\nbad_form,b.jpg\ngood,c.jpg\n";
        assert_eq!(text(&to), wanted);
    }
}
