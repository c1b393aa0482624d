//! Near-duplicates among the input videos. They form one group, so that no confidence interval counts them twice; one
//! video under two labels is excluded.

use std::collections::BTreeMap;

use wo_cli::{count, named, verb};
use wo_picture::{Fingerprint, Overlap, overlaps};
use wo_record::{Group, joined};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::judge::video_name::{exercise_and_label, named as name};

/// The near-duplicates among the scored videos.
#[derive(Debug, Default)]
pub(crate) struct NearDuplicates {
    /// The new group of each joined video, by video id.
    pub(crate) groups: BTreeMap<String, Group>,
    /// The ids of videos that have another label elsewhere, with the message.
    pub(crate) contradicted: BTreeMap<String, String>,
    /// The joined pairs, in words.
    joined: Vec<String>,
}

impl NearDuplicates {
    /// Compares scored videos by their images.
    pub(crate) fn among(videos: &[Prediction], space: &LabelSpace) -> Self {
        let fingerprints = videos.iter().map(|it| it.facts.fingerprint.as_ref());
        let fingerprints: Vec<Option<&Fingerprint>> = fingerprints.collect();
        let found = overlaps(&fingerprints);
        let mut this = Self::default();
        let is_copy = |it: &&Overlap| it.is_copy() && says_otherwise(videos, it);
        for it in found.iter().filter(is_copy) {
            for (place, against) in [(it.first, it.second), (it.second, it.first)] {
                let (video, against) = (&videos[place], &videos[against]);
                let what = format!(
                    "{} here, but {} shows the same images as {}",
                    label_in_words(video, space),
                    name(against.path.as_ref(), &against.video_id),
                    label_in_words(against, space)
                );
                let known = &mut this.contradicted;
                known.entry(video.video_id.clone()).or_insert(what);
            }
        }
        let is_there = |place: usize| !this.contradicted.contains_key(&videos[place].video_id);
        let joins = |it: &&Overlap| {
            let is_apart = videos[it.first].group != videos[it.second].group;
            is_apart && is_there(it.first) && is_there(it.second)
        };
        let pairs: Vec<Overlap> = found.iter().filter(joins).copied().collect();
        let own: Vec<Group> = videos.iter().map(|it| it.group.clone()).collect();
        let groups = joined(&own, pairs.iter().map(|it| (it.first, it.second)));
        let changed = videos.iter().zip(own.iter().zip(groups));
        this.groups = changed
            .filter(|(_, (own, group))| *own != group)
            .map(|(video, (_, group))| (video.video_id.clone(), group))
            .collect();
        this.joined = pairs
            .iter()
            .map(|it| {
                let called = |place: usize| {
                    let video = &videos[place];
                    name(video.path.as_ref(), &video.video_id)
                };
                format!("{} like {}", called(it.second), called(it.first))
            })
            .collect();
        this
    }

    /// The warning that videos were joined; `None` where none were.
    pub(crate) fn warning(&self) -> Option<String> {
        let n = self.joined.len();
        (n > 0).then(|| {
            format!(
                "{} of near-duplicate videos {} as one group: {}",
                count(n, "pair"),
                verb(n, "counts", "count"),
                named(&self.joined)
            )
        })
    }
}

fn label_in_words(video: &Prediction, space: &LabelSpace) -> String {
    let record = video.record(space);
    exercise_and_label((record.exercise, record.label))
}

/// Whether two videos have another label or another exercise.
fn says_otherwise(videos: &[Prediction], it: &Overlap) -> bool {
    match (
        &videos[it.first].ground_truth,
        &videos[it.second].ground_truth,
    ) {
        (
            GroundTruth::Scored { label, exercise },
            GroundTruth::Scored {
                label: other_label,
                exercise: other_exercise,
            },
        ) => {
            let exercises = exercise.zip(*other_exercise);
            label != other_label || exercises.is_some_and(|(one, other)| one != other)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, lift_at, squat};

    fn showing(video: Prediction, places: std::ops::Range<u32>) -> Prediction {
        let frames: Vec<_> = places.map(lift_at).collect();
        let mut video = video;
        video.facts.fingerprint = Fingerprint::of(&frames);
        video
    }

    #[test]
    fn videos_that_look_alike_are_one_group() {
        let space = LabelSpace::new(&classes());
        let whole = showing(squat(1, 0, 0, 1.0), 0..10);
        let part = showing(squat(2, 0, 0, 1.0), 2..7);
        let other = showing(squat(3, 1, 1, 1.0), 10..20);
        let videos = [whole.clone(), part, other];
        let found = NearDuplicates::among(&videos, &space);
        assert_eq!(found.groups.len(), 1, "the first keeps its own");
        assert_eq!(
            found.groups.get(&videos[1].video_id),
            Some(&videos[0].group)
        );
        assert!(found.contradicted.is_empty());
        let warning = found.warning().expect("joined");
        assert!(
            warning.starts_with("1 pair of near-duplicate videos counts"),
            "{warning}"
        );
        assert_eq!(NearDuplicates::among(&[whole], &space).warning(), None);
    }

    #[test]
    fn the_same_pictures_under_two_labels_say_nothing() {
        let space = LabelSpace::new(&classes());
        let good = showing(squat(1, 0, 0, 1.0), 0..10);
        let bad = showing(squat(2, 1, 1, 1.0), 0..10);
        let part = showing(squat(3, 1, 1, 1.0), 0..5);
        let videos = [good.clone(), bad.clone(), part.clone()];
        let found = NearDuplicates::among(&videos, &space);
        let ids: Vec<&String> = found.contradicted.keys().collect();
        assert_eq!(ids, [&good.video_id, &bad.video_id]);
        assert!(found.groups.is_empty(), "what is left is alone");
        let found = NearDuplicates::among(&[good, part], &space);
        assert!(
            found.contradicted.is_empty(),
            "a part may show another form"
        );
        assert_eq!(found.groups.len(), 1);
    }
}
