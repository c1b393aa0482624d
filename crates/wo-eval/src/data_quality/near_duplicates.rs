//! Videos of the input that show the same pictures. What belongs together is one group, so that no interval takes it for two;
//! and what says two things of the same pictures says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use wo_cli::{count, named, verb};
use wo_picture::{GreyCells, Overlap, overlaps};
use wo_record::{Failure, Group, Name, Video, code, joined};

use crate::answers::Answers;
use crate::predict::{name_of, named as name};
use crate::prediction::{Prediction, Standing};

/// What was found among the videos that are scored.
#[derive(Debug, Default)]
pub(crate) struct NearDuplicates {
    /// The group of those videos that were joined to others, by their ids.
    pub(crate) groups: BTreeMap<String, Group>,
    /// The ids of those that are one video under two labels, with what is wrong.
    pub(crate) contradicted: BTreeMap<String, String>,
    /// Pairs that were joined, in words.
    joined: Vec<String>,
}

/// How a video looks: the hash and a few grey cells of each frame.
pub(crate) type Looks = Vec<(u64, GreyCells)>;

impl NearDuplicates {
    /// Among videos that are scored, with how each looks.
    pub(crate) fn among(videos: &[(&Prediction, &Looks)], answers: &Answers) -> Self {
        let hashes: Vec<Vec<u64>> = videos
            .iter()
            .map(|(_, looks)| looks.iter().map(|(hash, _)| *hash).collect())
            .collect();
        let hashes: Vec<&[u64]> = hashes.iter().map(Vec::as_slice).collect();
        let cells = |(video, frame): (usize, usize)| {
            let (_, looks) = videos.get(video)?;
            looks.get(frame).map(|(_, cells)| cells)
        };
        let is_same = |one, other| {
            let both = cells(one).zip(cells(other));
            Ok::<_, Infallible>(both.is_some_and(|(one, other)| one.is_same_frame(other)))
        };
        let Ok(found) = overlaps(&hashes, is_same);
        let mut this = Self::default();
        let is_copy = |it: &&Overlap| it.is_copy() && says_otherwise(videos, it);
        for it in found.iter().filter(is_copy) {
            for (place, against) in [(it.first, it.second), (it.second, it.first)] {
                let (video, against) = (videos[place].0, videos[against].0);
                let what = format!(
                    "{} here, but {} is the same pictures as {}",
                    said(video, answers),
                    name(against.path.as_ref(), &against.video_id),
                    said(against, answers)
                );
                let known = &mut this.contradicted;
                known.entry(video.video_id.clone()).or_insert(what);
            }
        }
        let is_there = |place: usize| !this.contradicted.contains_key(&videos[place].0.video_id);
        let joins = |it: &&Overlap| {
            let is_apart = videos[it.first].0.group != videos[it.second].0.group;
            is_apart && is_there(it.first) && is_there(it.second)
        };
        let pairs: Vec<Overlap> = found.iter().filter(joins).copied().collect();
        let own: Vec<Group> = videos.iter().map(|(it, _)| it.group.clone()).collect();
        let groups = joined(&own, pairs.iter().map(|it| (it.first, it.second)));
        let changed = videos.iter().zip(own.iter().zip(groups));
        this.groups = changed
            .filter(|(_, (own, group))| *own != group)
            .map(|((video, _), (_, group))| (video.video_id.clone(), group))
            .collect();
        this.joined = pairs
            .iter()
            .map(|it| {
                let called = |place: usize| {
                    let video = videos[place].0;
                    name(video.path.as_ref(), &video.video_id)
                };
                format!("{} like {}", called(it.second), called(it.first))
            })
            .collect();
        this
    }

    /// That videos were joined, where any were.
    pub(crate) fn warning(&self) -> Option<String> {
        let n = self.joined.len();
        (n > 0).then(|| {
            format!(
                "{} of videos that look alike {} as one group: {}",
                count(n, "pair"),
                verb(n, "counts", "count"),
                named(&self.joined)
            )
        })
    }
}

fn said(video: &Prediction, answers: &Answers) -> String {
    let record = video.record(answers);
    words((record.exercise, record.label))
}

