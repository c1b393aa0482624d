//! What the captions table says of each class, asked once a class instead of once a frame.

use std::collections::HashMap;
use std::fmt;

use wo_label::{Captions, MissingWords, chosen};
use wo_record::{Frame, Name};

/// A class that a model learns, or faults in the order and number that a frame has them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    exercise: Name,
    label: Name,
    faults: Vec<Name>,
}

impl Class {
    /// The class itself: the same faults in another order are the same class.
    fn sorted(mut self) -> Self {
        self.faults.sort();
        self.faults.dedup();
        self
    }

    fn is_of(&self, exercise: &Name, label: &Name, faults: &[Name]) -> bool {
        self.faults == faults && self.label == *label && self.exercise == *exercise
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.exercise, self.label)?;
        self.faults
            .iter()
            .try_for_each(|fault| write!(f, "+{fault}"))
    }
}

/// What the captions table says of a class.
#[derive(Debug)]
pub(crate) struct ClassWords {
    of: Class,
    /// Its place among the classes.
    pub(crate) class: usize,
    /// All descriptions of it, at least one.
    pub(crate) phrasings: Vec<String>,
    /// What the table lacks.
    pub(crate) missing: Vec<MissingWords>,
}

impl ClassWords {
    /// The description of a video with this hash, as [`Captions::describe`] chooses it.
    pub(crate) fn description(&self, choice_hash: u64) -> Option<&str> {
        let place = chosen(self.phrasings.len(), choice_hash);
        self.phrasings.get(place).map(String::as_str)
    }
}

/// The classes so far.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    known: Vec<Class>,
    words: Vec<ClassWords>,
    /// The place of the words by the class as frames have it.
    place_of: HashMap<Class, usize>,
    /// The words of the last frame, which are those of the next one nearly always.
    last: usize,
}

impl Classes {
    /// What the table says of the class of a frame; `None` without an exercise or a label.
    pub(crate) fn words_of(&mut self, frame: &Frame, captions: &Captions) -> Option<&ClassWords> {
        let (exercise, label) = frame.exercise.as_ref().zip(frame.label.as_ref())?;
        let last = self.words.get(self.last);
        if !last.is_some_and(|last| last.of.is_of(exercise, label, &frame.faults)) {
            let of = Class {
                exercise: exercise.clone(),
                label: label.clone(),
                faults: frame.faults.clone(),
            };
            self.last = match self.place_of.get(&of) {
                Some(&place) => place,
                None => self.add(of, captions),
            };
        }
        self.words.get(self.last)
    }

    /// A class by its place.
    pub(crate) fn get(&self, class: usize) -> Option<&Class> {
        self.known.get(class)
    }

    fn add(&mut self, of: Class, captions: &Captions) -> usize {
        let Class {
            exercise,
            label,
            faults,
        } = &of;
        let phrasings = captions.all_phrasings(exercise, label, faults);
        let missing = captions.missing_words(exercise, label, faults);
        let sorted = of.clone().sorted();
        let known = self.known.iter().position(|known| *known == sorted);
        let class = known.unwrap_or(self.known.len());
        if known.is_none() {
            self.known.push(sorted);
        }
        self.place_of.insert(of.clone(), self.words.len());
        self.words.push(ClassWords {
            of,
            class,
            phrasings,
            missing,
        });
        self.words.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_asked_for_once_and_found_again() {
        let captions = Captions::embedded();
        let frame = |label: &str, faults: &[&str]| {
            let line = format!(
                r#"{{"video_id":"v","index":1,"image":{{"file":{{"path":"a.jpg"}}}},"exercise":"squat","label":"{label}","faults":{faults:?}}}"#
            );
            serde_json::from_str::<Frame>(&line).unwrap()
        };
        let mut classes = Classes::default();
        let (good, bad) = (
            frame("good_form", &[]),
            frame("bad_form", &["knees_cave", "butt_wink"]),
        );
        let turned = frame("bad_form", &["butt_wink", "knees_cave", "butt_wink"]);
        let mut class_of = |frame| Some(classes.words_of(frame, &captions)?.class);
        let found = [&good, &bad, &bad, &turned, &good].map(&mut class_of);
        assert_eq!(found, [Some(0), Some(1), Some(1), Some(1), Some(0)]);
        let no_label = Frame {
            label: None,
            ..good.clone()
        };
        assert_eq!(class_of(&no_label), None);
        let shown = classes.get(1).map(ToString::to_string);
        assert_eq!(
            shown.as_deref(),
            Some("squat/bad_form+butt_wink+knees_cave")
        );
        let words = classes.words_of(&turned, &captions).expect("a class");
        let (exercise, label) = ("squat".into(), "bad_form".into());
        for choice in [0, 1, 7, u64::MAX] {
            let expected = captions.describe(&exercise, &label, &turned.faults, choice);
            assert_eq!(words.description(choice), Some(expected.as_str()));
        }
    }
}
