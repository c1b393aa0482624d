//! What was not scored and why: one sentence for each reason.

use wo_cli::{count, named, verb};
use wo_record::Name;

use crate::score::tally::Tally;

/// What was not scored and why, a sentence for each reason.
pub(crate) fn sentences(tally: &Tally) -> Vec<String> {
    let unlabelled = (tally.n_unlabelled > 0).then(|| {
        format!(
            "{} judged but not scored: without a label.",
            count(tally.n_unlabelled, "video")
        )
    });
    unlabelled.into_iter().chain(warnings(tally)).collect()
}

/// The same without the expected: unlabelled videos.
pub(crate) fn warnings(tally: &Tally) -> Vec<String> {
    let mut sentences = of_videos(tally);
    sentences.extend(of_labels(tally));
    if tally.n_without_threshold > 0 {
        sentences.push(format!(
            "{} judged unclear: the model has no abstention threshold. wo-train sets one with --folds 5, or with more \
             validation groups; --force-verdict gives verdicts without.",
            count(tally.n_without_threshold, "video")
        ));
    }
    if tally.n_of_seen_groups > 0 {
        sentences.push(format!(
            "{} counted as seen, since another prediction of the group is.",
            count(tally.n_of_seen_groups, "prediction")
        ));
    }
    if tally.has_no_hashes {
        sentences.push(
            "Duplicates of training videos cannot be detected: the model has no image hashes of them."
                .to_owned(),
        );
    }
    if tally.n_failed_upstream > 0 {
        sentences.push(format!(
            "{} failed in the tools before this one.",
            count(tally.n_failed_upstream, "input")
        ));
    }
    sentences
}

/// Why videos and frames were not judged or not scored.
fn of_videos(tally: &Tally) -> Vec<String> {
    let unknown: Vec<&str> = tally.unknown.iter().map(Name::as_str).collect();
    let no_class = format!(
        "judged but not scored: the model has no class for {}",
        unknown.join(", ")
    );
    let reasons = [
        (
            tally.n_excluded_as_seen,
            "excluded: the model was trained or chosen on them or their group (--allow-seen scores them apart)",
        ),
        (tally.n_unclear, "judged but not scored: labelled unclear"),
        (tally.n_unknown, no_class.as_str()),
        (tally.n_repeated, "skipped: the same video came before"),
        (tally.n_failed, "failed: no frame loads"),
    ];
    let mut sentences: Vec<String> = reasons
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, why)| format!("{} {why}.", count(n, "video")))
        .collect();
    if tally.n_bad_frames > 0 {
        sentences.push(format!(
            "{} of other videos failed to load.",
            count(tally.n_bad_frames, "frame")
        ));
    }
    sentences
}

/// Videos that have other labels now than in the model's record of its training run.
pub(crate) fn relabelled(videos: &[String]) -> String {
    format!(
        "{} {} another label or exercise than in the model: {}.",
        count(videos.len(), "video"),
        verb(videos.len(), "has", "have"),
        named(videos)
    )
}

/// Labels that contradict each other.
fn of_labels(tally: &Tally) -> Vec<String> {
    let mut sentences = Vec::new();
    if !tally.relabelled.is_empty() {
        sentences.push(relabelled(&tally.relabelled));
    }
    if tally.n_contradicted > 0 {
        sentences.push(format!(
            "{} not scored: the same images have another label elsewhere.",
            count(tally.n_contradicted, "video")
        ));
    }
    if !tally.tied.is_empty() {
        sentences.push(format!(
            "{} judged but not scored, since their frames' labels are tied: {}.",
            count(tally.tied.len(), "video"),
            named(&tally.tied)
        ));
    }
    if tally.n_contrary > 0 {
        sentences.push(format!(
            "{} of {} {} another label than most frames of the video; the majority counts: {}.",
            count(tally.n_contrary, "frame"),
            count(tally.mixed.len(), "video"),
            verb(tally.n_contrary, "has", "have"),
            named(&tally.mixed)
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use wo_input::Settled;

    use super::*;

    #[test]
    fn frames_that_say_otherwise_are_told() {
        let mut tally = Tally::default();
        let settled = |contrary: &[usize], tied: &[&str]| Settled {
            contrary: contrary.to_vec(),
            tied: tied.iter().map(|it| (*it).into()).collect(),
        };
        tally.settle("a.mp4".to_owned(), &settled(&[2], &[]));
        tally.settle("b.mp4".to_owned(), &settled(&[], &[]));
        tally.settle(
            "c.mp4".to_owned(),
            &settled(&[], &["bad_form", "good_form"]),
        );
        assert_eq!(
            warnings(&tally),
            [
                "1 video judged but not scored, since their frames' labels are tied: c.mp4 (bad_form and good_form).",
                "1 frame of 1 video has another label than most frames of the video; the majority counts: a.mp4.",
            ]
        );
    }

    #[test]
    fn each_reason_is_a_sentence() {
        assert_eq!(sentences(&Tally::default()), Vec::<String>::new());
        let tally = Tally {
            n_unclear: 1,
            n_unknown: 3,
            unknown: ["dip".into(), "curl".into()].into(),
            n_bad_frames: 2,
            ..Tally::default()
        };
        assert_eq!(
            sentences(&tally),
            [
                "1 video judged but not scored: labelled unclear.",
                "3 videos judged but not scored: the model has no class for curl, dip.",
                "2 frames of other videos failed to load.",
            ]
        );
        assert_eq!(tally.n_judged(), 4);
    }
}
