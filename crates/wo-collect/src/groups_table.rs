//! `groups.csv` in the folder of videos: who is in which video, where it came from, and from where it was filmed.
//!
//! Rows are added at its end; what people wrote stays, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint};
use wo_folder::{GROUP_COLUMNS as COLUMNS, GROUPS, NewCell, Sheet, SheetRow, unquoted};

use crate::provenance::Said;

/// A table without rows.
pub(crate) const TEMPLATE: &str = "path,person_id,source_id,angle\n";

/// The person, the source and the angle of a video; empty where nobody said.
pub(crate) type Keys = [String; 3];

/// The keys that a row of sources gives a video. Without a source it is what the site says of its channel.
pub(crate) fn keys_of(said: &Said, channel: Option<&str>) -> Keys {
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    let source = said.source.as_deref().or(channel).unwrap_or_default();
    [text(&said.person), source.to_owned(), text(&said.angle)]
}

/// The table.
#[derive(Debug)]
pub(crate) struct GroupsTable {
    path: PathBuf,
    sheet: Sheet,
    bytes: Vec<u8>,
}

impl GroupsTable {
    /// Reads the table of a folder of videos. Where there is none, it is as if an empty one were there.
    pub(crate) fn read(videos: &Path) -> anyhow::Result<Self> {
        let path = table_in(videos);
        let what = || format!("read {}", path.display());
        let bytes = match wo_cli::read_bytes(&path) {
            Ok(bytes) if !bytes.trim_ascii().is_empty() => bytes,
            Ok(_) => TEMPLATE.as_bytes().to_vec(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                TEMPLATE.as_bytes().to_vec()
            }
            Err(error) => return Err(error).with_context(what).exit_with(Exit::Io),
        };
        let sheet = Sheet::parse(&bytes, &COLUMNS)
            .with_context(what)
            .exit_with(Exit::Integrity)
            .hint("mend the table; the same command goes on from there")?;
        Ok(Self { path, sheet, bytes })
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The table as it is now, in the form that it was read in.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says of a video, by its path from the folder of the table.
    pub(crate) fn keys(&self, video: &str) -> Option<Keys> {
        self.row(video).map(|row| self.keys_of(row))
    }

    /// Adds a row for a video that has none, where there is something to say. True if the table changed.
    pub(crate) fn add(&mut self, video: &str, keys: &Keys) -> anyhow::Result<bool> {
        if self.row(video).is_some() || keys.iter().all(String::is_empty) {
            return Ok(false);
        }
        let others = COLUMNS.others.iter().zip(keys);
        let others = others.map(|(names, key)| (*names, key.as_str()));
        let row: Vec<NewCell<'_>> = [(COLUMNS.key, video)].into_iter().chain(others).collect();
        let bytes = self.sheet.with_rows(&[row])?;
        self.take(bytes)
    }

    /// Takes the row of a video out, where it says `keys` and nobody changed it since. True if the table changed.
    pub(crate) fn remove(&mut self, video: &str, keys: &Keys) -> anyhow::Result<bool> {
        let Some(row) = self.row(video).filter(|row| self.keys_of(row) == *keys) else {
            return Ok(false);
        };
        let bytes = self.sheet.without_rows(&[row.line]);
        self.take(bytes)
    }

    fn take(&mut self, bytes: Vec<u8>) -> anyhow::Result<bool> {
        self.sheet = Sheet::parse(&bytes, &COLUMNS)?;
        self.bytes = bytes;
        Ok(true)
    }

    fn row(&self, video: &str) -> Option<&SheetRow> {
        let mut rows = self.sheet.rows.iter();
        rows.find(|row| self.cell(row, COLUMNS.key).trim_start_matches("./") == video)
    }

    fn keys_of(&self, row: &SheetRow) -> Keys {
        std::array::from_fn(|place| {
            let names = COLUMNS.others.get(place).copied().unwrap_or_default();
            self.cell(row, names).to_owned()
        })
    }

    fn cell<'a>(&self, row: &'a SheetRow, names: &[&str]) -> &'a str {
        let place = self.sheet.column(names);
        let cell = place.and_then(|place| row.cells.get(place));
        unquoted(cell.unwrap_or_default().trim())
    }
}

/// The table of a folder, under its name in any case.
fn table_in(videos: &Path) -> PathBuf {
    let plain = videos.join(GROUPS);
    if plain.exists() {
        return plain;
    }
    let names = fs::read_dir(videos).into_iter().flatten().flatten();
    let mut names = names.map(|entry| entry.file_name());
    let table = names.find(|name| name.to_string_lossy().eq_ignore_ascii_case(GROUPS));
    table.map_or(plain, |name| videos.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(person: &str, source: &str) -> Keys {
        [person.to_owned(), source.to_owned(), String::new()]
    }

    #[test]
    fn rows_come_and_go_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Groups.csv");
        let text = "\u{feff}Video;note;Person\r\nsquat/good_form/a.mp4;mine;Anna\r\n";
        fs::write(&path, text).unwrap();
        let mut table = GroupsTable::read(folder.path()).unwrap();
        let (a, b) = ("squat/good_form/a.mp4", "squat/good_form/b.mp4");
        assert_eq!(table.path(), path);
        assert!(table.add(b, &keys("Ben", "gym")).unwrap());
        assert!(!table.add(a, &keys("Ben", "")).unwrap());
        assert!(!table.add("c.mp4", &keys("", "")).unwrap());
        let expected = format!("{text}squat/good_form/b.mp4;;Ben\r\n");
        assert_eq!(table.bytes(), expected.as_bytes());
        assert_eq!(table.keys(a), Some(keys("Anna", "")));
        assert_eq!(table.keys("c.mp4"), None);
        assert!(!table.remove(b, &keys("Carl", "")).unwrap());
        assert!(table.remove(b, &keys("Ben", "")).unwrap());
        assert_eq!(table.bytes(), text.as_bytes());
    }

    #[test]
    fn a_table_is_made_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = GroupsTable::read(folder.path()).unwrap();
        assert!(table.add("a.mp4", &keys("Anna", "gym")).unwrap());
        let expected = format!("{TEMPLATE}a.mp4,Anna,gym,\n");
        assert_eq!(table.bytes(), expected.as_bytes());
    }

    #[test]
    fn the_channel_stands_in_for_a_source() {
        let said = Said::default();
        assert_eq!(keys_of(&said, Some("channel")), keys("", "channel"));
        let said = Said {
            source: Some("gym".to_owned()),
            ..said
        };
        assert_eq!(keys_of(&said, Some("channel")), keys("", "gym"));
    }
}
