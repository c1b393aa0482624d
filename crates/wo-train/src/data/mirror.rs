//! Which videos may be mirrored, and the class of their mirror image.
//!
//! The mirror image of a left knee that caves in shows a right one. So the class of a mirrored video is the one whose captions
//! are the same with left and right swapped. Without such a class, no video of its exercise is mirrored: otherwise mirroring
//! alone would reveal the class.

use std::collections::{BTreeMap, BTreeSet};

use wo_clip::Class;

/// For each class, the class of its mirrored videos; `None` if they may not be mirrored.
pub(crate) fn mirrored(classes: &[Class], captions: &[Vec<String>]) -> Vec<Option<usize>> {
    let texts: Vec<BTreeSet<String>> = captions
        .iter()
        .map(|captions| {
            captions
                .iter()
                .map(|caption| caption.to_lowercase())
                .collect()
        })
        .collect();
    let found: Vec<Option<usize>> = texts
        .iter()
        .zip(classes)
        .map(|(texts_of_class, class)| {
            let wanted: BTreeSet<String> =
                texts_of_class.iter().map(|text| swapped(text)).collect();
            let is_it = |(other, other_texts): &(usize, &BTreeSet<String>)| {
                let other = &classes[*other];
                (&other.exercise, &other.label) == (&class.exercise, &class.label)
                    && **other_texts == wanted
            };
            texts.iter().enumerate().find(is_it).map(|(other, _)| other)
        })
        .collect();
    let mut may: BTreeMap<&str, bool> = BTreeMap::new();
    for (class, found) in classes.iter().zip(&found) {
        *may.entry(class.exercise.as_str()).or_insert(true) &= found.is_some();
    }
    classes
        .iter()
        .zip(found)
        .map(|(class, found)| found.filter(|_| may[class.exercise.as_str()]))
        .collect()
}

/// A lower-case text with left and right swapped.
fn swapped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let rest = &piece[word.len()..];
        result.push_str(match word {
            "left" => "right",
            "right" => "left",
            other => other,
        });
        result.push_str(rest);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(exercise: &str, label: &str, fault: &str) -> Class {
        Class {
            exercise: exercise.into(),
            label: label.into(),
            faults: vec![fault.into()],
        }
    }

    #[test]
    fn a_side_finds_its_other_and_one_sided_exercises_stay() {
        let classes = [
            class("squat", "bad_form", "left_knee"),
            class("squat", "bad_form", "right_knee"),
            class("squat", "good_form", ""),
            class("row", "bad_form", "left_arm"),
            class("row", "good_form", ""),
        ];
        let captions = [
            vec![
                "Squat, the left knee caves in".to_owned(),
                "left-knee valgus".to_owned(),
            ],
            vec![
                "squat, the right knee caves in".to_owned(),
                "right-knee valgus".to_owned(),
            ],
            vec!["squat, bright and upright".to_owned()],
            vec!["row with the left arm bent".to_owned()],
            vec!["row with straight arms".to_owned()],
        ];
        assert_eq!(
            mirrored(&classes, &captions),
            [Some(1), Some(0), Some(2), None, None]
        );
    }
}
