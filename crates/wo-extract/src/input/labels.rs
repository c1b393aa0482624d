//! Exercise and label of a video, read off the folders that it lies in.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use wo_folder::WrittenLabel;
use wo_record::Name;

use crate::input::vocabulary::{Doubt, Vocabulary};

/// What the folders say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The exercise.
    pub(crate) exercise: Option<Name>,
    /// The label.
    pub(crate) label: Option<Name>,
}

/// What a person is to know of the place of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The folder's name is no label and looks like a misspelt one.
    Misspelt {
        /// The folder.
        folder: PathBuf,
        /// The label that may be meant.
        meant: &'static str,
    },
    /// The folder's name is a label that the tools do not know.
    NewLabel(PathBuf),
    /// No folder says what it shows.
    NoLabel(PathBuf),
    /// The captions table in force does not know the name of a folder.
    Unknown(Doubt),
    /// Several of these.
    Several(Vec<Self>),
}

/// The folders of videos, as far as they were asked about. Each is read once, however many files lie in it.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    /// Whether labels lie one folder deeper than they should.
    holds_exercises: HashMap<PathBuf, bool>,
    /// What the captions table knows, once it is asked.
    vocabulary: OnceCell<Vocabulary>,
}

impl Folders {
    /// The labels of the absolute path `file` that was found under the absolute folder `root`, if under any.
    pub(crate) fn labels_of(
        &mut self,
        file: &Path,
        root: Option<&Path>,
    ) -> (Labels, Option<Trouble>) {
        if let Some(labels) = known_label(file) {
            let doubts = root.map(|root| self.doubts(file, root, &labels));
            return (labels, several(doubts.unwrap_or_default()));
        }
        if let Some(trouble) = root.and_then(|root| misspelt(file, root)) {
            return (Labels::default(), Some(trouble));
        }
        let folder = file.parent().unwrap_or(file).to_owned();
        match root.and_then(|root| self.two_below(file, root)) {
            Some(labels) => {
                let doubts = root.map(|root| self.doubts(file, root, &labels));
                let mut troubles = doubts.unwrap_or_default();
                troubles.insert(0, Trouble::NewLabel(folder));
                (labels, several(troubles))
            }
            None => (Labels::default(), Some(Trouble::NoLabel(folder))),
        }
    }

    /// What of the folders of a file with labels nobody knows.
    fn doubts(&self, file: &Path, root: &Path, labels: &Labels) -> Vec<Trouble> {
        let vocabulary = self.vocabulary.get_or_init(Vocabulary::in_force);
        let doubts = vocabulary.doubts(file, root, labels);
        doubts.into_iter().map(Trouble::Unknown).collect()
    }

    /// `root/<exercise>/<label>/file`, whatever the two are called.
    fn two_below(&mut self, file: &Path, root: &Path) -> Option<Labels> {
        let label = file.parent()?;
        let exercise = label.parent()?;
        if exercise.parent()? != root || self.holds_exercises(exercise) {
            return None;
        }
        Some(Labels {
            exercise: named(exercise, Name::new),
            label: named(label, Name::label),
        })
    }

    /// Whether labels lie one folder deeper than they should: the root is one level too high.
    fn holds_exercises(&mut self, folder: &Path) -> bool {
        if let Some(known) = self.holds_exercises.get(folder) {
            return *known;
        }
        let is_label =
            |path: &PathBuf| named(path, Name::label).is_some_and(|it| it.is_known_label());
        let holds = folders_in(folder).any(|inner| folders_in(&inner).any(|it| is_label(&it)));
        self.holds_exercises.insert(folder.to_owned(), holds);
        holds
    }
}

fn several(mut troubles: Vec<Trouble>) -> Option<Trouble> {
    match troubles.len() {
        0 | 1 => troubles.pop(),
        _ => Some(Trouble::Several(troubles)),
    }
}

/// The folders in a folder, by the kinds that their names have there: no file is looked at.
fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let kind = entry.file_type().ok()?;
        let path = entry.path();
        (kind.is_dir() || kind.is_symlink() && path.is_dir()).then_some(path)
    })
}

/// What the innermost folder says that is named as a label, and its parent. `bad_form/knees_cave/x.mp4` is `bad_form`.
fn known_label(file: &Path) -> Option<Labels> {
    let folder = label_folder(file)?;
    let exercise = folder.parent().and_then(|parent| named(parent, Name::new));
    Some(Labels {
        exercise,
        label: named(folder, Name::label),
    })
}

/// The innermost folder of a file that is named as a label.
pub(crate) fn label_folder(file: &Path) -> Option<&Path> {
    file.ancestors()
        .skip(1)
        .find(|folder| named(folder, Name::label).is_some_and(|n| n.is_known_label()))
}

