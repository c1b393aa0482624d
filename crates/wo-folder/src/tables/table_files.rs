//! Finds the tables in a folder of frames, and files that look like tables and are not read.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint};

use crate::names::{GROUPS, TRASH, is_frame_folder};
use crate::tables::sheet::Sheet;
use crate::tables::table::FRAME_COLUMNS;

/// Endings of workbooks that people put beside tables, and that are not read.
const WORKBOOKS: [&str; 7] = ["xlsx", "xls", "xlsb", "xlsm", "ods", "fods", "numbers"];
/// How much of a file is looked at for its header.
const HEAD_BYTES: u64 = 64 << 10;

/// The tables of frames in a folder, in the order of their names.
pub fn tables(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let tables = files_of_kind(dir, &["csv", "tsv"])?;
    for table in &tables {
        // A link that leads nowhere is named by who reads it.
        if fs::metadata(table).is_ok_and(|it| !it.is_file()) {
            wo_cli::open_file(table)
                .with_context(|| format!("read {}", table.display()))
                .exit_with(Exit::Io)
                .hint("move it out of the folder")?;
        }
    }
    Ok(tables)
}

/// Those tables of a folder whose first line has the column of the frames.
pub(crate) fn tables_of_frames(dir: &Path) -> Vec<PathBuf> {
    let mut tables = tables(dir).unwrap_or_default();
    tables.retain(|table| is_of_frames(table));
    tables
}

/// Whether the first line of a file has the column of the frames.
fn is_of_frames(path: &Path) -> bool {
    let mut head = Vec::new();
    let read =
        wo_cli::open_file(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    // The beginning may end within a character. With UTF-16, whose characters have two bytes, it never does.
    if !head.contains(&0)
        && let Some(end) = head.iter().rposition(|&byte| byte == b'\n')
    {
        head.truncate(end + 1);
    }
    read.is_ok() && Sheet::has_key(&head, &FRAME_COLUMNS)
}

/// Warns of files beside the tables that look like tables and are not read.
pub(crate) fn say_unread(dir: &Path) -> anyhow::Result<()> {
    for path in files_of_kind(dir, &WORKBOOKS)? {
        wo_cli::warn!(
            "{} is a workbook and is not read", path.display();
            "in the spreadsheet, save it as \"CSV UTF-8\" into the same folder"
        );
    }
    for path in files_of_kind(dir, &["txt"])? {
        if is_of_frames(&path) {
            wo_cli::warn!(
                "{} is a table of frames and is not read: tables end in .csv or .tsv",
                path.display();
                "rename it to {}", path.with_extension("tsv").display()
            );
        }
    }
    for folder in folders_of_images(dir) {
        for path in tables_of_frames(&folder) {
            let name = path.file_name().unwrap_or_default();
            wo_cli::warn!(
                "{} is not read: tables lie beside the folders of images", path.display();
                "move it to {}, and write its paths from there", dir.join(name).display()
            );
        }
    }
    Ok(())
}

fn folders_of_images(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let is_hidden = |name: &OsStr| name == TRASH || name.as_encoded_bytes().starts_with(b".");
    let folders = folders.filter(|entry| !is_hidden(&entry.file_name()));
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.retain(|folder| !is_frame_folder(folder));
    folders.sort();
    folders
}

fn files_of_kind(dir: &Path, kinds: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let list = fs::read_dir(dir)
        .with_context(|| format!("read the folder {}", dir.display()))
        .exit_with(Exit::Usage)?;
    let mut found: Vec<PathBuf> = list
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        // The lock files of spreadsheets begin so.
        let is_other = name.starts_with(['.', '~']) || name.eq_ignore_ascii_case(GROUPS);
        !is_other && kinds.iter().any(|other| kind == *other) && !path.is_dir()
    });
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_of_frames_are_tables() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("b.CSV", "frame_path,label\n"),
            ("a.tsv", "note\tFrame Path\n"),
            ("notes.csv", "day,weight\n"),
            ("Groups.csv", "path\n"),
            (".~lock.b.csv#", ""),
            ("x.xlsx", "PK"),
            ("a.jpg", "x"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let names = |tables: Vec<PathBuf>| -> Vec<String> {
            let names = tables.iter().map(|path| path.file_name().unwrap());
            names.map(|name| name.to_string_lossy().into()).collect()
        };
        let all = names(tables(dir.path()).unwrap());
        assert_eq!(all, ["a.tsv", "b.CSV", "notes.csv"]);
        assert_eq!(names(tables_of_frames(dir.path())), ["a.tsv", "b.CSV"]);
    }
}
