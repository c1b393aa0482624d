//! How videos form groups: by person, by source or by both, how many groups each gives, and of which videos nobody said
//! who is in them.

use std::collections::BTreeSet;

use wo_cli::{Hint, Message, count, message, named, verb};
use wo_record::{Group, GroupBy, components, keys_of};

use crate::data::labelled::Labelled;

/// How a persons' table is written.
const CURE: &str = "write groups.csv beside the videos, with a first line path,person_id,source_id and a line for each video such \
    as squat/good_form/anna_01.mp4,anna,gym_west; then extract the frames again";

/// How many groups there are by each, and which videos are of nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grouping {
    /// By what they are made.
    pub(crate) by: GroupBy,
    /// Absent where no video has a person, as below no source.
    n_by_person: Option<usize>,
    n_by_source: Option<usize>,
    n_by_both: usize,
    n_videos: usize,
    /// Names of videos without person and source.
    ungrouped: Vec<String>,
    /// Names of videos without what groups are made by, in a source, or of a person, where others have it.
    strangers: Vec<String>,
}

/// The group of each video, before near-duplicates join any.
pub(crate) fn groups_of(videos: &[Labelled], by: GroupBy) -> Vec<Group> {
    let joining = |it: &Labelled| {
        let video = &it.item.video;
        by.joining(&keys_of(video), &video.video_id)
    };
    components(&videos.iter().map(joining).collect::<Vec<_>>())
}

impl Grouping {
    pub(crate) fn of(videos: &[Labelled], by: GroupBy) -> Self {
        let n_groups = |by| {
            groups_of(videos, by)
                .into_iter()
                .collect::<BTreeSet<_>>()
                .len()
        };
        let keys: Vec<Vec<Group>> = videos.iter().map(|it| keys_of(&it.item.video)).collect();
        let names = |is_such: &dyn Fn(&Vec<Group>) -> bool| -> Vec<String> {
            let such = videos.iter().zip(&keys).filter(|(_, keys)| is_such(keys));
            such.map(|(video, _)| video.name()).collect()
        };
        let of_both: BTreeSet<&Group> = keys.iter().filter(|it| it.len() > 1).flatten().collect();
        let is_stranger = |keys: &Vec<Group>| match (by, &keys[..]) {
            (GroupBy::Person, [only]) => only.is_source() && of_both.contains(only),
            (GroupBy::Source, [only]) => only.is_person() && of_both.contains(only),
            _ => false,
        };
        let has = |is_kind: fn(&Group) -> bool| keys.iter().flatten().any(is_kind);
        Self {
            by,
            n_by_person: has(Group::is_person).then(|| n_groups(GroupBy::Person)),
            n_by_source: has(Group::is_source).then(|| n_groups(GroupBy::Source)),
            n_by_both: n_groups(GroupBy::Both),
            n_videos: videos.len(),
            ungrouped: names(&Vec::is_empty),
            strangers: names(&is_stranger),
        }
    }

    /// `60 groups by person, 6 by source, 6 by both; used: both`.
    pub(crate) fn line(&self) -> String {
        let unknown = match self.ungrouped.len() {
            0 => String::new(),
            n => format!(
                "; {n} of {} without person and source",
                count(self.n_videos, "video")
            ),
        };
        format!("{}; used: {}{unknown}", self.counts(), self.by)
    }

    fn counts(&self) -> String {
        let or_none = |n: Option<String>| n.unwrap_or_else(|| "none".to_owned());
        format!(
            "{} by person, {} by source, {} by both",
            or_none(self.n_by_person.map(|n| count(n, "group"))),
            or_none(self.n_by_source.map(|n| n.to_string())),
            self.n_by_both
        )
    }

