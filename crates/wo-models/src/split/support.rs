//! How many independent groups show each label: whether a set of held-out groups can judge a model.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::{Group, Name, components};
use wo_stats::effective_groups;

use crate::split::videos::SplitVideo;

/// The effective number of groups that show each label.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Support {
    by_label: BTreeMap<Name, f64>,
    pub(crate) n_groups: usize,
}

/// A label of which too few groups are there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shortage {
    pub(crate) label: Name,
    pub(crate) n_effective: f64,
}

impl Support {
    /// Of these videos. A video without a label, or `unclear`, shows nothing.
    pub(crate) fn of<'a>(videos: impl IntoIterator<Item = &'a SplitVideo>) -> Self {
        let labelled = videos.into_iter().filter_map(|it| Some((it, it.label()?)));
        let (videos, labels): (Vec<&SplitVideo>, Vec<Name>) = labelled.unzip();
        let keys: Vec<Vec<Group>> = videos.iter().map(|it| it.keys.clone()).collect();
        let groups = components(&keys);
        let mut sizes: BTreeMap<Name, BTreeMap<&Group, u64>> = BTreeMap::new();
        for (group, label) in groups.iter().zip(labels) {
            *sizes.entry(label).or_default().entry(group).or_default() += 1;
        }
        let effective = |sizes: BTreeMap<&Group, u64>| effective_groups(sizes.into_values());
        let by_label = sizes.into_iter().map(|(it, sizes)| (it, effective(sizes)));
        Self {
            by_label: by_label.collect(),
            n_groups: groups.iter().collect::<BTreeSet<_>>().len(),
        }
    }

    /// The labels that there are.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &Name> {
        self.by_label.keys()
    }

    /// The labels that so many groups show.
    pub(crate) fn shown_by(&self, least: u32) -> impl Iterator<Item = &Name> {
        let labels = self.by_label.iter();
        labels.filter_map(move |(label, n)| (*n >= f64::from(least)).then_some(label))
    }

    /// Whether models can be judged: there are several labels, and each of them and of those `expected` has `least` groups.
    pub(crate) fn can_judge<'a>(
        &'a self,
        expected: impl IntoIterator<Item = &'a Name>,
        least: u32,
    ) -> bool {
        self.labels().count() > 1 && self.shortage(expected, least).is_none()
    }

    /// The label that lacks most groups of `least`, of all that are there and of those that are `expected`.
    pub(crate) fn shortage<'a>(
        &'a self,
        expected: impl IntoIterator<Item = &'a Name>,
        least: u32,
    ) -> Option<Shortage> {
        let labels: BTreeSet<&Name> = self.labels().chain(expected).collect();
        let of = |label: &Name| Shortage {
            label: label.clone(),
            n_effective: self.by_label.get(label).copied().unwrap_or(0.0),
        };
        labels
            .into_iter()
            .map(of)
            .filter(|it| it.n_effective < f64::from(least))
            .min_by(|a, b| a.n_effective.total_cmp(&b.n_effective))
    }
}

#[cfg(test)]
mod tests {
    use wo_record::{GroupBy, Video};

    use super::*;
    use crate::split::videos::Videos;
    use crate::split::videos::tests::line_of;

    fn support(videos: &[(&str, &str)]) -> Support {
        let mut all = Videos::new(GroupBy::Both);
        for (number, (person, label)) in videos.iter().enumerate() {
            all.take(&line_of(&Video {
                video_id: format!("v{number}"),
                person_id: Some((*person).to_owned()),
                exercise: Some("squat".into()),
                label: Some((*label).into()),
                ..Video::default()
            }));
        }
        Support::of(all.iter().map(|(_, video)| video))
    }

    #[test]
    fn many_videos_of_one_person_are_one_group() {
        let one = support(&[
            ("anna", "good_form"),
            ("anna", "good_form"),
            ("ben", "good_form"),
            ("ben", "good_form"),
            ("ben", "bad_form"),
            ("clara", "unclear"),
        ]);
        assert_eq!(one.n_groups, 2);
        let short = |least| {
            one.shortage(None, least)
                .map(|it| (it.label.to_string(), it.n_effective))
        };
        assert_eq!(short(2), Some(("bad_form".to_owned(), 1.0)));
        assert_eq!(short(1), None);
        let half_rep = Name::new("half_rep");
        let missing = one.shortage([&half_rep], 1).map(|it| it.n_effective);
        assert_eq!(missing, Some(0.0));
        let shown: Vec<&str> = one.shown_by(2).map(Name::as_str).collect();
        assert_eq!(shown, ["good_form"]);
        assert!(
            one.can_judge(None, 1) && !one.can_judge(None, 2) && !one.can_judge([&half_rep], 1)
        );
    }
}
