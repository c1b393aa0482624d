//! Exercise and label of a video, read off the folders that it lies in.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use wo_record::Name;

/// What the folders say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The exercise.
    pub(crate) exercise: Option<Name>,
    /// The label.
    pub(crate) label: Option<Name>,
}

/// The labels of the absolute path `file` that was found under the absolute folder `root`, if under any.
pub(crate) fn of(file: &Path, root: Option<&Path>) -> Labels {
    known_label(file)
        .or_else(|| two_below(file, root?))
        .unwrap_or_default()
}

/// The innermost folder that is named as a label, and its parent. `bad_form/knees_cave/x.mp4` is `bad_form`.
fn known_label(file: &Path) -> Option<Labels> {
    let folder = file
        .ancestors()
        .skip(1)
        .find(|folder| named(folder, Name::label).is_some_and(|n| n.is_known_label()))?;
    let exercise = folder.parent().and_then(|parent| named(parent, Name::new));
    Some(Labels {
        exercise,
        label: named(folder, Name::label),
    })
}

/// `root/<exercise>/<label>/file`, whatever the two are called.
fn two_below(file: &Path, root: &Path) -> Option<Labels> {
    let label = file.parent()?;
    let exercise = label.parent()?;
    if exercise.parent()? != root {
        return None;
    }
    Some(Labels {
        exercise: named(exercise, Name::new),
        label: named(label, Name::label),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, root: Option<&str>, expected: (Option<&str>, Option<&str>)) {
        let labels = of(Path::new(file), root.map(Path::new));
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
    fn dots_are_taken_out_of_a_path() {
        assert_eq!(absolute(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert!(absolute(Path::new("a")).is_absolute());
    }
}
