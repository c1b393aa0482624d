//! One `groups.csv`.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_folder::GROUP_COLUMNS as COLUMNS;
use wo_folder::{BaseFolder, Files, GROUPS, Sheet, WithNearest, holds_written_images};
use wo_record::{Name, same_id};

use crate::input::keys::Keys;
use crate::input::media_names::{is_image_name, is_media_name};
use crate::input::paths::shown;

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    files: Files,
    /// By the key of the video, with the line.
    rows: HashMap<PathBuf, (u64, Keys)>,
    /// Rows that name no video: line and path.
    unmet: Vec<(u64, String)>,
    n_rows: usize,
}

impl Table {
    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of the absolute path `file`.
    pub(super) fn keys_of(&self, file: &Path) -> Option<&Keys> {
        self.rows.get(&self.files.key(file)).map(|(_, keys)| keys)
    }

    /// What it says, in the order of its rows.
    pub(super) fn keys_in_order(&mut self) -> Vec<&mut Keys> {
        let mut rows: Vec<&mut (u64, Keys)> = self.rows.values_mut().collect();
        rows.sort_by_key(|(line, _)| *line);
        rows.into_iter().map(|(_, keys)| keys).collect()
    }

    /// Says which rows name no video.
    pub(super) fn say_unmet(&self) {
        if self.unmet.is_empty() {
            return;
        }
        let mut videos = self.files.paths();
        let is_frame = |path: &Path| {
            let mut names = path.components().map(std::path::Component::as_os_str);
            names.any(|name| holds_written_images(&name.to_string_lossy()))
        };
        videos.retain(|path| is_media_name(Path::new(path)) && !is_frame(Path::new(path)));
        let videos: Vec<&str> = videos.iter().map(String::as_str).collect();
        let unmet = self.unmet.iter().map(|(line, written)| WithNearest {
            place: format!("line {line}: {written}"),
            written,
            known: &videos,
        });
        let n = self.unmet.len();
        wo_cli::warn!(
            "{}: {n} of {} {} no video, so {} nothing: {}",
            shown(&self.path),
            wo_cli::count(self.n_rows, "row"),
            wo_cli::verb(n, "names", "name"),
            wo_cli::verb(n, "it changes", "they change"),
            wo_cli::named(unmet);
            "write the path from the folder of {GROUPS}, such as squat/good_form/anna_01.mp4"
        );
    }
}

/// The table of a folder, under its name in any case.
pub(super) fn table_in(folder: &Path) -> Option<PathBuf> {
    let plain = folder.join(GROUPS);
    if plain.is_file() {
        return Some(plain);
    }
    // Whoever may not read a folder's names may still read a file in it.
    let entries = fs::read_dir(folder).ok()?;
    let is_table = |name: &OsStr| name.to_string_lossy().eq_ignore_ascii_case(GROUPS);
    let mut names = entries.flatten().map(|entry| entry.file_name());
    names
        .find(|name| is_table(name))
        .map(|name| folder.join(name))
}

pub(super) fn open(folder: &Path) -> anyhow::Result<Option<Table>> {
    let Some(path) = table_in(folder) else {
        return Ok(None);
    };
    let what = || format!("read {}", shown(&path));
    let bytes = wo_cli::read_bytes(&path)
        .with_context(what)
        .exit_with(Exit::Io)?;
    let table = parse(&path, &bytes).with_context(what);
    Ok(Some(table.exit_with(Exit::Integrity)?))
}

