//! The tables that lie in a folder of frames, and what lies there and looks like one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, count, named, verb};

use crate::names::{GROUPS, TRASH, folder_of_records, is_frame_folder};
use crate::sheet::Sheet;
use crate::table::FRAME_COLUMNS;

/// Endings of workbooks that people put beside tables, and that are not read.
const WORKBOOKS: [&str; 7] = ["xlsx", "xls", "xlsb", "xlsm", "ods", "fods", "numbers"];
/// How much of a file is looked at for its header.
const HEAD_BYTES: u64 = 64 << 10;

/// The tables of frames in a folder, in the order of their names.
pub fn tables(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files_of_kind(dir, &["csv", "tsv"])
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
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    // The last line may end within a letter. UTF-16 has letters of two bytes, and its parts are whole.
    if !head.contains(&0)
        && let Some(end) = head.iter().rposition(|&byte| byte == b'\n')
    {
        head.truncate(end + 1);
    }
    read.is_ok() && Sheet::has_key(&head, &FRAME_COLUMNS)
}

/// Says what lies beside the tables, looks like one, and is not read.
pub(crate) fn say_unread(dir: &Path) -> anyhow::Result<()> {
    for path in files_of_kind(dir, &WORKBOOKS)? {
        wo_cli::warn!(
            "{} is a workbook and is not read\nhint: in the spreadsheet, save it as \"CSV UTF-8\" into the same folder",
            path.display()
        );
    }
    for path in files_of_kind(dir, &["txt"])? {
        if is_of_frames(&path) {
            wo_cli::warn!(
                "{} is a table of frames and is not read: tables end in .csv or .tsv\nhint: rename it to {}",
                path.display(),
                path.with_extension("tsv").display()
            );
        }
    }
    for folder in folders_of_images(dir) {
        for path in tables_of_frames(&folder) {
            let name = path.file_name().unwrap_or_default();
            wo_cli::warn!(
                "{} is not read: tables lie beside the folders of images\nhint: move it to {}, with paths that are meant from there",
                path.display(),
                dir.join(name).display()
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

/// That the tables beside a file of records do not count, if it is so: they are read where the file is the `records.ndjson`
/// of its folder and is given by its name. `given` are the tables that are read in any case.
pub fn tables_not_read(input: Option<&Path>, given: &[PathBuf]) -> Option<String> {
    let named_file = input.filter(|file| *file != Path::new("-"));
    let file = match named_file {
        Some(file) => file.to_owned(),
        None => fs::read_link("/proc/self/fd/0").ok()?,
    };
    let is_read = named_file.is_some_and(|file| folder_of_records(file).is_some());
    if is_read || !file.is_file() {
        return None;
    }
    let dir = match file.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let given: Vec<PathBuf> = given.iter().flat_map(|it| it.canonicalize()).collect();
    let mut tables = tables_of_frames(dir);
    tables.retain(|table| !table.canonicalize().is_ok_and(|it| given.contains(&it)));
    if tables.is_empty() {
        return None;
    }
    let names = tables.iter().filter_map(|table| table.file_name());
    let names = named(names.map(|name| name.to_string_lossy()));
    let n = count(tables.len(), "table");
    let are = verb(tables.len(), "is", "are");
    let (why, cure) = if folder_of_records(&file).is_some() {
        ("is read as a pipe", "give it by its name instead of `<`")
    } else {
        (
            "is not the records.ndjson of its folder",
            "give the tables to wo-describe with --csv, or rename the file to records.ndjson",
        )
    };
    Some(format!(
        "{} {why}, so {n} beside it {are} not read: {names}\nhint: {cure}",
        file.display()
    ))
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
    use crate::names::RECORDS;

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

    #[test]
    fn records_by_another_name_are_told_from_those_of_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [RECORDS, "described.ndjson"] {
            fs::write(at(name), "").unwrap();
        }
        assert_eq!(tables_not_read(Some(&at("described.ndjson")), &[]), None);
        fs::write(at("a.csv"), "frame_path,label\n").unwrap();
        assert_eq!(folder_of_records(&at(RECORDS)), Some(dir.path()));
        assert_eq!(tables_not_read(Some(&at(RECORDS)), &[]), None);
        let said = tables_not_read(Some(&at("described.ndjson")), &[]).unwrap();
        assert!(
            said.contains("1 table beside it is not read: a.csv"),
            "{said}"
        );
        let given = tables_not_read(Some(&at("described.ndjson")), &[at("a.csv")]);
        assert_eq!(given, None);
    }
}
