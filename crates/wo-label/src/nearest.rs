//! Suggestions for misspelt words.

/// The `known` word that `word` probably misspells. One letter in four may differ, and always one.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let may_differ = (word.chars().count() / 4).max(1);
    known
        .into_iter()
        .map(|other| (strsim::osa_distance(word, other), other))
        .filter(|&(distance, _)| (1..=may_differ).contains(&distance))
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["squat", "bench_press", "barbell_row", "knees_cave"];
        for (word, expected) in [
            ("sqaut", Some("squat")),
            ("squats", Some("squat")),
            ("knee_cave", Some("knees_cave")),
            ("bench_pres", Some("bench_press")),
            ("squat", None),
            ("lunge", None),
            ("barbell_curl", None),
            ("front_squat", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