/// Whether two videos have another label or another exercise.
fn says_otherwise(videos: &[(&Prediction, &Looks)], it: &Overlap) -> bool {
    match (&videos[it.first].0.standing, &videos[it.second].0.standing) {
        (
            Standing::Scored { label, exercise },
            Standing::Scored {
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

/// The videos that came so far, to know one that comes again.
#[derive(Debug, Default)]
pub(crate) struct Came {
    by_id: BTreeMap<String, Video>,
    contradicted: BTreeSet<String>,
}

/// What a video is that came again.
#[derive(Debug, PartialEq)]
pub(crate) enum Again {
    /// It is new.
    New,
    /// It says the same.
    Same,
    /// It has another label or exercise: of each that says something for the first time, what is wrong.
    Otherwise(Vec<Failure>),
}

impl Came {
    /// Takes note of a video whose label is settled.
    pub(crate) fn take(&mut self, video: &Video) -> Again {
        let Some(first) = self.by_id.get(&video.video_id) else {
            self.by_id.insert(video.video_id.clone(), video.clone());
            return Again::New;
        };
        let says = |it: &Video| (it.exercise.clone(), it.label.clone());
        if is_as(first.exercise.as_ref(), video.exercise.as_ref())
            && is_as(first.label.as_ref(), video.label.as_ref())
        {
            return Again::Same;
        }
        let failure = |of: &Video, against: &Video| Failure {
            code: code::LABEL_CONFLICT.to_owned(),
            what: format!(
                "{} here, but {} is the same video as {}",
                words(says(of)),
                name_of(against),
                words(says(against))
            ),
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: of.path.clone(),
            video_id: Some(of.video_id.clone()),
        };
        let mut failures = vec![failure(video, first)];
        if self.contradicted.insert(video.video_id.clone()) {
            failures.insert(0, failure(first, video));
        }
        Again::Otherwise(failures)
    }

    /// Whether it came under two labels.
    pub(crate) fn is_contradicted(&self, video_id: &str) -> bool {
        self.contradicted.contains(video_id)
    }
}

/// Who says nothing says nothing else.
fn is_as(one: Option<&Name>, other: Option<&Name>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

fn words((exercise, label): (Option<Name>, Option<Name>)) -> String {
    let words: Vec<String> = [exercise, label]
        .into_iter()
        .flatten()
        .map(|it| it.to_string())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::answers::tests::classes;
    use crate::evaluation::tests::squat;

    /// Half ones, and far from that of any other number.
    fn hash(number: u64) -> u64 {
        let half = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        half << 32 | (!half & 0xffff_ffff)
    }

    fn looks(numbers: std::ops::Range<u8>) -> Looks {
        let shade = |number: u8| RgbImage::from_pixel(8, 8, Rgb([8 * number; 3]));
        let frames = numbers.map(|it| (hash(u64::from(it)), GreyCells::of(&shade(it))));
        frames.collect()
    }

    #[test]
    fn videos_that_look_alike_are_one_group() {
        let answers = Answers::new(&classes());
        let (a, b, c) = (
            squat(1, 0, 0, 1.0),
            squat(2, 0, 0, 1.0),
            squat(3, 1, 1, 1.0),
        );
        let (whole, part, other) = (looks(0..10), looks(2..7), looks(10..20));
        let found = NearDuplicates::among(&[(&a, &whole), (&b, &part), (&c, &other)], &answers);
        assert_eq!(found.groups.len(), 1, "the first keeps its own");
        assert_eq!(found.groups.get(&b.video_id), Some(&a.group));
        assert!(found.contradicted.is_empty());
        let warning = found.warning().expect("joined");
        assert!(
            warning.starts_with("1 pair of videos that look alike counts"),
            "{warning}"
        );
        assert_eq!(
            NearDuplicates::among(&[(&a, &whole)], &answers).warning(),
            None
        );
    }

    #[test]
    fn the_same_pictures_under_two_labels_say_nothing() {
        let answers = Answers::new(&classes());
        let (good, bad, part) = (
            squat(1, 0, 0, 1.0),
            squat(2, 1, 1, 1.0),
            squat(3, 1, 1, 1.0),
        );
        let (whole, cut) = (looks(0..10), looks(0..5));
        let found =
            NearDuplicates::among(&[(&good, &whole), (&bad, &whole), (&part, &cut)], &answers);
        let ids: Vec<&String> = found.contradicted.keys().collect();
        assert_eq!(ids, [&good.video_id, &bad.video_id]);
        assert!(found.groups.is_empty(), "what is left is alone");
        let found = NearDuplicates::among(&[(&good, &whole), (&part, &cut)], &answers);
        assert!(
            found.contradicted.is_empty(),
            "a part may show another form"
        );
        assert_eq!(found.groups.len(), 1);
    }

    #[test]
    fn a_video_that_comes_again_says_the_same_or_not() {
        let video = |path: &str, label: Option<&str>| Video {
            video_id: "v".to_owned(),
            path: Some(path.into()),
            label: label.map(Name::from),
            ..Video::default()
        };
        let mut came = Came::default();
        assert_eq!(came.take(&video("a", Some("good_form"))), Again::New);
        assert_eq!(came.take(&video("b", Some("good_form"))), Again::Same);
        assert_eq!(came.take(&video("c", None)), Again::Same);
        assert!(!came.is_contradicted("v"));
        let Again::Otherwise(failures) = came.take(&video("d", Some("bad_form"))) else {
            panic!("two labels");
        };
        let whats: Vec<&str> = failures.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(
            whats,
            [
                "good_form here, but d is the same video as bad_form",
                "bad_form here, but a is the same video as good_form"
            ]
        );
        assert!(came.is_contradicted("v"));
        let Again::Otherwise(failures) = came.take(&video("e", Some("unclear"))) else {
            panic!("a third");
        };
        assert_eq!(failures.len(), 1, "the first is told once");
    }
}
