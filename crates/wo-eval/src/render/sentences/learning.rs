//! What more videos would bring, in words.

use std::fmt::Write;

use wo_cli::count;
use wo_record::{CollectionHint, LearningCurve, Name};

use crate::data_quality::collection_hints::N_MORE;
use crate::render::format::with_ends;

/// Whether the rule of thumb holds for these videos.
pub(crate) fn in_words(curve: &LearningCurve) -> String {
    let points = curve.expected.iter().filter_map(|it| {
        let (guideline, low, high) = (it.guideline?, it.low?, it.high?);
        let holds = if low >= guideline {
            "holds"
        } else if high < guideline {
            "does not hold"
        } else {
            "cannot be told"
        };
        Some(format!(
            "with {:.0} videos {guideline:.2} {holds} ({} is expected)",
            it.videos_a_class,
            with_ends(it.value, it.low, it.high)
        ))
    });
    let reached = curve.refits.last().map(|it| {
        format!(
            "A linear head on the base model reaches {:.2} with {:.0} videos of each label. ",
            it.value, it.videos_a_class
        )
    });
    let points: Vec<String> = points.collect();
    let rule = if points.is_empty() {
        String::new()
    } else {
        format!("Of the rule of thumb, {}.", points.join(", "))
    };
    format!("{}{rule}", reached.unwrap_or_default())
        .trim()
        .to_owned()
}

/// `squat, bad form, knees cave, angle side: 3 videos of 2 groups; 0.33 of the held-out ones judged right; ten more would
/// bring +0.02 [0.00, 0.05]`.
pub(crate) fn hint_in_words(hint: &CollectionHint) -> String {
    let fault = hint.fault.as_ref().map(Name::words);
    let angle = hint.angle.as_ref().map(|angle| format!("angle {angle}"));
    let what: Vec<String> = [
        Some(hint.exercise.words()),
        Some(hint.label.words()),
        fault,
        angle,
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut sentence = format!(
        "{}: {} of {}",
        what.join(", "),
        count(hint.n_videos, "video"),
        count(hint.n_groups, "group")
    );
    // Writing into a string never fails.
    if let Some(recall) = hint.recall {
        let _ = write!(sentence, "; {recall:.2} of the held-out ones judged right");
    }
    if let (Some(gain), Some(low), Some(high)) = (hint.gain, hint.gain_low, hint.gain_high) {
        let _ = write!(
            sentence,
            "; {N_MORE} more would bring {gain:+.3} [{low:.3}, {high:.3}]"
        );
    }
    sentence
}

#[cfg(test)]
mod tests {
    use wo_record::{CurvePoint, Refit};

    use super::*;

    #[test]
    fn the_rule_of_thumb_is_held_against_the_curve() {
        let point = |videos_a_class, low, high, guideline| CurvePoint {
            videos_a_class,
            value: Some(0.8),
            low: Some(low),
            high: Some(high),
            guideline: Some(guideline),
        };
        let curve = LearningCurve {
            method: "linear_probe".to_owned(),
            refits: vec![Refit {
                videos_a_class: 12.0,
                value: 0.75,
            }],
            expected: vec![
                point(10.0, 0.72, 0.85, 0.7),
                point(30.0, 0.7, 0.9, 0.85),
                point(100.0, 0.7, 0.9, 0.92),
            ],
            test_error: 0.02,
            n: 1,
            n_groups: 1,
        };
        let sentence = in_words(&curve);
        assert!(
            sentence.starts_with("A linear head on the base model reaches 0.75 with 12"),
            "{sentence}"
        );
        for expected in [
            "with 10 videos 0.70 holds (0.80 [0.72, 0.85]",
            "with 30 videos 0.85 cannot be told",
            "with 100 videos 0.92 does not hold",
        ] {
            assert!(sentence.contains(expected), "{sentence}");
        }
    }

    #[test]
    fn a_shot_is_said_with_what_is_known_of_it() {
        let mut hint = CollectionHint {
            rank: 1,
            exercise: "squat".into(),
            label: "bad_form".into(),
            fault: Some("knees_cave".into()),
            angle: Some("side".to_owned()),
            n_videos: 3,
            n_groups: 2,
            recall: Some(1.0 / 3.0),
            gain: Some(0.021),
            gain_low: Some(0.0),
            gain_high: Some(0.05),
        };
        assert_eq!(
            hint_in_words(&hint),
            "squat, bad form, knees cave, angle side: 3 videos of 2 groups; 0.33 of the held-out ones judged right; \
             10 more would bring +0.021 [0.000, 0.050]"
        );
        (hint.fault, hint.angle, hint.recall, hint.gain) = (None, None, None, None);
        assert_eq!(
            hint_in_words(&hint),
            "squat, bad form: 3 videos of 2 groups"
        );
    }
}
