//! What is known of whether the scored videos are new to the model, and independent of each other.

use wo_cli::{count, verb};
use wo_record::Independence;

/// What limits the metrics, a sentence for each reason.
pub(crate) fn sentences(it: &Independence) -> Vec<String> {
    let of_scored = |n: u64| format!("{n} of {}", count(it.n, "scored video"));
    let reasons = [
        (it.n_ungrouped, ungrouped(it)),
        (
            it.n_seen_unknown,
            format!(
                "Whether the model has seen {} in training is unknown: the predictions do not say `seen`.",
                of_scored(it.n_seen_unknown)
            ),
        ),
        (
            it.n_training_ungrouped,
            format!(
                "{} of {} {} neither person nor source: the model may have seen the people of the scored videos.",
                it.n_training_ungrouped,
                count(it.n_training, "training video"),
                verb(it.n_training_ungrouped, "has", "have")
            ),
        ),
        (
            it.n_of_seen_sources,
            format!(
                "{} {} of sources that the model has seen: metrics hold for new people in known sources, not for new sources.",
                of_scored(it.n_of_seen_sources),
                verb(it.n_of_seen_sources, "is", "are")
            ),
        ),
        (
            it.n_of_seen_persons,
            format!(
                "{} {} of people whom the model has seen: metrics hold for known people in new sources, not for new people.",
                of_scored(it.n_of_seen_persons),
                verb(it.n_of_seen_persons, "is", "are")
            ),
        ),
    ];
    let reasons = reasons.into_iter().filter(|(n, _)| *n > 0);
    reasons.map(|(_, sentence)| sentence).collect()
}

fn ungrouped(it: &Independence) -> String {
    if it.n_ungrouped >= it.n {
        return "No scored video has a person or a source, so whether they are independent is unknown: each counts as a group of \
                its own, and confidence intervals are only a lower bound on the uncertainty."
            .to_owned();
    }
    format!(
        "{} of {} {} neither person nor source and {}: the model may have seen the same people, and \
         confidence intervals are only a lower bound on the uncertainty.",
        it.n_ungrouped,
        count(it.n, "scored video"),
        verb(it.n_ungrouped, "has", "have"),
        verb(
            it.n_ungrouped,
            "counts as a group of its own",
            "count as groups of their own"
        )
    )
}

/// Why none of the scored videos can be called new; `None` where some can.
pub(crate) fn unknown(it: &Independence) -> Option<&'static str> {
    let is_all = |n: u64, all: u64| n > 0 && n >= all;
    if is_all(it.n_ungrouped, it.n) {
        Some("on videos of unknown people")
    } else if it.n_seen_unknown > 0 {
        Some("on videos that the model may have seen")
    } else if is_all(it.n_training_ungrouped, it.n_training) {
        Some("on people whom the model may have seen")
    } else {
        None
    }
}

/// What the scored videos are, where they can be called new.
pub(crate) fn held_out(it: &Independence) -> &'static str {
    let has_persons = it.n_without_person + it.n_training_without_person == 0;
    let has_sources = it.n_without_source + it.n_training_without_source == 0;
    if it.n_of_seen_sources > 0 {
        "on people it has never seen, in sources it has"
    } else if it.n_of_seen_persons > 0 {
        "on sources it has never seen, with people it has"
    } else if has_persons && has_sources {
        "on held-out people and sources"
    } else if has_persons {
        "on held-out people"
    } else if has_sources {
        "on held-out sources"
    } else {
        "on held-out people or sources"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Independence);

    fn known() -> Independence {
        Independence {
            n: 40,
            n_groups: 20,
            n_training: 100,
            ..Independence::default()
        }
    }

    #[test]
    fn no_more_is_claimed_than_is_known() {
        let words = |it: &Independence| unknown(it).unwrap_or_else(|| held_out(it));
        let cases: [(Change, &str); 11] = [
            (|_| (), "on held-out people and sources"),
            (|it| it.n_without_source = 1, "on held-out people"),
            (|it| it.n_training_without_source = 1, "on held-out people"),
            (|it| it.n_training_without_person = 1, "on held-out sources"),
            (
                |it| (it.n_without_person, it.n_without_source) = (1, 1),
                "on held-out people or sources",
            ),
            (|it| it.n_ungrouped = 40, "on videos of unknown people"),
            (
                |it| (it.n_ungrouped, it.n_without_person, it.n_without_source) = (1, 1, 1),
                "on held-out people or sources",
            ),
            (
                |it| it.n_seen_unknown = 1,
                "on videos that the model may have seen",
            ),
            (
                |it| it.n_training_ungrouped = 100,
                "on people whom the model may have seen",
            ),
            (
                |it| it.n_of_seen_sources = 3,
                "on people it has never seen, in sources it has",
            ),
            (
                |it| it.n_of_seen_persons = 3,
                "on sources it has never seen, with people it has",
            ),
        ];
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            let mut it = known();
            change(&mut it);
            assert_eq!(words(&it), expected, "case {number}");
        }
        assert_eq!(
            words(&Independence::default()),
            "on held-out people and sources"
        );
    }

    #[test]
    fn each_limit_is_a_sentence() {
        assert_eq!(sentences(&known()), Vec::<String>::new());
        let all = Independence {
            n_ungrouped: 40,
            ..known()
        };
        let [sentence] = &sentences(&all)[..] else {
            panic!("one sentence");
        };
        assert!(
            sentence.contains("only a lower bound on the uncertainty"),
            "{sentence}"
        );
        let limited = Independence {
            n_ungrouped: 1,
            n_seen_unknown: 40,
            n_training_ungrouped: 12,
            n_of_seen_sources: 30,
            n_of_seen_persons: 1,
            ..known()
        };
        assert_eq!(
            sentences(&limited),
            [
                "1 of 40 scored videos has neither person nor source and counts as a group of its own: the model may have seen the \
                 same people, and confidence intervals are only a lower bound on the uncertainty.",
                "Whether the model has seen 40 of 40 scored videos in training is unknown: the predictions do not say `seen`.",
                "12 of 100 training videos have neither person nor source: the model may have seen the people of the scored videos.",
                "30 of 40 scored videos are of sources that the model has seen: metrics hold for new people in known sources, not \
                 for new sources.",
                "1 of 40 scored videos is of people whom the model has seen: metrics hold for known people in new sources, not for \
                 new people.",
            ]
        );
    }
}
