//! What the videos themselves look like, as far as `wo-extract probe` tells.

use wo_cli::{count, verb};
use wo_record::Video;

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule, shown};

/// A set of one exercise: long enough for repetitions, short enough that frames are not far apart.
const LENGTH_MS: (f64, f64) = (5_000.0, 30_000.0);
/// The short side of 720p, in pixels.
const SHORT_SIDE: u32 = 720;
/// More frames a second may be slow motion.
const MAX_RATE_HZ: f64 = 61.0;

const NOT_LOOKED_AT: Rule = Rule {
    code: "not_looked_at",
    action: "look at the videos themselves: scripts/just check-data",
    weight: 3.0,
};
const UNREADABLE: Rule = Rule {
    code: "unreadable",
    action: "replace broken files",
    weight: 20.0,
};

/// A rule about one word of probe: what is so of a video, and what to do.
struct Word {
    rule: Rule,
    is: &'static str,
    hint: &'static str,
}

const fn word(code: &'static str, weight: f64, is: &'static str, hint: &'static str) -> Word {
    let action = "replace videos that cannot teach";
    let rule = Rule {
        code,
        action,
        weight,
    };
    Word { rule, is, hint }
}

const WORDS: [Word; 12] = [
    word(
        "damaged",
        12.0,
        "damaged",
        "use undamaged copies, or fetch them again",
    ),
    word(
        "truncated",
        12.0,
        "cut off",
        "use whole copies, or fetch them again",
    ),
    word(
        "cut_start",
        2.0,
        "cut where no decoder can begin",
        "encode them anew: ffmpeg -i IN OUT.mp4",
    ),
    word(
        "several_shots",
        15.0,
        "of several shots",
        "cut them to one shot, with start and end in sources.csv: one set, one camera",
    ),
    word(
        "dark",
        10.0,
        "too dark",
        "film with light from the front, or leave them out",
    ),
    word(
        "blurry",
        10.0,
        "blurry",
        "hold the camera still and wipe the lens, or leave them out",
    ),
    word(
        "repeated_frames",
        8.0,
        "slowed down, or stills",
        "use them at their own speed",
    ),
    word(
        "unusual_frame_rate",
        6.0,
        "in slow motion, or with too few frames a second",
        "film at 24 to 60 frames a second",
    ),
    word(
        "low_resolution",
        5.0,
        "smaller than 720p",
        "film at 720p or more, and fetch the larger format",
    ),
    word("letterboxed", 4.0, "mostly black bars", "cut the bars off"),
    word(
        "too_short",
        5.0,
        "shorter than 5 s",
        "take whole sets: 5 to 30 s",
    ),
    word(
        "too_long",
        5.0,
        "longer than 30 s",
        "cut out one set, with start and end in sources.csv: 5 to 30 s",
    ),
];

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let mut found = Vec::new();
    found.extend(unreadable(collection));
    let unseen = collection
        .videos
        .iter()
        .filter(|it| it.probed.is_none() && it.failure.is_none());
    let unseen: Vec<&CheckedVideo> = unseen.collect();
    if !unseen.is_empty() {
        let what = if collection.is_probed {
            format!(
                "nothing was said of {}: {}",
                count(unseen.len(), "video"),
                shown(&unseen)
            )
        } else {
            "the videos themselves were not looked at: length, size, light, shots and near copies are not known".to_owned()
        };
        let hint = "wo-extract probe data/training_data | wo-collect check -";
        found.push(NOT_LOOKED_AT.note(what).videos(&unseen).hint(hint));
    }
    for word in &WORDS {
        let mut mend = Vec::new();
        let mut note = Vec::new();
        for video in &collection.videos {
            let Some(probed) = &video.probed else {
                continue;
            };
            if probed.warnings.iter().any(|it| it == word.rule.code) {
                mend.push(video);
            } else if probed.notes.iter().any(|it| it == word.rule.code)
                || is_beyond(word.rule.code, probed)
            {
                note.push(video);
            }
        }
        found.extend(word.found(&mend, Rule::mend));
        found.extend(word.found(&note, Rule::note));
    }
    found
}

