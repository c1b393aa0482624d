//! Which files to try, in order.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};
use wo_record::code;

use crate::fault::Fault;
use crate::groups::{Groups, Keys};
use crate::labels::{self, Labels};

/// Names of videos, pictures and, because phones put videos under it too, of one kind of sound.
const EXTENSIONS: [&str; 26] = [
    "mp4", "m4v", "mov", "m4a", "3gp", "3g2", "mkv", "webm", "avi", "mpg", "mpeg", "mpe", "vob",
    "ts", "mts", "m2ts", "flv", "wmv", "asf", "ogv", "mxf", "gif", "jpg", "jpeg", "png", "webp",
];

/// A file to try, and what its place says about it.
#[derive(Debug)]
pub(crate) struct Source {
    /// As given, or as found in a folder that was given.
    pub(crate) path: PathBuf,
    /// What its folders say.
    pub(crate) labels: Labels,
    /// What a `groups.csv` says.
    pub(crate) keys: Keys,
    /// Why it need not be tried.
    pub(crate) fault: Option<Fault>,
}

/// The files at `paths` and in the folders among them; `out` and what lies in it are left out.
pub(crate) fn list(paths: &[PathBuf], out: Option<&Path>) -> anyhow::Result<Vec<Source>> {
    let out = out.map(labels::absolute);
    let mut groups = Groups::default();
    let mut sources = Vec::new();
    for path in paths {
        if !path.is_dir() {
            sources.push(Source::new(path, None, &mut groups)?);
            continue;
        }
        let root = labels::absolute(path);
        let walk = WalkDir::new(path).sort_by_file_name();
        let walk = walk
            .into_iter()
            .filter_entry(|e| !is_hidden(e) && Some(labels::absolute(e.path())) != out);
        for entry in walk {
            match entry {
                Ok(entry) if is_candidate(&entry) => {
                    sources.push(Source::new(entry.path(), Some(&root), &mut groups)?);
                }
                Ok(_) => {}
                Err(error) => {
                    sources.push(Source::unreadable(error.path().unwrap_or(path), &error));
                }
            }
        }
    }
    Ok(sources)
}

impl Source {
    fn new(path: &Path, root: Option<&Path>, groups: &mut Groups) -> anyhow::Result<Self> {
        let file = labels::absolute(path);
        let keys = groups.keys_of(&file, root)?;
        Ok(Self {
            path: path.to_owned(),
            labels: labels::of(&file, root),
            keys,
            fault: None,
        })
    }

    fn unreadable(path: &Path, error: &walkdir::Error) -> Self {
        let what = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let fault = Some(Fault::new(code::UNREADABLE, what));
        Self {
            path: path.to_owned(),
            labels: Labels::default(),
            keys: Keys::default(),
            fault,
        }
    }
}

/// The folder that was given may be hidden; the user named it.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_candidate(entry: &DirEntry) -> bool {
    if entry.file_type().is_dir() || (entry.path_is_symlink() && entry.path().is_dir()) {
        return false;
    }
    let is_known = has_known_extension(entry.path());
    if !is_known {
        wo_cli::info!(
            "{}: skipped, not a name of a video or picture",
            entry.path().display()
        );
    }
    is_known
}

fn has_known_extension(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_order_without_hidden_and_other_files() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for name in [
            "b/2.MP4",
            "b/10.mp4",
            "a.mov",
            ".h/x.mp4",
            ".y.mp4",
            "n.txt",
            "out/f.jpg",
            "groups.txt",
            "c",
        ] {
            make(name);
        }
        std::os::unix::fs::symlink(dir.path().join("b"), dir.path().join("link.mp4")).unwrap();
        let paths = [
            dir.path().to_owned(),
            dir.path().join("n.txt"),
            dir.path().join("none.mp4"),
        ];
        let found = list(&paths, Some(&dir.path().join("out"))).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|s| s.path.strip_prefix(dir.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.mov", "b/10.mp4", "b/2.MP4", "n.txt", "none.mp4"]);
    }
}
