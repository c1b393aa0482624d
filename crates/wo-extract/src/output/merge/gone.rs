//! Missing files: what records they left, and whether rather their disk is missing.

use std::collections::BTreeSet;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wo_cli::{count, verb};

use crate::input::paths::shown;

/// If fewer than one in this many videos of a folder is left, the disk is probably unmounted, or the folder is another one
/// of the same name.
const ONE_IN: usize = 2;

/// Whether there is no such file. A file that cannot be checked, as on a failing disk, is not gone.
pub(in crate::output) fn is_gone(path: &Path) -> bool {
    let kind = path.symlink_metadata().map_err(|error| error.kind());
    matches!(kind, Err(ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Why missing videos may not have been deleted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UnmountedSign {
    /// Most are.
    MostGone {
        folder: PathBuf,
        n_gone: usize,
        n_known: usize,
    },
    /// A folder that held folders of videos is empty, like the mount point of an unmounted disk.
    Emptied(PathBuf),
}

impl fmt::Display for UnmountedSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MostGone {
                folder,
                n_gone,
                n_known,
            } => write!(
                f,
                "of {} known in {}, {n_gone} {} not there",
                count(n_known, "video"),
                shown(folder),
                verb(n_gone, "is", "are")
            ),
            Self::Emptied(folder) => write!(f, "{} holds nothing any more", shown(folder)),
        }
    }
}

/// A sign that the videos of a folder were not deleted. `places` are those of all known videos, and whether this run found
/// them, there or elsewhere.
pub(super) fn in_doubt(folder: &Path, places: &[(PathBuf, bool)]) -> Option<UnmountedSign> {
    let (mut n_known, mut n_gone) = (0, 0);
    let mut emptied = BTreeSet::new();
    for (path, is_met) in places {
        if !path.starts_with(folder) {
            continue;
        }
        n_known += 1;
        if !is_met && is_gone(path) {
            n_gone += 1;
            // Of its own folder it may have been the last one.
            let mut above = path.ancestors().skip(1);
            let nearest = above.find(|it| it.is_dir());
            let nearest = nearest.filter(|it| it.starts_with(folder) && path.parent() != Some(it));
            emptied.extend(nearest.map(Path::to_owned));
        }
    }
    if n_gone == 0 {
        return None;
    }
    if (n_known - n_gone) * ONE_IN < n_known {
        let folder = folder.to_owned();
        return Some(UnmountedSign::MostGone {
            folder,
            n_gone,
            n_known,
        });
    }
    emptied
        .into_iter()
        .find(|it| is_empty(it))
        .map(UnmountedSign::Emptied)
}

fn is_empty(folder: &Path) -> bool {
    folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_none())
}

/// How many records missing files left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) videos: usize,
    pub(super) frames: usize,
    pub(super) errors: usize,
}

impl Amount {
    /// Whether it is nothing.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// That it stays.
    pub(super) fn staying(&self) -> String {
        let staying = |n: usize, file: &str, one: &str, many: &str| {
            (n > 0).then(|| {
                format!(
                    "{} {} gone, and {}",
                    count(n, file),
                    verb(n, "is", "are"),
                    verb(n, one, many)
                )
            })
        };
        let videos = staying(self.videos, "video", "its frames stay", "their frames stay");
        let errors = staying(
            self.errors,
            "broken file",
            "its error stays",
            "their errors stay",
        );
        let parts: Vec<String> = [videos, errors].into_iter().flatten().collect();
        parts.join("; ")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (videos, frames) = (count(self.videos, "video"), count(self.frames, "frame"));
        let errors = count(self.errors, "error");
        match (self.videos, self.errors) {
            (0, _) => write!(f, "{errors}"),
            (_, 0) => write!(f, "{videos} with {frames}"),
            _ => write!(f, "{videos} with {frames}, and {errors}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder of which these files were known, with whether they are there; `empty` is made and holds nothing.
    fn check(files: &[(&str, bool)], empty: &str, expected: Option<&str>) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("v");
        fs::create_dir_all(root.join(empty)).unwrap();
        let mut places = Vec::new();
        for (name, is_there) in files {
            let path = root.join(name);
            if *is_there {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, "x").unwrap();
            }
            places.push((path, false));
        }
        let said = in_doubt(&root, &places).map(|doubt| doubt.to_string());
        let said = said.map(|it| it.replace(&dir.path().display().to_string(), ""));
        assert_eq!(said.as_deref(), expected, "{files:?}");
        // What was met elsewhere is not gone.
        for (_, is_met) in &mut places {
            *is_met = true;
        }
        assert_eq!(in_doubt(&root, &places), None);
    }

    #[test]
    fn a_disk_that_is_not_there_is_told_from_files_that_are_gone() {
        check(&[("a/1", true), ("a/2", false)], "", None);
        let half = [("a/1", true), ("a/2", true), ("b/3", false), ("b/4", false)];
        check(&half, "", None);
        check(
            &half[1..],
            "",
            Some("of 3 videos known in /v, 2 are not there"),
        );
        check(
            &[("a/1", false), ("a/2", false)],
            "",
            Some("of 2 videos known in /v, 2 are not there"),
        );
        check(
            &[("a/1", false)],
            "",
            Some("of 1 video known in /v, 1 is not there"),
        );
        // A mount point below the root.
        check(
            &[("a/good/1", true), ("b/good/2", false)],
            "b",
            Some("/v/b holds nothing any more"),
        );
        // The last one of its folder.
        check(&[("a/good/1", true), ("b/2", false)], "b", None);
        assert_eq!(in_doubt(Path::new("/nowhere"), &[]), None);
    }

    #[test]
    fn amounts_are_told_in_english() {
        let amount = |videos, frames, errors| Amount {
            videos,
            frames,
            errors,
        };
        for (amount, went, stays) in [
            (
                amount(1, 6, 0),
                "1 video with 6 frames",
                "1 video is gone, and its frames stay",
            ),
            (
                amount(0, 0, 2),
                "2 errors",
                "2 broken files are gone, and their errors stay",
            ),
            (
                amount(2, 1, 1),
                "2 videos with 1 frame, and 1 error",
                "2 videos are gone, and their frames stay; 1 broken file is gone, and its error stays",
            ),
        ] {
            assert_eq!(
                (amount.to_string().as_str(), amount.staying().as_str()),
                (went, stays)
            );
        }
    }
}
