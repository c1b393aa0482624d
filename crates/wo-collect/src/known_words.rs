//! Faults and camera angles, as tables and folders write them: which words are known, and which may be meant by others.

use std::path::Path;

use wo_cli::{Message, message};
use wo_label::{Captions, nearest};
use wo_record::Name;

use crate::sources::Row;

/// From where videos are filmed.
const ANGLES: [&str; 4] = ["front", "oblique", "side", "back"];
/// Words that may stand beside an angle.
const SIDES: [&str; 2] = ["left", "right"];

/// The captions table beside the table of sources, else the built-in one. What is wrong with it is for `wo-describe` to say.
pub(crate) fn captions_beside(sources: &Path) -> Captions {
    let path = sources.with_file_name("captions.toml");
    let text = wo_cli::read_text(&path).unwrap_or_default();
    Captions::parse(&text).unwrap_or_else(|_| Captions::embedded())
}

/// The fault of an exercise that a word may mean which is none of its faults.
pub(crate) fn meant_fault<'a>(
    captions: &'a Captions,
    exercise: &Name,
    word: &Name,
) -> Option<&'a str> {
    let known = captions.faults_of(exercise);
    if known.contains(&word) {
        return None;
    }
    nearest(word.as_str(), known.into_iter().map(Name::as_str))
}

/// What to say of a camera angle that is not known.
pub(crate) fn doubt_of_angle(angle: &Name) -> Option<Message> {
    let words: Vec<&str> = angle.as_str().split('_').collect();
    let is_known = |word: &&str| ANGLES.contains(word) || SIDES.contains(word);
    if words.iter().all(is_known) || angle.is_empty() {
        return None;
    }
    let begins = |known: &&&str| words.iter().any(|word| word.starts_with(**known));
    let meant = ANGLES.iter().find(begins).copied();
    let meant = meant.or_else(|| nearest(angle.as_str(), ANGLES));
    let cure = match meant {
        Some(meant) => format!("if {meant} is meant, write that"),
        None => "write the nearest of them, since angles count by their names".to_owned(),
    };
    Some(message!("the angle {angle} is none of {}", ANGLES.join(", "); "{cure}"))
}

/// What may be misspelt in the rows of sources, each with its line. None of it stops a row.
pub(crate) fn doubts_of_rows(rows: &[Row], captions: &Captions) -> Vec<(u64, Message)> {
    let mut doubts = Vec::new();
    for row in rows {
        let said = &row.said;
        for fault in &said.faults {
            if let Some(meant) = meant_fault(captions, &said.exercise, fault) {
                let doubt = message!(
                    "{} has no fault {fault} in the captions table", said.exercise;
                    "if {meant} is meant, write that; else add {fault} to captions.toml"
                );
                doubts.push((row.line, doubt));
            }
        }
        let angle = said.angle.as_deref().map(Name::new);
        let doubt = angle.and_then(|angle| doubt_of_angle(&angle));
        doubts.extend(doubt.map(|doubt| (row.line, doubt)));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_says_what_may_be_meant() {
        let captions = Captions::embedded();
        let meant = |word: &str| meant_fault(&captions, &Name::new("squat"), &Name::new(word));
        assert_eq!(meant("knee_cave"), Some("knees_cave"));
        assert_eq!(meant("kness_cave"), Some("knees_cave"));
        assert_eq!((meant("knees_cave"), meant("wobbly")), (None, None));
        for known in ["front", "Side", "front left", "", "oblique-right", "back"] {
            assert_eq!(doubt_of_angle(&Name::new(known)), None, "{known}");
        }
        for (angle, cure) in [
            ("sidewise", "if side is meant, write that"),
            ("frontt", "if front is meant, write that"),
            ("frontal", "if front is meant, write that"),
            (
                "above",
                "write the nearest of them, since angles count by their names",
            ),
        ] {
            let doubt = doubt_of_angle(&Name::new(angle)).unwrap();
            let text = format!("the angle {angle} is none of front, oblique, side, back");
            assert_eq!((doubt.text, doubt.hints), (text, vec![cure.to_owned()]));
        }
    }
}
