//! What to film next: the kinds of video of which more would help most, by what the model was trained on, what it gets
//! wrong, and how errors shrink as videos are added.

use std::collections::BTreeSet;

use wo_clip::{Split, SplitVideo};
use wo_record::{LearningCurve, Name, Shot};
use wo_stats::{Interval, Refit};

use crate::answers::Answers;
use crate::prediction::{Prediction, Standing};

/// How many more videos of a kind are thought of.
pub(crate) const N_MORE: u64 = 10;
/// How many kinds are named.
const MAX_SHOTS: usize = 10;

/// One kind of video.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    exercise: &'a Name,
    label: &'a Name,
    fault: Option<&'a Name>,
    angle: Option<&'a Name>,
}

/// The most useful first. Without a curve they have no gain, and those of which there are fewest come first.
///
/// The gain of a kind is its part of balanced accuracy (each label counts alike, within a label each kind), times the part
/// of it that is judged wrong, times the part of errors that the curve takes away where its videos grow by [`N_MORE`] and
/// those of the whole class in proportion. Its interval is that of the curve alone.
pub(crate) fn shots(
    videos: &[&Prediction],
    answers: &Answers,
    trained_on: &[SplitVideo],
    curve: Option<&LearningCurve>,
    seed: u64,
) -> Vec<Shot> {
    let train: Vec<&SplitVideo> = trained_on
        .iter()
        .filter(|it| it.split == Split::Train)
        .collect();
    let kinds = kinds(trained_on);
    let curve = curve.and_then(|it| fitted(it, seed));
    let labels: BTreeSet<&Name> = kinds.iter().map(|it| it.label).collect();
    let mut shots: Vec<Shot> = kinds
        .iter()
        .map(|kind| {
            let shown: Vec<&&SplitVideo> = train.iter().filter(|it| kind.is_shown(it)).collect();
            let groups: BTreeSet<&str> = shown.iter().map(|it| it.group.as_str()).collect();
            let (n_right, n_judged) = kind.judged(videos, answers);
            let same = |other: &&Kind<'_>| other.label == kind.label;
            let of_label = kinds.iter().filter(same).count();
            let of_class = kinds
                .iter()
                .filter(|other| other.label == kind.label && other.exercise == kind.exercise)
                .count();
            let weight = 1.0 / (labels.len() * of_label) as f64;
            // Of a few videos none may be wrong by luck (Laplace's rule).
            let wrong = 1.0 - (n_right + 1) as f64 / (n_judged + 2) as f64;
            let n_videos = shown.len() as u64;
            let gain = curve.as_ref().map(|curve| {
                let in_class = |n: u64| (n.max(1) * of_class as u64) as f64;
                let (left, ends) =
                    curve.errors_left(in_class(n_videos), in_class(n_videos + N_MORE));
                let gain = |left: f64| (weight * wrong * (1.0 - left)).max(0.0);
                let ends = ends.map(|it| Interval {
                    low: gain(it.high),
                    high: gain(it.low),
                });
                (gain(left), ends)
            });
            let ends = gain.and_then(|(_, ends)| ends);
            Shot {
                rank: 0,
                exercise: kind.exercise.clone(),
                label: kind.label.clone(),
                fault: kind.fault.cloned(),
                angle: kind.angle.map(Name::to_string),
                n_videos,
                n_groups: groups.len() as u64,
                recall: (n_judged > 0).then(|| n_right as f64 / n_judged as f64),
                gain: gain.map(|(gain, _)| gain),
                gain_low: ends.map(|it| it.low),
                gain_high: ends.map(|it| it.high),
            }
        })
        .collect();
    let gain = |it: &Shot| it.gain.unwrap_or(0.0);
    shots.sort_by(|a, b| {
        gain(b)
            .total_cmp(&gain(a))
            .then(a.n_videos.cmp(&b.n_videos))
    });
    shots.truncate(MAX_SHOTS);
    for (rank, shot) in (1..).zip(&mut shots) {
        shot.rank = rank;
    }
    shots
}

fn fitted(curve: &LearningCurve, seed: u64) -> Option<wo_stats::LearningCurve> {
    let refits = curve.refits.iter().map(|it| Refit {
        n_videos: it.videos_a_class,
        score: it.value,
    });
    wo_stats::LearningCurve::fit(&refits.collect::<Vec<_>>(), curve.test_error, seed)
}

