//! Checks the names of folders against the exercises and faults of the captions table.
//!
//! It changes no label, since a new exercise or fault may be meant. It reports unknown names and suggests known ones.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::CaptionsFlag;
use wo_label::Captions;
use wo_record::{BAD_FORM, Name};

use crate::input::labels::{Labels, label_folder};
use crate::input::unknown_folder::{Meant, Reason, UnknownFolder};

/// The faults of each exercise that the table knows.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    faults: BTreeMap<Name, Vec<Name>>,
}

impl Vocabulary {
    /// What the table in effect knows; nothing where it cannot be read, which those say who need it.
    pub(crate) fn in_force() -> Self {
        let flag = CaptionsFlag::default();
        let Ok(captions) = flag.load(Captions::parse, Captions::embedded, |_| None) else {
            return Self::default();
        };
        let faults = |exercise: &Name| captions.faults_of(exercise).into_iter().cloned().collect();
        Self {
            faults: captions
                .exercises()
                .map(|exercise| (exercise.clone(), faults(exercise)))
                .collect(),
        }
    }

    /// What is not known of the folders of a file that was found below `root` and has these labels.
    pub(crate) fn doubts(&self, file: &Path, root: &Path, labels: &Labels) -> Vec<UnknownFolder> {
        let Some(exercise) = &labels.exercise else {
            return Vec::new();
        };
        match self.faults.get(exercise) {
            _ if self.faults.is_empty() => Vec::new(),
            None => self
                .exercise_doubt(file, root, exercise, labels.label.as_ref())
                .into_iter()
                .collect(),
            Some(faults)
                if labels
                    .label
                    .as_ref()
                    .is_some_and(|it| it.as_str() == BAD_FORM) =>
            {
                self.fault_doubts(file, exercise, faults)
            }
            Some(_) => Vec::new(),
        }
    }

    fn exercise_doubt(
        &self,
        file: &Path,
        root: &Path,
        exercise: &Name,
        label: Option<&Name>,
    ) -> Option<UnknownFolder> {
        // Without a folder that is named as a known label, the innermost one is that of the label.
        let folder = label_folder(file).or(file.parent())?.parent()?;
        let is_known = |name: &Name| self.faults.contains_key(name);
        let above = folder
            .ancestors()
            .skip(1)
            .take_while(|it| it.starts_with(root))
            .filter_map(name_of)
            .find(is_known);
        let below = file
            .ancestors()
            .skip(1)
            .take_while(|it| *it != folder)
            .filter_map(name_of)
            .find(is_known);
        let label = label.cloned();
        let reason = if Name::label(exercise.as_str()).is_known_label() {
            Reason::IsLabel(above.or(below), label)
        } else if let Some(near) = nearest(exercise, self.faults.keys()) {
            Reason::Near(near)
        } else if let Some(above) = above {
            Reason::Above(above, label)
        } else if let Some(below) = below {
            Reason::Below(below, label)
        } else {
            Reason::New
        };
        Some(UnknownFolder::Exercise {
            folder: folder.to_owned(),
            exercise: exercise.clone(),
            reason,
        })
    }

    /// The folders below that of the label down to the file, as far as they count: the innermost one that names a fault
    /// does, and the name of the file before them.
    fn fault_doubts(&self, file: &Path, exercise: &Name, faults: &[Name]) -> Vec<UnknownFolder> {
        let stem = file.file_stem().map(|it| Name::new(&it.to_string_lossy()));
        if stem.is_some_and(|stem| names_one_of(&stem, faults)) {
            return Vec::new();
        }
        let of_label = label_folder(file);
        let folders = file.ancestors().skip(1);
        let mut doubts = Vec::new();
        for folder in folders.take_while(|it| Some(*it) != of_label) {
            let Some(name) = name_of(folder) else {
                continue;
            };
            if names_one_of(&name, faults) {
                doubts.retain(|doubt| !matches!(doubt, UnknownFolder::Other(_)));
                break;
            }
            let fault = without_numbers(&name);
            let folder = folder.to_owned();
            doubts.push(match self.meant(&fault, exercise, faults) {
                Some(meant) => UnknownFolder::Fault {
                    folder,
                    exercise: exercise.clone(),
                    fault,
                    meant,
                },
                None => UnknownFolder::Other(folder),
            });
        }
        doubts
    }

    fn meant(&self, fault: &Name, exercise: &Name, faults: &[Name]) -> Option<Meant> {
        let of_others = self.faults.iter().filter(|(other, _)| *other != exercise);
        let part = || {
            faults
                .iter()
                .find(|known| is_part_of(fault, known))
                .cloned()
        };
        let near = || nearest(fault, faults).or_else(part);
        let same = |(other, theirs): (&Name, &Vec<Name>)| {
            names_one_of(fault, theirs).then(|| Meant::Of(other.clone()))
        };
        let mut of_others = of_others.filter_map(same);
        of_others.next().or_else(|| near().map(Meant::Near))
    }
}

fn name_of(folder: &Path) -> Option<Name> {
    Some(Name::new(&folder.file_name()?.to_string_lossy()))
}

