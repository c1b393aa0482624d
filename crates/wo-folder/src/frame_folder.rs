//! Whether a folder is one of labelled frames, and whether a file is its records, before anything is read from it.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use wo_cli::{Error, Exit, Message, count, message, named, shell_word, verb};

use crate::names::{MEDIA_ENDINGS, RECORDS, REVIEWS, STATE, has_ending, holds_written_images};
use crate::tables::table_files::{tables, tables_of_frames};

/// How far below a folder videos are looked for: `<exercise>/<label>/<fault>/`.
const DEPTH: usize = 4;

/// What a folder holds, as far as its names and first lines tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FolderKind {
    /// Records or tables of frames.
    Frames,
    /// Videos, from which frames are yet to be taken.
    Videos,
    /// Neither.
    Neither,
}

/// Refuses a folder that holds no frames, and says how they get there. `then` is the command that reads them, such as
/// `wo-train --data-dir`.
pub fn check_frames(directory: &Path, then: &str) -> anyhow::Result<()> {
    wo_cli::check_folder(directory)?;
    if kind_of(directory) == FolderKind::Frames {
        return Ok(());
    }
    Err(no_frames(directory, then))
}

/// That a folder holds no frames, with the commands that take some.
pub fn no_frames(directory: &Path, then: &str) -> anyhow::Error {
    let any = "wo-extract writes them: wo-extract FOLDER_OF_VIDEOS --out FOLDER_OF_FRAMES";
    let (what, hint) = match kind_of(directory) {
        FolderKind::Videos => {
            let (commands, frames) = frames_of_videos(directory);
            (
                "is a folder of videos, of which no frames were taken yet",
                format!("{commands} && {then} {}", shell_word(&frames)),
            )
        }
        FolderKind::Frames => ("has no frame in its records or tables", any.to_owned()),
        FolderKind::Neither => (
            "has neither records.ndjson nor a CSV with frames",
            any.to_owned(),
        ),
    };
    let message = format!("{} {what}", directory.display());
    Error::new(Exit::Usage, message).hint(hint).into()
}

fn kind_of(directory: &Path) -> FolderKind {
    let has_table = || tables(directory).is_ok_and(|tables| !tables.is_empty());
    if directory.join(RECORDS).exists() || !tables_of_frames(directory).is_empty() {
        FolderKind::Frames
    } else if has_video(directory, DEPTH) {
        FolderKind::Videos
    } else if has_table() {
        // Its first line may be misspelt, which whoever reads it says.
        FolderKind::Frames
    } else {
        FolderKind::Neither
    }
}

/// The commands that take frames from the videos in the folder `directory`, and the folder that they go to.
fn frames_of_videos(directory: &Path) -> (String, PathBuf) {
    let beside = directory.parent().unwrap_or(Path::new(""));
    let frames = beside.join("labeled_frames");
    let records = shell_word(&frames.join(RECORDS));
    let commands = format!(
        "wo-extract {} --out {} > /dev/null && wo-describe {records} -o {records}",
        shell_word(directory),
        shell_word(&frames),
    );
    (commands, frames)
}

fn has_video(directory: &Path, depth: usize) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name();
        name.to_str().is_some_and(holds_written_images)
    };
    let mut others = entries.filter(|entry| !is_ours(entry));
    others.any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            depth > 0 && has_video(&path, depth - 1)
        } else {
            has_ending(&path, &MEDIA_ENDINGS)
        }
    })
}

/// The folder of frames that a file is the records of, if it is: what people wrote there counts of its frames.
pub fn folder_of_records(file: &Path) -> Option<&Path> {
    if file.file_name() != Some(RECORDS.as_ref()) {
        return None;
    }
    let dir = match file.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let is_ours = dir.join(STATE).is_file() || dir.join(REVIEWS).is_file();
    (is_ours || !tables_of_frames(dir).is_empty()).then_some(dir)
}

/// That the tables beside a file of records do not count, if it is so: they are read where the file is the `records.ndjson`
/// of its folder and is given by its name. `given` are the tables that are read in any case.
pub fn tables_not_read(input: Option<&Path>, given: &[PathBuf]) -> Option<Message> {
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
    Some(message!(
        "{} {why}, so {n} beside it {are} not read: {names}", file.display();
        "{cure}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_videos_is_none_of_frames() {
        let folder = tempfile::tempdir().unwrap();
        let kind = || kind_of(folder.path());
        let make = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(kind(), FolderKind::Neither);
        make("groups.csv", "path\n");
        make("squat/good_form/README.md", "x");
        assert_eq!(kind(), FolderKind::Neither);
        make("squat_bad_form.csv", "frame_pth,label\n");
        assert_eq!(
            kind(),
            FolderKind::Frames,
            "a slip is for the reader to name"
        );
        make("squat/bad_form/knees_cave/A.MTS", "x");
        assert_eq!(kind(), FolderKind::Videos);
        make("notes.csv", "day,weight\n");
        assert_eq!(kind(), FolderKind::Videos);
        make("squat_bad_form.csv", "frame_path,label\n");
        assert_eq!(kind(), FolderKind::Frames);
        assert_eq!(kind_of(&folder.path().join("none")), FolderKind::Neither);
    }

    #[test]
    fn the_commands_put_frames_beside_the_videos() {
        let (commands, frames) = frames_of_videos(Path::new("data/training_data"));
        assert_eq!(frames, Path::new("data/labeled_frames"));
        assert_eq!(
            commands,
            "wo-extract data/training_data --out data/labeled_frames > /dev/null && \
             wo-describe data/labeled_frames/records.ndjson -o data/labeled_frames/records.ndjson"
        );
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
            said.text.contains("1 table beside it is not read: a.csv"),
            "{said:?}"
        );
        let given = tables_not_read(Some(&at("described.ndjson")), &[at("a.csv")]);
        assert_eq!(given, None);
    }
}
