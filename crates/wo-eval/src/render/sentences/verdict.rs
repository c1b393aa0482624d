//! A verdict in one line, for a person at the terminal.

use wo_record::Verdict;

use crate::render::sentences::base_model::caution_in_words;

/// Why a verdict says nothing of new videos.
const SEEN: &str = "the model was trained or chosen on this video, its person or its source";

/// `new_video.mp4: bad_form 0.93 (squat 0.99; knees_cave; evidence at 3.2 s)`. A model of one exercise gives every video to
/// that one, with certainty.
pub(crate) fn verdict_in_words(name: &str, verdict: &Verdict, n_exercises: usize) -> String {
    let mut details = Vec::new();
    if let Some(leaning) = &verdict.leaning {
        details.push(format!(
            "{}; leaning to {leaning}",
            joined(&verdict.reasons)
        ));
    }
    details.push(if n_exercises == 1 {
        format!("{}, the only exercise the model knows", verdict.exercise)
    } else {
        format!("{} {:.2}", verdict.exercise, verdict.exercise_probability)
    });
    if !verdict.faults.is_empty() {
        details.push(joined(&verdict.faults));
    }
    details.push(match verdict.evidence.pts_ms {
        Some(ms) => format!("evidence at {:.1} s", ms / 1000.0),
        None => format!("evidence frame {}", verdict.evidence.index),
    });
    let caution = verdict.caution.as_deref().map(caution_in_words);
    let caution = caution.map_or_else(String::new, |it| format!("; caution with the model: {it}"));
    let copied = verdict.near_duplicate_of.as_deref().map(copied_in_words);
    let seen = verdict.seen.then(|| SEEN.to_owned());
    format!(
        "{name}: {} {:.2} ({}){}{caution}",
        verdict.label,
        verdict.probability,
        details.join("; "),
        copied
            .or(seen)
            .map_or_else(String::new, |it| format!("; {it}"))
    )
}

/// That a video is a copy of the training video `name`, so that its verdict says nothing of new videos.
pub(crate) fn copied_in_words(name: &str) -> String {
    format!("most of its frames are those of {name}, which the model was trained or chosen on")
}

fn joined<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use wo_record::{AbstainReason, Evidence};

    use super::*;
    use crate::judge::abstain::abstain;

    #[test]
    fn a_verdict_in_words() {
        let mut verdict = Verdict {
            video_id: "v".to_owned(),
            path: None,
            label: "bad_form".into(),
            probability: 0.931,
            exercise: "squat".into(),
            exercise_probability: 0.99,
            faults: vec!["knees_cave".into()],
            evidence: Evidence {
                index: 4,
                pts_ms: Some(3210.0),
                probability: 0.97,
                phase: None,
            },
            n_frames: 8,
            true_label: None,
            true_exercise: None,
            seen: false,
            ..Verdict::default()
        };
        assert_eq!(
            verdict_in_words("new_video.mp4", &verdict, 5),
            "new_video.mp4: bad_form 0.93 (squat 0.99; knees_cave; evidence at 3.2 s)"
        );
        verdict.faults.clear();
        verdict.evidence.pts_ms = None;
        assert_eq!(
            verdict_in_words("a", &verdict, 5),
            "a: bad_form 0.93 (squat 0.99; evidence frame 4)"
        );
        assert_eq!(
            verdict_in_words("a", &verdict, 1),
            "a: bad_form 0.93 (squat, the only exercise the model knows; evidence frame 4)"
        );
        verdict.near_duplicate_of = Some("squat/anna.mp4".to_owned());
        assert_eq!(
            verdict_in_words("a", &verdict, 5),
            "a: bad_form 0.93 (squat 0.99; evidence frame 4); most of its frames are those of squat/anna.mp4, which the model \
             was trained or chosen on"
        );
        verdict.near_duplicate_of = None;
        verdict.seen = true;
        assert_eq!(
            verdict_in_words("a", &verdict, 5),
            "a: bad_form 0.93 (squat 0.99; evidence frame 4); the model was trained or chosen on this video, its person or its \
             source"
        );
        verdict.seen = false;
        abstain(&mut verdict, &[AbstainReason::NoThreshold]);
        assert_eq!(
            verdict_in_words("a", &verdict, 5),
            "a: unclear 0.93 (no_threshold; leaning to bad_form; squat 0.99; evidence frame 4)"
        );
    }

    #[test]
    fn a_caution_with_the_model_stands_behind_each_verdict() {
        let verdict = Verdict {
            label: "good_form".into(),
            exercise: "squat".into(),
            caution: Some("drawn_base".to_owned()),
            ..Verdict::default()
        };
        let words = verdict_in_words("a", &verdict, 1);
        let caution = "; caution with the model: its base model has only seen drawn lifters, and it was trained on photographs";
        assert!(words.ends_with(caution), "{words}");
    }
}
