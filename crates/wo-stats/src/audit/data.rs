//! What an audit is given: videos with labels, and what each probe sees of them.

use std::collections::{BTreeMap, BTreeSet};

/// A part of the videos needs so many groups, and so many with each of its labels: of fewer nothing is found anyway.
const MIN_GROUPS_OF_PART: usize = 5;
const MIN_GROUPS_OF_LABEL: usize = 3;

/// The videos. All slices have one entry for each.
#[derive(Debug, Clone, Copy)]
pub struct AuditData<'a> {
    /// The group's number.
    pub groups: &'a [usize],
    /// The number of the person, as far as known, else the group's. A source may be one group: within it, persons are kept
    /// together.
    pub persons: &'a [usize],
    /// The true label.
    pub truth: &'a [usize],
    /// The label that the model predicts.
    pub predicted: &'a [usize],
    /// The exercise.
    pub exercises: &'a [usize],
    /// Where the video came from.
    pub sources: &'a [usize],
    /// The fold in which its group is held out.
    pub folds: &'a [usize],
    /// The fold in which its person is held out within its source.
    pub folds_of_persons: &'a [usize],
    /// How many labels there are.
    pub n_classes: usize,
}

/// What a probe tells labels by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// By how videos of one exercise differ: that one exercise is longer and more often bad is no shortcut of the length.
    WithinExercises,
    /// By the exercise itself.
    Exercises,
}

/// A probe's features of each video.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeFeatures {
    /// As many numbers of each; one that is not finite counts as the mean.
    pub rows: Vec<Vec<f64>>,
    /// What it compares.
    pub compared: Compared,
}

/// The videos that a probe is fitted to and judged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditScope {
    /// All together.
    All,
    /// All, with a fit of its own in each exercise: what is a shortcut in one may be its opposite in another.
    EachExercise,
    /// All, with a fit of its own in each source.
    EachSource,
    /// Those of one exercise.
    Exercise(usize),
    /// Those of one source.
    Source(usize),
}

/// A part of the videos that has a fit of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) scope: AuditScope,
    pub(super) videos: Vec<usize>,
}

/// The parts by exercise or by source, and how many are too small to be one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) n_too_small: usize,
}

impl AuditData<'_> {
    /// Whether all slices are as long, and there are two labels.
    pub(super) fn is_valid(&self) -> bool {
        let n = self.truth.len();
        let lengths = [
            self.groups.len(),
            self.persons.len(),
            self.predicted.len(),
            self.exercises.len(),
            self.sources.len(),
            self.folds.len(),
            self.folds_of_persons.len(),
        ];
        let labels: BTreeSet<&usize> = self.truth.iter().collect();
        lengths.iter().all(|it| *it == n)
            && labels.len() > 1
            && labels.iter().all(|it| **it < self.n_classes)
    }

    /// What is kept together within a scope.
    pub(super) fn groups_of(&self, scope: AuditScope) -> &[usize] {
        if scope.is_within_sources() {
            self.persons
        } else {
            self.groups
        }
    }

    pub(super) fn folds_of(&self, scope: AuditScope) -> &[usize] {
        if scope.is_within_sources() {
            self.folds_of_persons
        } else {
            self.folds
        }
    }

    pub(super) fn by_exercise(&self) -> Parts {
        self.parts(self.exercises, AuditScope::Exercise)
    }

    pub(super) fn by_source(&self) -> Parts {
        self.parts(self.sources, AuditScope::Source)
    }

    fn parts(&self, keys: &[usize], scope: impl Fn(usize) -> AuditScope) -> Parts {
        let mut videos_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (video, key) in keys.iter().enumerate() {
            videos_of.entry(*key).or_default().push(video);
        }
        // One part is all videos.
        if videos_of.len() < 2 {
            return Parts::default();
        }
        let all = videos_of.len();
        let part = |(key, videos)| Part {
            scope: scope(key),
            videos,
        };
        let parts = videos_of.into_iter().map(part);
        let parts: Vec<Part> = parts.filter(|it| self.is_large(it)).collect();
        Parts {
            n_too_small: all - parts.len(),
            parts,
        }
    }

    fn is_large(&self, part: &Part) -> bool {
        let by_label = self.groups_by_label(part.scope, &part.videos);
        let groups: BTreeSet<usize> = by_label.values().flatten().copied().collect();
        let n_labels = by_label
            .values()
            .filter(|groups| groups.len() >= MIN_GROUPS_OF_LABEL)
            .count();
        groups.len() >= MIN_GROUPS_OF_PART && n_labels > 1
    }

    /// The groups that show each label among these videos.
    pub(super) fn groups_by_label(
        &self,
        scope: AuditScope,
        videos: &[usize],
    ) -> BTreeMap<usize, BTreeSet<usize>> {
        let of_scope = self.groups_of(scope);
        let mut groups: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for video in videos {
            if let (Some(label), Some(group)) = (self.truth.get(*video), of_scope.get(*video)) {
                groups.entry(*label).or_default().insert(*group);
            }
        }
        groups
    }

    /// How many groups these videos come from.
    pub(super) fn n_groups(&self, scope: AuditScope, videos: &[usize]) -> usize {
        let groups = self.groups_of(scope);
        let groups: BTreeSet<&usize> = videos.iter().filter_map(|it| groups.get(*it)).collect();
        groups.len()
    }
}

impl AuditScope {
    fn is_within_sources(self) -> bool {
        matches!(self, Self::EachSource | Self::Source(_))
    }
}
