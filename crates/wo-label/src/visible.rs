//! Whether a description says anything that is visible in an image.

use wo_record::Name;

use crate::Captions;

/// Words that judge or name, and describe nothing visible.
const JUDGING_WORDS: &str = "a an and the of in on is this with showing shows photo image frame video exercise \
    lift form technique execution rep repetition good bad great nice proper improper correct incorrect right wrong \
    perfect poor excellent terrible clean sloppy unclear very not";

/// True if a description only judges. Such words do not help an image model.
pub fn describes_nothing_visible(description: &str, captions: &Captions) -> bool {
    Name::new(description).as_str().split('_').all(|word| {
        let names_an_exercise = captions
            .exercises()
            .any(|name| name.as_str().split('_').any(|part| part == word));
        names_an_exercise || JUDGING_WORDS.split_whitespace().any(|other| other == word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_no_observation() {
        let captions = Captions::embedded();
        for text in [
            "good",
            "Squat, bad form.",
            "bench press with perfect technique",
            "a photo of good form",
        ] {
            assert!(describes_nothing_visible(text, &captions), "{text}");
        }
        for text in ["squat good form with chest up", "knees cave", "bar path"] {
            assert!(!describes_nothing_visible(text, &captions), "{text}");
        }
    }
}
