//! Whether a folder is one of labelled frames, before anything is read from it.

use std::fs;
use std::path::{Path, PathBuf};

use wo_folder::{RECORDS, tables};

/// How far below a folder videos are looked for: `<exercise>/<label>/<fault>/`.
const DEPTH: usize = 4;
/// How names of videos end.
const VIDEOS: [&str; 14] = [
    "mp4", "m4v", "mov", "3gp", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "flv", "wmv",
    "gif",
];

/// What a folder holds, as far as its names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderKind {
    /// Records or tables of frames.
    Frames,
    /// Videos, from which frames are yet to be taken.
    Videos,
    /// Neither.
    Neither,
}

/// What the folder `directory` holds.
pub fn folder_kind(directory: &Path) -> FolderKind {
    let has_table = tables(directory).is_ok_and(|tables| !tables.is_empty());
    if directory.join(RECORDS).exists() || has_table {
        FolderKind::Frames
    } else if has_video(directory, DEPTH) {
        FolderKind::Videos
    } else {
        FolderKind::Neither
    }
}

/// The commands that take frames from the videos in the folder `directory`, and the folder that they go to. `word` is a path
/// as a shell reads it.
pub fn frames_of_videos(directory: &Path, word: impl Fn(&Path) -> String) -> (String, PathBuf) {
    let beside = directory.parent().unwrap_or(Path::new(""));
    let frames = beside.join("labeled_frames");
    let records = frames.join(RECORDS);
    let commands = format!(
        "wo-extract {} --out {} > /dev/null && wo-describe {records} -o {records}",
        word(directory),
        word(&frames),
        records = word(&records)
    );
    (commands, frames)
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn has_video(directory: &Path, depth: usize) -> bool {
    let is_found = |path: PathBuf| {
        if path.is_dir() {
            depth > 0 && has_video(&path, depth - 1)
        } else {
            ends_with(&path, &VIDEOS)
        }
    };
    files_of(directory).into_iter().any(is_found)
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|it| it.to_str());
    ending.is_some_and(|it| endings.iter().any(|known| it.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_videos_is_none_of_frames() {
        let folder = tempfile::tempdir().expect("a folder");
        let kind = || folder_kind(folder.path());
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "x").expect("a file");
        };
        assert_eq!(kind(), FolderKind::Neither);
        make("groups.csv");
        make("squat/good_form/README.md");
        assert_eq!(kind(), FolderKind::Neither);
        make("squat/bad_form/knees_cave/A.MP4");
        assert_eq!(kind(), FolderKind::Videos);
        make("squat_bad_form.csv");
        assert_eq!(kind(), FolderKind::Frames);
        assert_eq!(
            folder_kind(&folder.path().join("none")),
            FolderKind::Neither
        );
    }

    #[test]
    fn the_commands_put_frames_beside_the_videos() {
        let (commands, frames) = frames_of_videos(Path::new("data/training_data"), |it| {
            it.display().to_string()
        });
        assert_eq!(frames, Path::new("data/labeled_frames"));
        assert_eq!(
            commands,
            "wo-extract data/training_data --out data/labeled_frames > /dev/null && \
             wo-describe data/labeled_frames/records.ndjson -o data/labeled_frames/records.ndjson"
        );
    }
}
