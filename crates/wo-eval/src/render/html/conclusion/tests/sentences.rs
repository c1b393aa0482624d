//! Each sentence is printed in the cases that it is true of, and in no other.

use super::cases::{Case, all};

/// What each sentence of the conclusion is told by.
const SENTENCES: [&str; 31] = [
    "There is no result",
    "The model cannot be assessed",
    "On held-out people and sources",
    "On videos of unknown people",
    "Too little to rely on: on",
    ", with reservations",
    "tells good from bad form with balanced accuracy",
    "judges all",
    "but not shown for row",
    "but not shown for bad form",
    "It is not shown to be better than chance for row: balanced accuracy 0.5",
    "It is not shown to be better than chance for bad form: recall 0.2",
    "Nothing is known of row",
    "not significantly better than chance",
    "are too few to assess the model",
    "the baseline duration only is better",
    "It is not significantly better than duration only",
    "may come from shortcuts",
    "The shortcut audit could not run",
    "too few independent groups (effective: 2.7 with bad form",
    "too few independent groups (effective: 4.0",
    "It abstains (unclear) on",
    "metrics count these as wrong",
    "metrics count its best guess there",
    "It gives a verdict for only",
    "it abstains on all 80 videos",
    "gives no verdict: without an abstention threshold all 80 videos are unclear",
    "nothing bounds how many of them are wrong",
    "Duplicates of training videos cannot be detected",
    "no other labelled videos are known",
    "The confidence interval is",
];

#[test]
fn each_is_said_where_it_is_true_and_nowhere_else() {
    let cases = all();
    let mut all_wrong = Vec::new();
    for Case {
        what,
        given,
        trust,
        said,
    } in &cases
    {
        let found = given.concluded();
        let text = format!("{} {}", found.sentence, found.reasons.join(" "));
        let is_wrong = |it: &&str| text.contains(*it) != said.contains(it);
        let wrong: Vec<&str> = SENTENCES.into_iter().filter(is_wrong).collect();
        if found.trust != *trust || !wrong.is_empty() {
            all_wrong.push(format!("{what}: {:?}: {wrong:?}: {text}", found.trust));
        }
    }
    assert_eq!(all_wrong, Vec::<String>::new());
    for sentence in SENTENCES {
        let n_true = cases
            .iter()
            .filter(|it| it.said.contains(&sentence))
            .count();
        assert!((1..cases.len()).contains(&n_true), "{sentence}");
    }
}
