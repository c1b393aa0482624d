//! Takes traces out of all files, whatever a killed run has done already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::forget::edit::Edit;
use crate::forget::files::{FileList, Kind};
use crate::forget::parts::any_part;
use crate::forget::search::Search;
use crate::forget::traces::Traces;
use crate::forget::{lines, logs, reviews, tables};
use crate::hand::Hand;
use crate::video_files::hash_of;

/// What was done, or would be.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// How many files were removed, by what they are.
    pub(crate) removed: BTreeMap<&'static str, usize>,
    /// Files in which something changed.
    pub(crate) changed: Vec<PathBuf>,
    /// Files elsewhere that a link led to: these stay.
    pub(crate) outside: Vec<PathBuf>,
}

/// Takes traces out of all files but models and the ledger.
pub(crate) fn sweep(
    list: &FileList,
    traces: &Traces,
    search: &Search,
    hand: Hand,
) -> anyhow::Result<Swept> {
    let mut swept = Swept::default();
    let mut folders = BTreeSet::new();
    for (path, kind) in &list.files {
        let edit = match edit_of(path, *kind, list, traces, search) {
            // Another run of this one, or a person, was faster.
            Err(error) if is_gone(&error) => continue,
            edit => edit?,
        };
        if edit != Edit::Keep {
            swept.outside.extend(FileList::target_outside(path));
        }
        match edit {
            Edit::Keep => {}
            Edit::Remove => {
                *swept.removed.entry(words(path, *kind)).or_default() += 1;
                folders.extend(path.parent().map(Path::to_owned));
                if hand == Hand::Writes {
                    remove(path)?;
                }
            }
            Edit::Replace(bytes) => {
                swept.changed.push(path.clone());
                if hand == Hand::Writes {
                    wo_folder::replace(path, &bytes)?;
                }
            }
            Edit::EachLine => {
                swept.changed.push(path.clone());
                if hand == Hand::Writes {
                    lines::rewrite(path, traces, search)?;
                }
            }
        }
    }
    if hand == Hand::Writes {
        list.links
            .iter()
            .filter(|link| !link.exists())
            .try_for_each(|link| remove(link))?;
        for folder in &folders {
            remove_named(folder, search);
        }
    }
    Ok(swept)
}

fn is_gone(error: &anyhow::Error) -> bool {
    let error = wo_cli::cause::<std::io::Error>(error);
    error.is_some_and(|it| it.kind() == ErrorKind::NotFound)
}

fn edit_of(
    path: &Path,
    kind: Kind,
    list: &FileList,
    traces: &Traces,
    search: &Search,
) -> anyhow::Result<Edit> {
    let read = || fs::read(path).with_context(|| format!("read {}", path.display()));
    match kind {
        Kind::Ledger | Kind::Manifest | Kind::ModelFile => return Ok(Edit::Keep),
        Kind::Groups => return tables::edited_groups(path, traces, search),
        Kind::Sources => return tables::edited_sources(path, traces, search),
        Kind::Reviews => return reviews::edited(path, &read()?, traces, search),
        _ if is_theirs_by_name(path, traces, search) => return Ok(Edit::Remove),
        _ => {}
    }
    Ok(match kind {
        Kind::Lines if any_part(path, &|part| search.is_in(part))? => Edit::EachLine,
        Kind::Table => tables::edited_table(&read()?, search),
        Kind::Json => lines::edited_json(&read()?, search),
        Kind::Page | Kind::Scrap => page(&read()?, search),
        Kind::Text => text(&read()?, search),
        Kind::Log => logs::edited_log(&read()?, search),
        Kind::LastRun => logs::edited_last_run(&read()?, search),
        Kind::Media if traces.was_here && list.is_image_of_model(path) => Edit::Remove,
        Kind::Media => {
            let hash = hash_of(path)?;
            let is_theirs = traces.videos.contains_key(&hash) || traces.images.contains(&hash);
            if is_theirs { Edit::Remove } else { Edit::Keep }
        }
        _ => Edit::Keep,
    })
}

/// Whether a table or records say that this file is theirs, or its name does.
fn is_theirs_by_name(path: &Path, traces: &Traces, search: &Search) -> bool {
    let name = path.file_name().unwrap_or_default();
    let is_said = || {
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        traces.files.contains(&place)
    };
    search.is_in(name.as_encoded_bytes()) || is_said()
}

/// A report is made anew in a minute; what it shows of a person cannot be taken out of it.
fn page(bytes: &[u8], search: &Search) -> Edit {
    if search.is_in(bytes) || search.names(&String::from_utf8_lossy(bytes)) {
        Edit::Remove
    } else {
        Edit::Keep
    }
}

fn text(bytes: &[u8], search: &Search) -> Edit {
    match std::str::from_utf8(bytes) {
        Ok(text) => Edit::of(search.replaced(text).map(String::into_bytes)),
        Err(_) if search.is_in(bytes) => Edit::Remove,
        Err(_) => Edit::Keep,
    }
}

/// What a file is, in words.
fn words(path: &Path, kind: Kind) -> &'static str {
    match kind {
        Kind::Page => "report",
        Kind::Media
            if path
                .iter()
                .any(|it| it.to_string_lossy().starts_with("frames_")) =>
        {
            "frame"
        }
        Kind::Media => "video or image",
        _ => "file",
    }
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes folders that are called after somebody who is forgotten, and are empty now.
fn remove_named(folder: &Path, search: &Search) {
    for folder in folder.ancestors() {
        let name = folder.file_name().unwrap_or_default();
        let is_named =
            search.names(&name.to_string_lossy()) || search.is_in(name.as_encoded_bytes());
        // A folder that is not empty is not removed.
        if !is_named || fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> (Traces, Search) {
        let traces = Traces {
            id: "7".to_owned(),
            names: ["Anna".to_owned()].into(),
            paths: ["squat/good_form/a.mp4".to_owned()].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        (traces, search)
    }

    #[test]
    fn a_report_goes_and_a_text_is_changed() {
        let (_, search) = search();
        let html = b"<td>Anna</td>";
        assert_eq!(page(html, &search), Edit::Remove);
        assert_eq!(page(b"<td>Joanna</td>", &search), Edit::Keep);
        let log = b"took v/squat/good_form/a.mp4 of Anna\n";
        let expected = b"took v/forgotten-7 of Anna\n".to_vec();
        assert_eq!(text(log, &search), Edit::Replace(expected));
        assert_eq!(text(b"\xff squat/good_form/a.mp4", &search), Edit::Remove);
    }

    #[test]
    fn a_folder_of_theirs_goes_when_it_is_empty() {
        let (_, search) = search();
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("bad_form/anna/anna_2");
        fs::create_dir_all(&inner).unwrap();
        remove_named(&inner, &search);
        assert!(dir.path().join("bad_form").exists());
        assert!(!dir.path().join("bad_form/anna").exists());
        fs::create_dir_all(&inner).unwrap();
        fs::write(dir.path().join("bad_form/anna/notes"), "").unwrap();
        remove_named(&inner, &search);
        assert!(dir.path().join("bad_form/anna").exists() && !inner.exists());
    }
}
