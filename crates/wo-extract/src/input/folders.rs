//! Reads exercise and label from the folders of a video, and reports unclear names.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use wo_folder::WrittenLabel;
use wo_record::Name;

use crate::input::labels::{Labels, is_too_long, known_label, label_folder, named};
use crate::input::unknown_folder::UnknownFolder;
use crate::input::vocabulary::Vocabulary;

/// A problem with the folders of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The folder's name looks like a misspelt label.
    Misspelt {
        /// The folder.
        folder: PathBuf,
        /// The label that may be meant.
        meant: &'static str,
    },
    /// The folder's name is a new label.
    NewLabel(PathBuf),
    /// No folder has the name of a label.
    NoLabel(PathBuf),
    /// The folder's name is too long for one of an exercise or a label.
    LongName(PathBuf),
    /// The captions table in effect does not know the name of a folder.
    Unknown(UnknownFolder),
    /// Several of these.
    Several(Vec<Self>),
}

/// A cache over the folders of videos. Each is read once, however many files lie in it.
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
            let exercise = label_folder(file).and_then(Path::parent);
            let mut troubles = doubts.unwrap_or_default();
            troubles.extend(exercise.and_then(long_name));
            return (labels, several(troubles));
        }
        if let Some(trouble) = root.and_then(|root| misspelt(file, root)) {
            return (Labels::default(), Some(trouble));
        }
        let folder = file.parent().unwrap_or(file).to_owned();
        match root.and_then(|root| self.two_below(file, root)) {
            Some(labels) => {
                let doubts = root.map(|root| self.doubts(file, root, &labels));
                let mut troubles = doubts.unwrap_or_default();
                troubles.extend(folder.parent().and_then(long_name));
                let label = long_name(&folder).unwrap_or(Trouble::NewLabel(folder));
                troubles.insert(0, label);
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

fn long_name(folder: &Path) -> Option<Trouble> {
    is_too_long(folder).then(|| Trouble::LongName(folder.to_owned()))
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
    fn a_name_that_is_too_long_says_nothing_and_is_known() {
        let (long, longest) = ("x".repeat(101), "x".repeat(100));
        let root = Some("/data");
        check(
            &format!("/data/{long}/bad_form/a.mp4"),
            root,
            (None, Some("bad_form")),
        );
        check(
            &format!("/data/squat/{long}/a.mp4"),
            root,
            (Some("squat"), None),
        );
        check(
            &format!("/data/squat/{longest}/a.mp4"),
            root,
            (Some("squat"), Some(&longest)),
        );
        let file = format!("/data/squat/{long}/a.mp4");
        let (_, trouble) = Folders::default().labels_of(Path::new(&file), Some(Path::new("/data")));
        let folder = PathBuf::from(format!("/data/squat/{long}"));
        assert_eq!(trouble, Some(Trouble::LongName(folder)));
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
}
