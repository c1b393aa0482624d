//! Duplicate videos: the same file twice, or the same frames in another file. Duplicates join one group. Those with
//! contradicting labels are excluded.

use std::collections::{BTreeMap, BTreeSet};

use wo_cli::{Exit, bail, count, named, verb};
use wo_picture::{Overlap, overlaps};
use wo_record::{Failure, Group, GroupBy, code, joined};

use crate::data::config::NearDuplicates;
use crate::data::grouping::groups_of;
use crate::data::labelled::Labelled;

/// The videos to train on, and what was found about duplicates.
pub(crate) struct Sorted {
    /// In the order of the input.
    pub(crate) videos: Vec<Labelled>,
    /// The group of each, joined with those of its duplicates.
    pub(crate) groups: Vec<Group>,
    /// One for each video that is excluded because a duplicate has another label.
    pub(crate) failures: Vec<Failure>,
    /// Messages about all this.
    pub(crate) sentences: Vec<String>,
}

/// Sorts videos.
pub(crate) fn sort(
    videos: Vec<Labelled>,
    policy: NearDuplicates,
    group_by: GroupBy,
) -> anyhow::Result<Sorted> {
    let mut found = DuplicateSearch::new(videos, group_by);
    found.merge_same_files();
    let near_duplicates = found.near_duplicates();
    found.exclude_copies(&near_duplicates);
    if policy == NearDuplicates::Refuse {
        found.reject(&near_duplicates)?;
    }
    if policy == NearDuplicates::Drop {
        found.drop_near_duplicates(&near_duplicates);
    }
    found.join_groups(&near_duplicates);
    Ok(found.finish())
}

struct DuplicateSearch {
    videos: Vec<Labelled>,
    /// The group of each, before near-duplicates join any.
    own_groups: Vec<Group>,
    /// Indices of videos that belong together.
    pairs: Vec<(usize, usize)>,
    /// Indices of videos that are excluded.
    excluded: BTreeSet<usize>,
    failures: Vec<Failure>,
    sentences: Vec<String>,
}

impl DuplicateSearch {
    fn new(videos: Vec<Labelled>, group_by: GroupBy) -> Self {
        Self {
            own_groups: groups_of(&videos, group_by),
            videos,
            pairs: Vec::new(),
            excluded: BTreeSet::new(),
            failures: Vec::new(),
            sentences: Vec::new(),
        }
    }

