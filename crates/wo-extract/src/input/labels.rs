//! The exercise and label of a video, from the names of its folders.

use std::ffi::OsStr;
use std::path::Path;

use wo_record::Name;

/// What the folders say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The exercise.
    pub(crate) exercise: Option<Name>,
    /// The label.
    pub(crate) label: Option<Name>,
}

/// What the innermost folder says that is named as a label, and its parent. `bad_form/knees_cave/x.mp4` is `bad_form`.
pub(super) fn known_label(file: &Path) -> Option<Labels> {
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

/// The name of a folder, read by `name`; `None` where nothing is left of it, or too much.
pub(super) fn named(folder: &Path, name: fn(&str) -> Name) -> Option<Name> {
    let name = name(&folder.file_name().map(OsStr::to_string_lossy)?);
    (!name.is_empty() && !name.is_too_long()).then_some(name)
}

/// Whether the name of a folder is too long for one of an exercise or a label.
pub(super) fn is_too_long(folder: &Path) -> bool {
    let name = folder.file_name().map(OsStr::to_string_lossy);
    name.is_some_and(|name| Name::new(&name).is_too_long())
}