/// The innermost folder below the root whose name is a slip of the hand away from a label. Short ones, such as `bar`, are
/// so only where a label is to be, in `root/<exercise>/<label>`.
fn misspelt(file: &Path, root: &Path) -> Option<Trouble> {
    let below = file.ancestors().skip(1);
    let below = below.take_while(|folder| *folder != root && folder.starts_with(root));
    let is_place_of_label = |folder: &Path| folder.parent().and_then(Path::parent) == Some(root);
    below.into_iter().find_map(|folder| {
        let name = folder.file_name()?.to_string_lossy();
        let WrittenLabel::Misspelt { meant, .. } = WrittenLabel::of(&name) else {
            return None;
        };
        let is_long = name.chars().count() > "good".len() + 1;
        (is_long || is_place_of_label(folder)).then(|| Trouble::Misspelt {
            folder: folder.to_owned(),
            meant,
        })
    })
}

fn named(folder: &Path, name: fn(&str) -> Name) -> Option<Name> {
    let name = name(&folder.file_name().map(OsStr::to_string_lossy)?);
    (!name.is_empty()).then_some(name)
}

/// `path` from the root of the file system on, without `.` and `..`. Links are left as they are: their names are
/// what the user sees and means.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .components()
    {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    plain
}

/// `path` as somebody in the working directory would write it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    if path == Path::new("") {
        ".".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, root: Option<&str>, expected: (Option<&str>, Option<&str>)) {
        let (labels, _) = Folders::default().labels_of(Path::new(file), root.map(Path::new));
        let got = (
            labels.exercise.as_ref().map(Name::as_str),
            labels.label.as_ref().map(Name::as_str),
        );
        assert_eq!(got, expected, "{file} under {root:?}");
    }

    #[test]
    fn a_known_label_counts_anywhere_among_the_parents() {
        let squat_bad = (Some("squat"), Some("bad_form"));
        check("/data/squat/bad_form/a.mp4", None, squat_bad);
        check(
            "/data/squat/bad_form/knees_cave/front/a.mp4",
            Some("/data/squat"),
            squat_bad,
        );
        check(
            "/data/Squat/Bad Form/a.mp4",
            Some("/data/Squat/Bad Form"),
            squat_bad,
        );
        check(
            "/data/squat/good/a.mp4",
            None,
            (Some("squat"), Some("good_form")),
        );
        check("/data/good/squat/bad/a.mp4", None, squat_bad);
        check("/bad/a.mp4", None, (None, Some("bad_form")));
    }

    #[test]
    fn other_labels_count_exactly_two_folders_below_the_root() {
        check(
            "/data/squat/wobbly/a.mp4",
            Some("/data"),
            (Some("squat"), Some("wobbly")),
        );
        check("/data/squat/wobbly/a.mp4", None, (None, None));
        check("/data/squat/a.mp4", Some("/data"), (None, None));
        check("/data/squat/wobbly/x/a.mp4", Some("/data"), (None, None));
        check("/bad_form.mp4", Some("/"), (None, None));
    }

    #[test]
    fn a_misspelt_folder_gives_no_label_and_is_known() {
        let of =
            |file: &str| Folders::default().labels_of(Path::new(file), Some(Path::new("/data")));
        for (file, wanted) in [
            ("/data/squat/god_form/a.mp4", Some("good_form")),
            ("/data/squat/bda/a.mp4", Some("bad_form")),
            ("/data/x/squat/bad_fom/knees/a.mp4", Some("bad_form")),
            ("/data/bar/front/a.mp4", None),
            ("/data/squat/wobbly/a.mp4", None),
        ] {
            let (labels, trouble) = of(file);
            let meant = match &trouble {
                Some(Trouble::Misspelt { meant, .. }) => Some(*meant),
                _ => None,
            };
            assert_eq!(meant, wanted, "{file}");
            assert!(wanted.is_none() || labels == Labels::default(), "{file}");
        }
        let wobbly = of("/data/squat/wobbly/a.mp4").1;
        assert_eq!(wobbly, Some(Trouble::NewLabel("/data/squat/wobbly".into())));
        let direct = of("/data/squat/a.mp4").1;
        assert_eq!(direct, Some(Trouble::NoLabel("/data/squat".into())));
    }

    #[test]
    fn a_folder_is_read_once_however_many_files_lie_in_it() {
        let dir = tempfile::tempdir().unwrap();
        for label in ["squat/wobbly", "squat/shaky", "lunge/wobbly"] {
            fs::create_dir_all(dir.path().join(label)).unwrap();
        }
        let mut n_read = Vec::new();
        for n_files in [40, 80] {
            let mut folders = Folders::default();
            for n in 0..n_files {
                for label in ["squat/wobbly", "squat/shaky", "lunge/wobbly"] {
                    let file = dir.path().join(label).join(format!("{n}.mp4"));
                    let (labels, _) = folders.labels_of(&file, Some(dir.path()));
                    assert!(labels.label.is_some(), "{}", file.display());
                }
            }
            n_read.push(folders.holds_exercises.len());
        }
        assert_eq!(n_read, [2, 2], "once for each exercise");
    }

    #[test]
    fn dots_are_taken_out_of_a_path() {
        assert_eq!(absolute(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert!(absolute(Path::new("a")).is_absolute());
    }
}
