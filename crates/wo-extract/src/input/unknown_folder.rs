//! Unknown exercises and faults in names of folders, with suggestions.

use std::path::{Path, PathBuf};

use wo_cli::{Message, message};
use wo_label::toml_key as key;
use wo_record::Name;

use crate::input::paths::shown;

/// A folder whose name the table does not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnknownFolder {
    /// It is in the place of the exercise.
    Exercise {
        folder: PathBuf,
        exercise: Name,
        reason: Reason,
    },
    /// It looks like a fault.
    Fault {
        folder: PathBuf,
        exercise: Name,
        fault: Name,
        meant: Meant,
    },
    /// It is in the place of a fault, and may mean anything.
    Other(PathBuf),
}

/// What may be wrong with an exercise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It is the name of a label; the exercise that stands elsewhere in the path, and the label.
    IsLabel(Option<Name>, Option<Name>),
    /// It looks like a misspelling of this one.
    Near(Name),
    /// This one stands above it; and the label.
    Above(Name, Option<Name>),
    /// This one stands below it; and the label.
    Below(Name, Option<Name>),
    /// It may be new.
    New,
}

/// What may be meant by a fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    /// This one of the exercise.
    Near(Name),
    /// It is a fault of this other exercise.
    Of(Name),
}

impl UnknownFolder {
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Exercise { folder, .. } | Self::Fault { folder, .. } | Self::Other(folder) => {
                folder
            }
        }
    }

    /// What a person is to know of a folder with `n` files; `None` where its name may be about anything.
    pub(crate) fn words(&self, n: usize) -> Option<Message> {
        let folder = shown(self.folder());
        match self {
            Self::Exercise {
                exercise, reason, ..
            } => {
                let gets = files(n, "gets", "get");
                let (why, hint) = reason.words(exercise);
                Some(message!(
                    "{folder}: {gets} the exercise {exercise}, which {why}";
                    "{hint}"
                ))
            }
            Self::Fault {
                exercise,
                fault,
                meant,
                ..
            } => {
                let key = format!("[exercises.{}.faults.{}]", key(exercise), key(fault));
                let (known, rename) = match meant {
                    Meant::Near(near) => (format!("{near} is the nearest"), format!(" to {near}")),
                    Meant::Of(other) => (format!("{other} has"), String::new()),
                };
                Some(message!(
                    "{folder}: {} no fault from it: {exercise} has no fault {fault} ({known})",
                    files(n, "gets", "get");
                    "rename the folder{rename}, or add the fault to data/captions.toml: {key} with observations = [\"what is seen\"]"
                ))
            }
            Self::Other(_) => None,
        }
    }
}

impl Reason {
    /// What it is, and what to do.
    fn words(&self, exercise: &Name) -> (String, String) {
        let unknown = "the captions table does not know";
        let add = format!(
            "add it to data/captions.toml: [exercises.{}] with good = [\"what is seen\"] and bad = [\"what is seen\"]",
            key(exercise)
        );
        let moved = |exercise: &Name, label: &Option<Name>| {
            let label = label.as_ref().filter(|it| it.is_known_label());
            let such_as = if label.is_none() {
                ", such as good_form,"
            } else {
                ""
            };
            let label = label.map_or("LABEL", Name::as_str);
            format!("the order is exercise/label{such_as}: move the files to {exercise}/{label}")
        };
        let meant = format!("if {exercise} is meant, {add}");
        match self {
            Self::IsLabel(known, label) => {
                let hint = match known {
                    Some(known) => format!("{}, if that is their label", moved(known, label)),
                    None => "the order is exercise/label, such as squat/good_form: move the files to one of these"
                        .to_owned(),
                };
                ("is the name of a label".to_owned(), hint)
            }
            Self::Near(near) => (
                format!("{unknown} ({near} is the nearest)"),
                format!("rename the folder to {near}; {meant}"),
            ),
            Self::Above(known, label) => (
                format!("{unknown}; {known} stands above it"),
                format!("{}; {meant}", moved(known, label)),
            ),
            Self::Below(known, label) => (
                format!("{unknown}; {known} stands below it"),
                format!("{}; {meant}", moved(known, label)),
            ),
            Self::New => (
                unknown.to_owned(),
                format!("the order is exercise/label, such as squat/good_form; {meant}"),
            ),
        }
    }
}

/// So many files, and what they do.
pub(crate) fn files(n: usize, one: &str, more: &str) -> String {
    format!(
        "{} {}",
        wo_cli::count(n, "file"),
        wo_cli::verb(n, one, more)
    )
}
