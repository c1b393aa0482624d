//! A decision of a reviewer, and how it changes the label of a frame.

use serde::Deserialize;
use wo_label::{Captions, choice_hash};
use wo_record::{BAD_FORM, Judgement, LabelOrigin, Name};

/// The most characters of a note or a description. The page allows half of it.
const MAX_TEXT: usize = 4000;
/// The most faults of one frame.
const MAX_FAULTS: usize = 32;

/// A request of the page: one change for some frames.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// An id that the page chooses: a repeated request is one decision.
    pub(crate) request: String,
    /// The frames, by their numbers.
    pub(crate) frames: Vec<u32>,
    /// The numbering that the page uses: a page of an earlier start may mean other frames. Absent for the current one.
    #[serde(default)]
    pub(crate) numbering: Option<String>,
    /// The change to each frame.
    pub(crate) change: Change,
    /// Whether the frame was shown as a blind repeat. Only the class counts as a repeat; other fields are an ordinary decision.
    #[serde(default)]
    pub(crate) is_repeat: bool,
}

/// The fields to change. Absent fields stay; an empty text removes one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) label: Option<String>,
    pub(crate) faults: Option<Vec<Name>>,
    pub(crate) description: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) deleted: Option<bool>,
}

impl Change {
    /// Checks sizes.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (what, text) in [
            ("label", &self.label),
            ("description", &self.description),
            ("note", &self.note),
        ] {
            let n_chars = text.as_ref().map_or(0, |text| text.chars().count());
            if n_chars > MAX_TEXT {
                return Err(format!(
                    "the {what} is too long: {n_chars} characters, at most {MAX_TEXT} are allowed; shorten it"
                ));
            }
        }
        let n_faults = self.faults.as_ref().map_or(0, Vec::len);
        if n_faults > MAX_FAULTS {
            return Err(format!(
                "too many faults: {n_faults}, at most {MAX_FAULTS} are allowed"
            ));
        }
        let label = self.label.as_ref().map(|label| Name::label(label));
        if label.as_ref().is_some_and(Name::is_empty) {
            return Err("the label has no letters".to_owned());
        }
        // Names of files are made of them.
        let mut names = label.iter().chain(self.faults.iter().flatten());
        if let Some(name) = names.find(|name| name.is_too_long()) {
            return Err(format!(
                "a label or fault has {} bytes, at most {} are allowed; give it a shorter name, and write the rest as a note",
                name.as_str().len(),
                Name::MAX_BYTES
            ));
        }
        Ok(())
    }

    /// Whether it sets the class: label or faults.
    pub(crate) fn says_class(&self) -> bool {
        self.label.is_some() || self.faults.is_some()
    }

    /// Adds a later change by the same person to the same frame.
    pub(crate) fn followed_by(&mut self, later: Self) {
        if later.says_class() {
            (self.label, self.faults) = (later.label, later.faults);
        }
        self.description = later.description.or(self.description.take());
        self.note = later.note.or(self.note.take());
        self.deleted = later.deleted.or(self.deleted);
    }

    /// The fields that it sets.
    pub(crate) fn says(&self) -> Vec<String> {
        let fields = [
            ("label", self.label.is_some()),
            ("faults", self.faults.is_some()),
            ("description", self.description.is_some()),
            ("note", self.note.is_some()),
            ("deleted", self.deleted.is_some()),
        ];
        let said = fields.into_iter().filter(|(_, is_said)| *is_said);
        said.map(|(name, _)| name.to_owned()).collect()
    }

    /// The label after the change. New faults change the description; a new label does, unless a person wrote it.
    pub(crate) fn applied_to(
        &self,
        old: &Judgement,
        exercise: Option<&Name>,
        video_id: &str,
        captions: &Captions,
    ) -> Judgement {
        let mut new = old.clone();
        if let Some(label) = &self.label {
            let label = Name::label(label);
            if label.as_str() != BAD_FORM {
                new.faults.clear();
            }
            new.label = Some(label);
        }
        if let Some(faults) = &self.faults {
            new.faults.clone_from(faults);
            new.faults.retain(|fault| !fault.is_empty());
            new.faults.sort();
            new.faults.dedup();
            if !new.faults.is_empty() {
                new.label = Some(Name::new(BAD_FORM));
            }
        }
        if self.says_class() {
            new.label_origin = Some(LabelOrigin::Review);
        }
        let changes_class = old.label != new.label || old.faults != new.faults;
        let is_template = is_template(old, exercise, captions);
        let follows = self.faults.is_some() || is_template;
        if (follows && changes_class) || (is_template && old.description.is_none()) {
            new.description = exercise.zip(new.label.as_ref()).map(|(exercise, label)| {
                captions.describe(exercise, label, &new.faults, choice_hash(video_id))
            });
        }
        if let Some(text) = &self.description {
            new.description = some_text(text);
        }
        if let Some(text) = &self.note {
            new.note = some_text(text);
        }
        if let Some(deleted) = self.deleted {
            new.deleted = deleted;
        }
        new
    }
}

/// Whether no person wrote the description.
pub(crate) fn is_template(
    judgement: &Judgement,
    exercise: Option<&Name>,
    captions: &Captions,
) -> bool {
    let Some(description) = &judgement.description else {
        return true;
    };
    let Some((exercise, label)) = exercise.zip(judgement.label.as_ref()) else {
        return false;
    };
    captions.makes(description, exercise, label, &judgement.faults)
}

fn some_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(old: &Judgement, change: &Change) -> Judgement {
        let captions = Captions::embedded();
        change.applied_to(old, Some(&Name::new("squat")), "v", &captions)
    }

    fn label(text: &str) -> Change {
        Change {
            label: Some(text.to_owned()),
            ..Change::default()
        }
    }

    #[test]
    fn the_description_follows_the_label_until_someone_writes_one() {
        let good = after(&Judgement::default(), &label("good"));
        assert!(
            good.description
                .as_deref()
                .is_some_and(|d| d.contains("squat"))
        );
        let bad = after(&good, &label("bad"));
        assert_eq!(bad.description.as_deref(), Some("squat bad form"));
        let change = Change {
            description: Some(" heels off the floor ".to_owned()),
            ..Change::default()
        };
        let written = after(&bad, &change);
        assert_eq!(written.description.as_deref(), Some("heels off the floor"));
        assert_eq!(
            after(&written, &label("good")).description,
            written.description
        );
    }

    #[test]
    fn names_are_at_most_a_hundred_bytes() {
        let faults = |text: String| Change {
            faults: Some(vec![Name::new(&text)]),
            ..Change::default()
        };
        for (n, is_right) in [(100, true), (101, false), (300, false)] {
            let text = "a".repeat(n);
            assert_eq!(label(&text).check().is_ok(), is_right, "{n}");
            assert_eq!(faults(text).check().is_ok(), is_right, "{n}");
        }
        assert!(label(&"ä".repeat(51)).check().is_err());
    }

    #[test]
    fn a_fault_makes_bad_form_and_good_form_has_none() {
        let change = Change {
            faults: Some(vec!["Knees Cave".into(), "knees_cave".into()]),
            ..Change::default()
        };
        let bad = after(&Judgement::default(), &change);
        assert_eq!(bad.label, Some(Name::new(BAD_FORM)));
        assert_eq!(bad.faults, [Name::new("knees_cave")]);
        assert!(
            bad.description
                .as_deref()
                .is_some_and(|d| d.contains("knee"))
        );
        assert!(after(&bad, &label("good")).faults.is_empty());
    }
}