    /// The same file twice, by its id. With one label it counts once; with two labels it is excluded.
    fn merge_same_files(&mut self) {
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, video) in self.videos.iter().enumerate() {
            let id = video.item.video.video_id.as_str();
            by_id.entry(id).or_default().push(index);
        }
        let by_id: Vec<Vec<usize>> = by_id.into_values().filter(|it| it.len() > 1).collect();
        let mut repeated = Vec::new();
        for indices in by_id {
            let first = indices[0];
            let other = indices.iter().find(|&&it| !self.have_same_label(first, it));
            if let Some(&other) = other {
                let pairs: Vec<_> = indices
                    .iter()
                    .map(|&it| {
                        let other = if self.have_same_label(it, first) {
                            other
                        } else {
                            first
                        };
                        (it, other)
                    })
                    .collect();
                self.exclude_contradicting(&pairs, "is the same video");
                continue;
            }
            for &again in &indices[1..] {
                self.pairs.push((first, again));
                self.excluded.insert(again);
                repeated.push(self.name(again));
            }
        }
        if !repeated.is_empty() {
            self.sentences.push(format!(
                "{} came more than once with the same label and {} once: {}",
                count(repeated.len(), "video"),
                verb(repeated.len(), "counts", "count"),
                named(repeated)
            ));
        }
    }

    /// All near-duplicate pairs among the videos that remain.
    fn near_duplicates(&self) -> Vec<Overlap> {
        let videos = self.videos.iter().enumerate();
        let remaining = videos.map(|(index, video)| {
            let fingerprint = video.fingerprint.as_ref();
            fingerprint.filter(|_| !self.excluded.contains(&index))
        });
        overlaps(&remaining.collect::<Vec<_>>())
    }

    /// Excludes copies of a video with contradicting labels: neither label can be trusted.
    fn exclude_copies(&mut self, near_duplicates: &[Overlap]) {
        let exclude_contradicting =
            |it: &&Overlap| it.is_copy() && !self.have_same_label(it.first, it.second);
        let pairs: Vec<(usize, usize)> = near_duplicates
            .iter()
            .filter(exclude_contradicting)
            .flat_map(|it| [(it.first, it.second), (it.second, it.first)])
            .collect();
        self.exclude_contradicting(&pairs, "has the same frames");
    }

    /// Excludes the first of each pair, since the second contradicts it.
    fn exclude_contradicting(&mut self, pairs: &[(usize, usize)], same: &str) {
        for &(index, other) in pairs {
            if !self.excluded.insert(index) {
                continue;
            }
            let video = &self.videos[index].item.video;
            let what = format!(
                "{} here, but {} {same} as {}",
                self.label_text(index),
                self.name(other),
                self.label_text(other)
            );
            wo_cli::warn!("{}: {what}", self.name(index));
            self.failures.push(Failure {
                code: code::LABEL_CONFLICT.to_owned(),
                what,
                tool: crate::TOOL.to_owned(),
                path: video.path.clone(),
                video_id: Some(video.video_id.clone()),
            });
        }
    }

    /// Rejects videos that would join persons or sources.
    fn reject(&self, near_duplicates: &[Overlap]) -> anyhow::Result<()> {
        let Some(it) = self.joining(near_duplicates).first().copied() else {
            return Ok(());
        };
        bail!(
            Exit::Integrity,
            "near_identical_frames: {:.0} % of the frames of {} ({}) are those of {} ({})",
            100.0 * it.shared.most(),
            self.name(it.first),
            self.own_groups[it.first],
            self.name(it.second),
            self.own_groups[it.second];
            "--near-duplicates group keeps the two on one side of each split, drop trains on the first alone"
        );
    }

    /// Of near-duplicates with the same label, keeps the first.
    fn drop_near_duplicates(&mut self, near_duplicates: &[Overlap]) {
        let mut dropped = Vec::new();
        for it in near_duplicates {
            let remains = |index| !self.excluded.contains(&index);
            if remains(it.first) && remains(it.second) && self.have_same_label(it.first, it.second)
            {
                self.excluded.insert(it.second);
                dropped.push(self.pair(it));
            }
        }
        if !dropped.is_empty() {
            self.sentences.push(format!(
                "{} excluded as {} of an earlier one: {}",
                count(dropped.len(), "video"),
                verb(dropped.len(), "a near-duplicate", "near-duplicates"),
                named(dropped)
            ));
        }
    }

    fn join_groups(&mut self, near_duplicates: &[Overlap]) {
        let joining = self.joining(near_duplicates);
        let pairs: Vec<String> = joining.iter().map(|it| self.pair(it)).collect();
        if !pairs.is_empty() {
            self.sentences.push(format!(
                "{} of near-duplicate videos {} kept in one group, so that no split separates them: {}",
                count(pairs.len(), "pair"),
                verb(pairs.len(), "is", "are"),
                named(pairs)
            ));
        }
        self.pairs
            .extend(joining.iter().map(|it| (it.first, it.second)));
    }

    /// The pairs of remaining videos that are not in one group already.
    fn joining(&self, near_duplicates: &[Overlap]) -> Vec<Overlap> {
        let remains = |index| !self.excluded.contains(&index);
        let joins = |it: &&Overlap| {
            remains(it.first)
                && remains(it.second)
                && self.own_groups[it.first] != self.own_groups[it.second]
        };
        near_duplicates.iter().filter(joins).copied().collect()
    }

    fn finish(self) -> Sorted {
        let groups = joined(&self.own_groups, self.pairs);
        let kept = self.videos.into_iter().zip(groups).enumerate();
        let kept = kept.filter(|(index, _)| !self.excluded.contains(index));
        let (videos, groups) = kept.map(|(_, it)| it).unzip();
        Sorted {
            videos,
            groups,
            failures: self.failures,
            sentences: self.sentences,
        }
    }

    /// Whether two videos have the same exercise and label.
    fn have_same_label(&self, one: usize, other: usize) -> bool {
        let label_text = |index: usize| {
            let class = &self.videos[index].class;
            (&class.exercise, &class.label)
        };
        label_text(one) == label_text(other)
    }

    fn label_text(&self, index: usize) -> String {
        let class = &self.videos[index].class;
        format!("{} {}", class.exercise, class.label)
    }

    fn name(&self, index: usize) -> String {
        self.videos[index].name()
    }

    fn pair(&self, it: &Overlap) -> String {
        let differ = if self.have_same_label(it.first, it.second) {
            String::new()
        } else {
            format!(
                " ({} and {})",
                self.label_text(it.second),
                self.label_text(it.first)
            )
        };
        format!(
            "{} like {}{differ}",
            self.name(it.second),
            self.name(it.first)
        )
    }
}
