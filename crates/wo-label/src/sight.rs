//! Whether a description says anything that a picture can show.

use wo_record::Name;

use crate::Captions;

/// Words that judge or name, but say nothing of what a picture shows.
const WORDS_WITHOUT_SIGHT: &str = "a an and the of in on is this with showing shows photo image frame video exercise \
    lift form technique execution rep repetition good bad great nice proper improper correct incorrect right wrong \
    perfect poor excellent terrible clean sloppy unclear very not";

/// True where a description only judges: a model cannot see a verdict.
pub fn says_nothing_seen(description: &str, captions: &Captions) -> bool {
    Name::new(description).as_str().split('_').all(|word| {
        let names_an_exercise = captions
            .exercises()
            .any(|name| name.as_str().split('_').any(|part| part == word));
        names_an_exercise
            || WORDS_WITHOUT_SIGHT
                .split_whitespace()
                .any(|other| other == word)
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
            assert!(says_nothing_seen(text, &captions), "{text}");
        }
        for text in ["squat good form with chest up", "knees cave", "bar path"] {
            assert!(!says_nothing_seen(text, &captions), "{text}");
        }
    }
}