/// The videos that nothing could read.
fn unreadable(collection: &Collection) -> Option<Found> {
    let broken: Vec<&CheckedVideo> = collection
        .videos
        .iter()
        .filter(|it| it.failure.is_some() && it.probed.is_none())
        .collect();
    if broken.is_empty() {
        return None;
    }
    let why = broken
        .iter()
        .filter_map(|it| Some(format!("{} ({})", it.path, it.failure.as_ref()?.what)));
    let what = format!(
        "{} cannot be read: {}",
        count(broken.len(), "video"),
        wo_cli::named(why)
    );
    let found = UNREADABLE.mend(what).videos(&broken);
    Some(found.hint("fetch or export them again, or remove them"))
}

/// Whether a video is beyond what is good to collect, though it would do.
fn is_beyond(code: &str, video: &Video) -> bool {
    let length = |is_it: fn(f64) -> bool| video.duration_ms.is_some_and(is_it);
    match code {
        "too_short" => length(|ms| ms < LENGTH_MS.0),
        "too_long" => length(|ms| ms > LENGTH_MS.1),
        "low_resolution" => {
            let sides = video.width_px.zip(video.height_px);
            sides.is_some_and(|(width, height)| width.min(height) < SHORT_SIDE)
        }
        "unusual_frame_rate" => video.frame_rate_hz.is_some_and(|hz| hz > MAX_RATE_HZ),
        _ => false,
    }
}

impl Word {
    fn found(&self, videos: &[&CheckedVideo], level: fn(&Rule, String) -> Found) -> Option<Found> {
        let n = videos.len();
        let what = format!(
            "{} {} {}: {}",
            count(n, "video"),
            verb(n, "is", "are"),
            self.is,
            shown(videos)
        );
        (n > 0).then(|| level(&self.rule, what).videos(videos).hint(self.hint))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wo_record::FindingLevel;

    use super::*;

    fn video(duration_ms: f64, height: u32, hz: f64, warnings: &[&str]) -> CheckedVideo {
        CheckedVideo {
            probed: Some(Video {
                duration_ms: Some(duration_ms),
                width_px: Some(1280),
                height_px: Some(height),
                frame_rate_hz: Some(hz),
                warnings: warnings.iter().map(|&it| it.to_owned()).collect(),
                ..Video::default()
            }),
            ..CheckedVideo::default()
        }
    }

    fn found(videos: Vec<CheckedVideo>) -> Vec<Found> {
        of(&Collection {
            videos,
            is_probed: true,
            ..Collection::default()
        })
    }

    #[test]
    fn the_rules_of_collecting_are_notes_and_warnings_are_to_be_mended() {
        assert!(
            found(vec![
                video(5e3, 720, 60.0, &[]),
                video(3e4, 1080, 24.0, &[])
            ])
            .is_empty()
        );
        let all = found(vec![
            video(4.9e3, 720, 30.0, &[]),
            video(31e3, 719, 120.0, &[]),
            video(500.0, 720, 30.0, &["too_short", "dark"]),
        ]);
        let expected = [
            ("dark", 1),
            ("low_resolution", 1),
            ("too_long", 1),
            ("too_short", 1),
            ("unusual_frame_rate", 1),
        ];
        let expected = expected.map(|(code, n)| (code.to_owned(), n));
        let counts = all.iter().map(|it| (it.finding.code.clone(), it.finding.n));
        assert_eq!(counts.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
        let to_mend = all
            .iter()
            .filter(|it| it.finding.level == FindingLevel::Mend);
        let to_mend: Vec<&str> = to_mend.map(|it| it.finding.code.as_str()).collect();
        assert_eq!(to_mend, ["dark", "too_short"]);
        assert_eq!(all.len(), 6, "too short for both levels");
    }
}