    /// What is said before training where it is not known who is in a video.
    pub(crate) fn warnings(&self) -> Vec<Message> {
        let n = self.ungrouped.len();
        let ungrouped = if n == self.n_videos {
            message!(
                "no video has a person or a source, so each counts as a group of its own: metrics are too good where one person \
                 is in several videos, which cannot be checked";
                "{CURE}"
            )
        } else {
            message!(
                "{} of {} {} neither person nor source and {}: metrics are too good where one person is in \
                 several of them: {}",
                n,
                count(self.n_videos, "video"),
                verb(n, "has", "have"),
                verb(
                    n,
                    "counts as a group of its own",
                    "count as groups of their own"
                ),
                named(&self.ungrouped);
                "{CURE}"
            )
        };
        let (missing, shared) = match self.by {
            GroupBy::Source => ("source", "person"),
            _ => ("person", "source"),
        };
        let strangers = message!(
            "{} without a {missing}, of a {shared} whose other videos have one: after training on that {shared}, wo-eval does \
             not score {}: {}",
            count(self.strangers.len(), "video"),
            verb(self.strangers.len(), "it", "them"),
            named(&self.strangers)
        );
        let warnings = [
            (n > 0).then_some(ungrouped),
            (!self.strangers.is_empty()).then_some(strangers),
        ];
        warnings.into_iter().flatten().collect()
    }

