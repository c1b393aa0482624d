//! Takes rows out of tables; all other bytes of a table stay.

use std::fs;
use std::path::Path;

use wo_folder::{FRAME_COLUMNS, Sheet, SheetRow};

use crate::forget::edit::Edit;
use crate::forget::search::Search;
use crate::forget::traces::Traces;
use crate::groups::{GroupsRow, GroupsTable};
use crate::source_rows::{SourceRow, SourceRows};
use crate::spelling::normal;

/// A `groups.csv` without rows of forgotten videos, persons and sources.
pub(crate) fn edited_groups(path: &Path, traces: &Traces, search: &Search) -> anyhow::Result<Edit> {
    let table = GroupsTable::read(path)?;
    let goes = |row: &GroupsRow| {
        let file = fs::canonicalize(&row.file);
        row.person
            .as_deref()
            .is_some_and(|it| traces.has_person(it))
            || row
                .source
                .as_deref()
                .is_some_and(|it| traces.has_source(it))
            || traces.files.contains(file.as_ref().unwrap_or(&row.file))
            || search.is_in(row.written.as_bytes())
    };
    let lines = table
        .rows
        .iter()
        .filter(|row| goes(row))
        .map(|row| row.line);
    Ok(without(&table.sheet, &lines.collect::<Vec<_>>()))
}

/// The table of sources without their rows.
pub(crate) fn edited_sources(
    path: &Path,
    traces: &Traces,
    search: &Search,
) -> anyhow::Result<Edit> {
    let table = SourceRows::read(path)?;
    let addresses: Vec<String> = traces.addresses.iter().map(|it| normal(it)).collect();
    let goes = |(row, said): &(&SheetRow, &SourceRow)| {
        row.cells.iter().any(|cell| search.is_in(cell.as_bytes()))
            || said
                .person
                .as_deref()
                .is_some_and(|it| traces.has_person(it))
            || said
                .source
                .as_deref()
                .is_some_and(|it| traces.has_source(it))
            || said
                .address
                .as_deref()
                .is_some_and(|it| addresses.contains(&normal(it)))
    };
    let rows = table.sheet.rows.iter().zip(&table.rows);
    let lines = rows.filter(goes).map(|(row, _)| row.line);
    Ok(without(&table.sheet, &lines.collect::<Vec<_>>()))
}

fn without(sheet: &Sheet, lines: &[u64]) -> Edit {
    if lines.is_empty() {
        return Edit::Keep;
    }
    Edit::Replace(sheet.without_rows(lines))
}

/// Another table without rows that have a trace.
pub(crate) fn edited_table(bytes: &[u8], search: &Search) -> Edit {
    if let Ok(sheet) = Sheet::parse(bytes, &FRAME_COLUMNS) {
        let goes = |row: &&SheetRow| row.cells.iter().any(|cell| search.is_in(cell.as_bytes()));
        let lines = sheet.rows.iter().filter(goes).map(|row| row.line);
        return without(&sheet, &lines.collect::<Vec<_>>());
    }
    if !search.is_in(bytes) {
        return Edit::Keep;
    }
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let left: Vec<&[u8]> = lines.filter(|line| !search.is_in(line)).collect();
    Edit::Replace(left.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces() -> (Traces, Search) {
        let traces = Traces {
            id: "7".to_owned(),
            keys: [("person:annab".to_owned(), "person:forgotten-7-1".to_owned())].into(),
            videos: [("a".repeat(64), "forgotten-7-1".to_owned())].into(),
            paths: ["squat/good_form/a.mp4".to_owned()].into(),
            addresses: ["https://a.org/v".to_owned()].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        (traces, search)
    }

    fn text(edit: Edit) -> String {
        match edit {
            Edit::Replace(bytes) => String::from_utf8(bytes).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn rows_of_groups_and_sources_go() {
        let (traces, search) = traces();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("groups.csv");
        let table = "path,person\nsquat/good_form/a.mp4,\nb.mp4,ANNA-B\n\"c.mp4\",ben\n";
        fs::write(&path, table).unwrap();
        let left = text(edited_groups(&path, &traces, &search).unwrap());
        assert_eq!(left, "path,person\n\"c.mp4\",ben\n");
        let path = dir.path().join("sources.csv");
        let table =
            "url,person,note\nhttp://www.a.org/v/#x,,\nhttps://b.org,Anna B,\nhttps://c.org,ben,\n";
        fs::write(&path, table).unwrap();
        let left = text(edited_sources(&path, &traces, &search).unwrap());
        assert_eq!(left, "url,person,note\nhttps://c.org,ben,\n");
    }

    #[test]
    fn rows_of_frames_and_of_any_table_go() {
        let (_, search) = traces();
        let id = "a".repeat(16);
        let frames = format!("frame_path;label\r\nf/{id}_000_0000000.jpg;good\r\nf/b.jpg;bad\r\n");
        let left = text(edited_table(frames.as_bytes(), &search));
        assert_eq!(left, "frame_path;label\r\nf/b.jpg;bad\r\n");
        let other = "name,score\nv/squat/good_form/a.mp4,1\nb,2\n";
        assert_eq!(
            text(edited_table(other.as_bytes(), &search)),
            "name,score\nb,2\n"
        );
        assert_eq!(edited_table(b"name\nb\n", &search), Edit::Keep);
    }
}