/// All kinds that are known of, each from all angles that its exercise was filmed from.
fn kinds(videos: &[SplitVideo]) -> BTreeSet<Kind<'_>> {
    let mut kinds = BTreeSet::new();
    for video in videos {
        let of_exercise = videos.iter().filter(|it| it.exercise == video.exercise);
        let angles: BTreeSet<Option<&Name>> = of_exercise
            .filter_map(|it| it.angle.as_ref())
            .map(Some)
            .collect();
        let angles = if angles.is_empty() {
            BTreeSet::from([None])
        } else {
            angles
        };
        let faults: Vec<Option<&Name>> = if video.faults.is_empty() {
            vec![None]
        } else {
            video.faults.iter().map(Some).collect()
        };
        for angle in &angles {
            kinds.extend(faults.iter().map(|fault| Kind {
                exercise: &video.exercise,
                label: &video.label,
                fault: *fault,
                angle: *angle,
            }));
        }
    }
    kinds
}

impl Kind<'_> {
    fn is_shown(&self, video: &SplitVideo) -> bool {
        let fits = |fault| video.faults.contains(fault);
        video.exercise == *self.exercise
            && video.label == *self.label
            && self.fault.map_or(video.faults.is_empty(), fits)
            && video.angle.as_ref() == self.angle
    }

    /// How many videos of the kind were judged right, of how many.
    fn judged(&self, videos: &[&Prediction], answers: &Answers) -> (usize, usize) {
        let mut counts = (0, 0);
        for video in videos {
            let Standing::Scored { label, exercise } = video.standing else {
                continue;
            };
            let exercise = exercise.and_then(|it| answers.exercises.get(it));
            let angle = video.facts.fields.get("angle").map(String::as_str);
            let fits = |fault| video.faults.contains(fault);
            let is_of_kind = exercise == Some(self.exercise)
                && answers.labels.get(label) == Some(self.label)
                && self.fault.map_or(video.faults.is_empty(), fits)
                && angle == self.angle.map(Name::as_str);
            if is_of_kind {
                counts.0 += usize::from(video.is_right() == Some(true));
                counts.1 += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use wo_record::Refit as Seen;

    use super::*;
    use crate::answers::tests::classes;
    use crate::evaluation::tests::{squat, training};

    fn trained_on() -> Vec<SplitVideo> {
        let mut videos = training();
        for video in videos
            .iter_mut()
            .filter(|it| it.label.as_str() == "bad_form")
        {
            video.faults = vec!["knees_cave".into()];
        }
        videos[0].faults = vec!["rounded_back".into()];
        videos
    }

    fn curve() -> LearningCurve {
        let at = |videos_a_class: f64| Seen {
            videos_a_class,
            value: 0.95 - 0.5 * videos_a_class.powf(-0.5),
        };
        LearningCurve {
            method: "linear_probe".to_owned(),
            refits: [4.0, 4.0, 8.0, 8.0, 16.0, 16.0].map(at).to_vec(),
            expected: Vec::new(),
            test_error: 0.02,
            n: 10,
            n_groups: 5,
        }
    }

    #[test]
    fn what_is_judged_wrong_and_seldom_shown_comes_first() {
        let answers = Answers::new(&classes());
        // Videos of bad form with a rounded back are all judged good, those with caving knees all bad.
        let videos: Vec<Prediction> = (0..20)
            .map(|person| {
                let mut video = squat(person, 0, person % 2, 1000.0);
                let fault = if person % 2 == 0 {
                    "knees_cave"
                } else {
                    "rounded_back"
                };
                video.faults = vec![fault.into()];
                video
            })
            .collect();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let found = shots(&videos, &answers, &trained_on(), Some(&curve()), 0);
        let first = &found[0];
        assert_eq!(first.fault.as_ref().map(Name::as_str), Some("rounded_back"));
        assert_eq!((first.rank, first.n_videos, first.n_groups), (1, 1, 1));
        assert_eq!((first.recall, found.len()), (Some(0.0), 3));
        let [low, gain, high] = [first.gain_low, first.gain, first.gain_high].map(Option::unwrap);
        assert!(
            0.0 < low && low <= gain && gain <= high && high < 0.25,
            "{first:?}"
        );
        let good = found.iter().find(|it| it.fault.is_none()).unwrap();
        assert_eq!((good.label.as_str(), good.recall), ("good_form", None));
    }

    #[test]
    fn an_angle_that_a_fault_was_never_filmed_from_is_named() {
        let mut trained_on = trained_on();
        for (video, angle) in trained_on
            .iter_mut()
            .zip(["front", "side", "side", "side", "side"])
        {
            video.angle = Some(angle.into());
        }
        let found = shots(&[], &Answers::new(&classes()), &trained_on, None, 0);
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|it| it.gain.is_none()));
        let unfilmed: Vec<_> = found
            .iter()
            .filter(|it| it.n_videos == 0)
            .map(|it| (it.label.as_str(), it.angle.as_deref()))
            .collect();
        assert!(
            unfilmed.contains(&("good_form", Some("front"))),
            "{unfilmed:?}"
        );
        assert_eq!(found[0].n_videos, 0);
    }
}
