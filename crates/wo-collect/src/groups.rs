//! The rows of `groups.csv`: who is in a video, where it came from, and from where it was filmed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_folder::{
    BaseFolder, Files, GROUP_COLUMNS, GROUPS, MEDIA_ENDINGS, Sheet, SheetRow, has_ending, unquoted,
};

use crate::disk::files_below;

/// A table, with the video of each row.
#[derive(Debug)]
pub(crate) struct GroupsTable {
    pub(crate) path: PathBuf,
    pub(crate) sheet: Sheet,
    pub(crate) rows: Vec<GroupsRow>,
    files: Files,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupsRow {
    pub(crate) line: u64,
    /// The path as it is written.
    pub(crate) written: String,
    /// The video that it means, absolute.
    pub(crate) file: PathBuf,
    /// Whether there is such a file.
    pub(crate) is_there: bool,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) angle: Option<String>,
}

impl GroupsTable {
    /// Reads a table.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", path.display());
        let bytes = wo_cli::read_bytes(path)
            .with_context(what)
            .exit_with(Exit::Io)?;
        let sheet = Sheet::parse(&bytes, &GROUP_COLUMNS)
            .with_context(what)
            .exit_with(Exit::Integrity)?;
        let place = BaseFolder::of(Some(path)).with_context(what)?;
        let files = Files::of(place).with_context(what)?;
        let files = files.only(|path| has_ending(path, &MEDIA_ENDINGS));
        let mut table = Self {
            path: path.to_owned(),
            rows: Vec::new(),
            sheet,
            files,
        };
        table.rows = table.sheet.rows.iter().map(|row| table.row(row)).collect();
        Ok(table)
    }

    fn row(&self, row: &SheetRow) -> GroupsRow {
        let cell = |names: &[&str]| {
            let text = self.sheet.column(names).and_then(|it| row.cells.get(it));
            let text = text.map(|text| unquoted(text.trim()).trim());
            text.filter(|it| !it.is_empty()).map(str::to_owned)
        };
        let other = |place: usize| {
            GROUP_COLUMNS
                .others
                .get(place)
                .and_then(|names| cell(names))
        };
        let written = cell(GROUP_COLUMNS.key).unwrap_or_default();
        let meant = self.files.meant(&written);
        GroupsRow {
            line: row.line,
            file: self.files.on_disk(&meant.key),
            is_there: meant.is_there && !written.is_empty(),
            written,
            person: other(0),
            source: other(1),
            angle: other(2),
        }
    }
}

/// The tables in and below a folder, in the order of their paths.
pub(crate) fn tables_below(folder: &Path) -> anyhow::Result<Vec<GroupsTable>> {
    let files = files_below(folder)?.into_iter();
    let tables = files.filter(|it| is_groups(it.file_name()));
    tables.map(|it| GroupsTable::read(it.path())).collect()
}

/// Whether this is the name of such a table.
pub(crate) fn is_groups(name: &OsStr) -> bool {
    name.to_string_lossy().eq_ignore_ascii_case(GROUPS)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn rows_know_their_videos() {
        let dir = tempfile::tempdir().unwrap();
        let videos = dir.path().join("squat/good_form");
        fs::create_dir_all(&videos).unwrap();
        fs::write(videos.join("a.mp4"), "a").unwrap();
        let text =
            "path;Person;source;angle\nSquat/good_form/A.mp4;anna;;front\nsquat/b.mp4;;gym;\n";
        fs::write(dir.path().join("Groups.csv"), text).unwrap();
        let tables = tables_below(dir.path()).unwrap();
        let rows = &tables[0].rows;
        let of = |row: &GroupsRow| (row.person.clone(), row.source.clone(), row.is_there);
        assert_eq!(of(&rows[0]), (Some("anna".to_owned()), None, true));
        assert_eq!(of(&rows[1]), (None, Some("gym".to_owned()), false));
        assert!(rows[0].file.ends_with("squat/good_form/a.mp4"));
        assert_eq!((rows[0].angle.as_deref(), rows[1].line), (Some("front"), 3));
    }
}