/// The words of a name. A number behind one is a count, and a number alone a date or the like.
fn words(name: &Name) -> Vec<&str> {
    let words = name.as_str().split('_');
    let words = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    words.filter(|word| !word.is_empty()).collect()
}

fn without_numbers(name: &Name) -> Name {
    Name::new(&words(name).join("_"))
}

/// Whether a name has one of some faults in it, as whole words.
fn names_one_of(name: &Name, faults: &[Name]) -> bool {
    let faults: Vec<&Name> = faults.iter().collect();
    !wo_label::faults_in_words(name.as_str(), &faults).is_empty()
}

/// Whether a name is the beginning of a fault, such as `elbows` of `elbows_flared`. Of videos in a folder `back`, that is
/// more likely to be where they were filmed from.
fn is_part_of(name: &Name, fault: &Name) -> bool {
    let words = words(name);
    let is_word = words.iter().all(|word| word.chars().count() > 2);
    let rest: Vec<&str> = fault.as_str().split('_').collect();
    !words.is_empty() && is_word && words != ["back"] && rest.starts_with(&words)
}

/// The name that a slip of the hand may have made into `word`.
fn nearest<'a>(word: &Name, known: impl IntoIterator<Item = &'a Name>) -> Option<Name> {
    let known = known.into_iter().map(Name::as_str);
    wo_label::nearest(word.as_str(), known).map(Name::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::folders::{Folders, Trouble};

    /// What is said of a file in `/v` alone.
    fn said(file: &str) -> Vec<String> {
        let root = Path::new("/v");
        let trouble = Folders::default().labels_of(&root.join(file), Some(root)).1;
        let troubles = match trouble {
            Some(Trouble::Several(troubles)) => troubles,
            other => other.into_iter().collect(),
        };
        let words = troubles.into_iter().map(|trouble| match trouble {
            Trouble::Unknown(doubt) => doubt
                .words(1)
                .map_or_else(|| "other".to_owned(), |it| it.shown()),
            _ => "label".to_owned(),
        });
        words.collect()
    }

    fn check(file: &str, expected: &[&[&str]]) {
        let said = said(file);
        assert_eq!(said.len(), expected.len(), "{file}: {said:?}");
        for (words, parts) in said.iter().zip(expected) {
            for part in *parts {
                assert!(words.contains(part), "{file}: {part}: {words}");
            }
        }
    }

    #[test]
    fn a_folder_that_names_no_fault_is_known() {
        check(
            "squat/bad_form/knee_caves/x.mp4",
            &[&[
                "/v/squat/bad_form/knee_caves: 1 file gets no fault",
                "squat has no fault knee_caves (knees_cave is the nearest)",
                "rename the folder to knees_cave",
                "[exercises.squat.faults.knee_caves]",
            ]],
        );
        check(
            "deadlift/bad_form/knees_cave/x.mp4",
            &[&[
                "deadlift has no fault knees_cave (squat has)",
                "[exercises.deadlift.faults.knees_cave]",
            ]],
        );
        check(
            "overhead press/Bad Form/elbows/x.mp4",
            &[&["overhead_press has no fault elbows (elbows_flared is the nearest)"]],
        );
        check(
            "squat/bad_form/knees_cave/chest_colapses/x.mp4",
            &[&["(chest_collapses is the nearest)"]],
        );
        for quiet in [
            "squat/bad_form/knees cave/2024/x.mp4",
            "squat/bad_form/knees_cave2/x.mp4",
            "squat/bad_form/knee_caves/hips_shift_1.mp4",
            "squat/good_form/knee_caves/x.mp4",
            "squat/bad_form/x.mp4",
        ] {
            check(quiet, &[]);
        }
        check("squat/bad_form/anna/2024/x.mp4", &[&["other"], &["other"]]);
        check("overhead_press/bad_form/back/x.mp4", &[&["other"]]);
    }

    #[test]
    fn an_exercise_that_is_not_known_is_known_as_such() {
        check(
            "v3/good_form/squat/x.mp4",
            &[&[
                "/v/v3: 1 file gets the exercise v3, which the captions table does not know; squat stands below it",
                "move the files to squat/good_form",
                "[exercises.v3]",
            ]],
        );
        check(
            "squat/2024/good_form/x.mp4",
            &[&[
                "/v/squat/2024: 1 file gets the exercise 2024",
                "squat stands above it",
                "move the files to squat/good_form",
            ]],
        );
        check(
            "squat/bad_form/good_form/x.mp4",
            &[&[
                "/v/squat/bad_form: 1 file gets the exercise bad_form, which is the name of a label",
                "move the files to squat/good_form",
            ]],
        );
        check(
            "sqaut/good_form/x.mp4",
            &[&["(squat is the nearest)", "rename the folder to squat"]],
        );
        check(
            "bön/good_form/x.mp4",
            &[&["not know\nhint", "[exercises.\"bön\"]"]],
        );
        check(
            "v3/squat/x.mp4",
            &[&["label"], &["squat stands below it", "squat/LABEL"]],
        );
        check("squat/wobbly/x.mp4", &[&["label"]]);
    }
}