fn parse(path: &Path, bytes: &[u8]) -> anyhow::Result<Table> {
    let sheet = Sheet::parse(bytes, &COLUMNS)?;
    for trouble in sheet.troubles(&COLUMNS) {
        wo_cli::warn_line(&trouble.about(shown(path)));
    }
    let videos = Files::of(BaseFolder::of(Some(path))?)?
        .only(|path| is_media_name(path) && !is_image_name(path));
    let files = Files::of(BaseFolder::of(Some(path))?)?.only(is_media_name);
    let columns = COLUMNS.others.iter().map(|names| sheet.column(names));
    let [person, source, angle] = [0, 1, 2].map(|it| columns.clone().nth(it).flatten());
    let path_column = sheet.column(COLUMNS.key);
    let mut table = Table {
        path: path.to_owned(),
        rows: HashMap::new(),
        unmet: Vec::new(),
        n_rows: sheet.rows.len(),
        files,
    };
    for row in &sheet.rows {
        let line = row.line;
        let cell = |column: Option<usize>| {
            let text = column.and_then(|column| row.cells.get(column));
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let written = cell(path_column).ok_or_else(|| {
            wo_cli::error!(
                Exit::Integrity,
                "line {line}: no path";
                "write the video's path in the column path, or delete the row"
            )
        })?;
        let keys = Keys {
            person_id: cell(person),
            source_id: cell(source),
            angle: cell(angle).map(|it| Name::new(&it)),
        };
        refuse_long(line, &keys)?;
        let meant = Some(videos.meant(&written)).filter(|meant| meant.is_there);
        let meant = meant.unwrap_or_else(|| table.files.meant(&written));
        if !meant.is_there {
            table.unmet.push((line, written.clone()));
        }
        match table.rows.get(&meant.key) {
            Some((first, other)) if !agree(other, &keys) => {
                wo_cli::bail!(
                    Exit::Integrity,
                    "line {line}: {written} is listed twice, with different keys: see line {first}";
                    "delete one of the two rows"
                );
            }
            Some(_) => {}
            None => {
                table.rows.insert(meant.key, (line, keys));
            }
        }
    }
    Ok(table)
}

/// Fails on a person or an angle that is longer than a name may be.
fn refuse_long(line: u64, keys: &Keys) -> anyhow::Result<()> {
    let angle = keys.angle.as_ref().map(Name::as_str);
    let names = [keys.person_id.as_deref(), angle];
    wo_cli::ensure!(
        names.into_iter().flatten().all(|it| it.len() <= Name::MAX_BYTES),
        Exit::Integrity,
        "line {line}: the person or the angle has more than {} bytes", Name::MAX_BYTES;
        "write a shorter name"
    );
    Ok(())
}

/// Whether two rows of one video say the same, however it is spelt.
fn agree(one: &Keys, other: &Keys) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| {
        one.as_deref().map(same_id) == other.as_deref().map(same_id)
    };
    same(&one.person_id, &other.person_id)
        && same(&one.source_id, &other.source_id)
        && one.angle == other.angle
}

#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn a_bad_table_names_the_line() {
        for (text, expected) in [
            ("clip,person_id\na,b\n", "line 1"),
            (
                "path,person_id,source_id\na.mp4,p,s\nb.mp4,p,s,t\n",
                "line 3",
            ),
            ("path,person_id,source_id\na.mp4,p,s\n,p,s\n", "line 3"),
            ("path,person_id,source_id\na.mp4,p,s\na.mp4,q,s\n", "line 3"),
            ("path,person_id\na.mp4,p\n.\\A.mp4,q\n", "see line 2"),
        ] {
            let dir = folder(&["a.mp4", "b.mp4"], text);
            let message = format!("{:#}", open(dir.path()).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
        for (n, is_right) in [(100, true), (101, false)] {
            let text = format!("path,person_id\na.mp4,{}\n", "p".repeat(n));
            let dir = folder(&["a.mp4"], &text);
            assert_eq!(open(dir.path()).is_ok(), is_right, "{n}");
        }
    }

    #[test]
    fn rows_of_no_video_are_known() {
        let table = "path,person_id\na.mp4,p\nsquat/b.mp4,q\n0.mp4,r\n";
        let dir = folder(&["a.mp4", "x/0.mp4", "y/0.mp4"], table);
        let read = open(dir.path()).unwrap().unwrap();
        let unmet: Vec<&str> = read.unmet.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(unmet, ["squat/b.mp4", "0.mp4"]);
    }
}