    /// Says what other groups would give, where groups by both are too few.
    pub(crate) fn explained<T>(&self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        let others = [
            (GroupBy::Person, self.n_by_person, "people", "sources"),
            (GroupBy::Source, self.n_by_source, "sources", "people"),
        ];
        let n = self.n_by_both;
        let more = others.into_iter().filter(|(_, n_other, ..)| {
            self.by == GroupBy::Both && n_other.is_some_and(|it| it > n)
        });
        more.fold(result, |result, (by, _, new, known)| {
            result.hint(format!(
                "the videos are {}; --group-by {by} joins fewer, but then metrics hold for new {new} in {known} of the training \
                 data, and not for new {known}",
                self.counts()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use wo_clip::Class;
    use wo_input::VideoItem;
    use wo_record::Video;

    use super::*;
    use crate::data::fold_groups::fold_groups;
    use crate::data::frame_captions::FrameCaptions;
    use crate::data::split::{Candidate, Fractions, split_groups};

    fn labelled(number: usize, person: Option<String>, source: Option<String>) -> Labelled {
        let video = Video {
            video_id: format!("v{number:03}"),
            person_id: person,
            source_id: source,
            ..Video::default()
        };
        Labelled {
            item: VideoItem {
                video,
                ..VideoItem::default()
            },
            class: Class {
                exercise: "squat".into(),
                label: ["good_form", "bad_form"][number % 2].into(),
                faults: Vec::new(),
            },
            frames: Vec::new(),
            hashes: Vec::new(),
            fingerprint: None,
            sharpness: None,
            brightness: None,
            captions: FrameCaptions::default(),
            parts: Vec::new(),
        }
    }

    /// Two videos of each of 60 persons, in 6 gyms.
    fn gyms() -> Vec<Labelled> {
        let person = |number: usize| Some(format!("p{}", number / 2));
        let gym = |number: usize| Some(format!("Gym {}", number / 2 % 6));
        (0..120)
            .map(|it| labelled(it, person(it), gym(it)))
            .collect()
    }

    fn candidates(videos: &[Labelled], by: GroupBy) -> Vec<Candidate> {
        let groups = groups_of(videos, by).into_iter();
        let candidate = |(group, video): (Group, &Labelled)| Candidate {
            group,
            exercise: video.class.exercise.clone(),
            label: video.class.label.clone(),
        };
        groups.zip(videos).map(candidate).collect()
    }

    /// Those of the keys of one kind that are in several parts.
    fn torn<P: PartialEq>(
        videos: &[Labelled],
        part_of: impl Fn(usize) -> P,
        is_kind: fn(&Group) -> bool,
    ) -> BTreeSet<Group> {
        let keys = |it: &Labelled| -> Vec<Group> {
            keys_of(&it.item.video)
                .into_iter()
                .filter(is_kind)
                .collect()
        };
        let all: Vec<Vec<Group>> = videos.iter().map(keys).collect();
        let mut torn = BTreeSet::new();
        for (one, keys) in all.iter().enumerate() {
            for (other, other_keys) in all.iter().enumerate() {
                let shared = keys.iter().filter(|key| other_keys.contains(key));
                let apart = shared.filter(|_| part_of(one) != part_of(other));
                torn.extend(apart.cloned());
            }
        }
        torn
    }

    #[test]
    fn no_person_and_no_gym_is_on_two_sides_unless_asked() {
        let videos = gyms();
        let fractions = Fractions {
            validation: 0.3,
            test: 0.3,
        };
        for seed in 0..20 {
            for (by, n_torn_gyms) in [
                (GroupBy::Both, 0),
                (GroupBy::Source, 0),
                (GroupBy::Person, 6),
            ] {
                let candidates = candidates(&videos, by);
                let splits = split_groups(&candidates, fractions, seed).expect("a split");
                let split_of = |it: usize| splits[&candidates[it].group];
                assert_eq!(
                    torn(&videos, split_of, Group::is_person).len(),
                    0,
                    "{by} {seed}"
                );
                let torn_gyms = torn(&videos, split_of, Group::is_source);
                assert_eq!(torn_gyms.len(), n_torn_gyms, "{by} {seed}");
            }
            let candidates = candidates(&videos, GroupBy::Both);
            let folds = fold_groups(&candidates, 3, seed);
            let fold_of = |it: usize| folds[&candidates[it].group];
            assert_eq!(torn(&videos, fold_of, |_| true).len(), 0, "{seed}");
        }
    }

    #[test]
    fn the_counts_and_what_one_loses_are_said() {
        let grouping = Grouping::of(&gyms(), GroupBy::Both);
        assert_eq!(
            grouping.line(),
            "60 groups by person, 6 by source, 6 by both; used: both"
        );
        assert_eq!(grouping.warnings(), []);
        let failed = |by| {
            let grouping = Grouping::of(&gyms(), by);
            let error = grouping.explained(Err::<(), _>(anyhow::anyhow!("too few")));
            wo_cli::message_of(&error.expect_err("too few")).shown()
        };
        assert_eq!(
            failed(GroupBy::Both),
            "too few\nhint: the videos are 60 groups by person, 6 by source, 6 by both; --group-by person joins fewer, but then \
             metrics hold for new people in sources of the training data, and not for new sources"
        );
        assert_eq!(failed(GroupBy::Person), "too few");
    }

    fn texts(grouping: &Grouping) -> Vec<String> {
        let warnings = grouping.warnings().into_iter();
        warnings.map(|it| it.shown()).collect()
    }

    #[test]
    fn who_is_unknown_is_named() {
        let nobody: Vec<Labelled> = (0..3).map(|it| labelled(it, None, None)).collect();
        let [warning] = &texts(&Grouping::of(&nobody, GroupBy::Both))[..] else {
            panic!("one warning");
        };
        assert!(
            warning.starts_with("no video has a person or a source"),
            "{warning}"
        );
        let gym = || Some("gym".to_owned());
        let some = [
            labelled(0, Some("anna".to_owned()), gym()),
            labelled(1, None, gym()),
            labelled(2, Some(" ".to_owned()), None),
        ];
        let [unknown] = &texts(&Grouping::of(&some, GroupBy::Both))[..] else {
            panic!("one warning");
        };
        assert!(
            unknown.starts_with("1 of 3 videos has neither person nor source")
                && unknown.contains(": v002\nhint: "),
            "{unknown}"
        );
        let by_person = texts(&Grouping::of(&some, GroupBy::Person));
        assert!(
            by_person[1]
                .starts_with("1 video without a person, of a source whose other videos have one")
                && by_person[1].ends_with("does not score it: v001"),
            "{by_person:?}"
        );
    }
}
