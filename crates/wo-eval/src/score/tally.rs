//! Counts of what was scored and what was not, with the reasons.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use wo_input::Settled;
use wo_record::{AbstainReason, Name};

use crate::judge::prediction::{GroundTruth, Prediction};

/// Counts of videos, but for the frames.
// More than 12 fields: one for each reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Excluded: the model was trained or chosen on them or their group.
    pub(crate) n_excluded_as_seen: u64,
    /// Rejected: new videos of a group that the model was trained or chosen on.
    pub(crate) n_rejected: u64,
    /// Judged and scored, though of a person or source that the model has seen.
    pub(crate) n_seen: u64,
    /// Predictions that count as seen because others of their group do.
    pub(crate) n_of_seen_groups: u64,
    /// Whether duplicates of training videos cannot be detected.
    pub(crate) has_no_hashes: bool,
    /// Scored.
    pub(crate) n_scored: u64,
    /// Judged, but `unclear` since the model has no abstention threshold.
    pub(crate) n_without_threshold: u64,
    /// Judged, without a label.
    pub(crate) n_unlabelled: u64,
    /// Judged, with the label `unclear`.
    pub(crate) n_unclear: u64,
    /// Judged, with an exercise or a label that the model has no class for.
    pub(crate) n_unknown: u64,
    /// Those exercises and labels.
    pub(crate) unknown: BTreeSet<Name>,
    /// Skipped: repeated videos.
    pub(crate) n_repeated: u64,
    /// Not scored: one video under two labels.
    pub(crate) n_contradicted: u64,
    /// Judged but not scored: the labels of their frames are tied. With those labels.
    pub(crate) tied: Vec<String>,
    /// Videos with some frames of another label.
    pub(crate) mixed: Vec<String>,
    /// How many frames these are.
    pub(crate) n_contrary: u64,
    /// Videos whose label or exercise is another one in the model's record of its training run. With both.
    pub(crate) relabelled: Vec<String>,
    /// Without a frame that loads.
    pub(crate) n_failed: u64,
    /// Frames that do not load, of videos with others that do.
    pub(crate) n_bad_frames: u64,
    /// Inputs that failed in the tools before this one.
    pub(crate) n_failed_upstream: u64,
}

impl Tally {
    /// Counts a video that was judged.
    pub(crate) fn count(&mut self, prediction: &Prediction) {
        let lacks_threshold = prediction.reasons.contains(&AbstainReason::NoThreshold);
        self.n_without_threshold += u64::from(lacks_threshold);
        match &prediction.ground_truth {
            GroundTruth::Scored { .. } if prediction.seen => self.n_seen += 1,
            GroundTruth::Scored { .. } => self.n_scored += 1,
            GroundTruth::Unlabelled => self.n_unlabelled += 1,
            GroundTruth::Unclear => self.n_unclear += 1,
            GroundTruth::Unknown(name) => {
                self.n_unknown += 1;
                self.unknown.insert(name.clone());
            }
        }
    }

    /// Adds the counts of another part of the same videos.
    pub(crate) fn add(&mut self, other: Self) {
        self.n_excluded_as_seen += other.n_excluded_as_seen;
        self.n_rejected += other.n_rejected;
        self.n_seen += other.n_seen;
        self.n_of_seen_groups += other.n_of_seen_groups;
        self.has_no_hashes |= other.has_no_hashes;
        self.n_scored += other.n_scored;
        self.n_without_threshold += other.n_without_threshold;
        self.n_unlabelled += other.n_unlabelled;
        self.n_unclear += other.n_unclear;
        self.n_unknown += other.n_unknown;
        self.unknown.extend(other.unknown);
        self.n_repeated += other.n_repeated;
        self.n_contradicted += other.n_contradicted;
        self.tied.extend(other.tied);
        self.mixed.extend(other.mixed);
        self.n_contrary += other.n_contrary;
        self.relabelled.extend(other.relabelled);
        self.n_failed += other.n_failed;
        self.n_bad_frames += other.n_bad_frames;
        self.n_failed_upstream += other.n_failed_upstream;
    }

    /// Removes a counted video that has another label elsewhere.
    pub(crate) fn contradict(&mut self, prediction: &Prediction) {
        self.n_contradicted += 1;
        if prediction.seen {
            self.n_seen = self.n_seen.saturating_sub(1);
        } else if prediction.truth().is_some() {
            self.n_scored = self.n_scored.saturating_sub(1);
        }
    }

    /// Counts tied and mixed frame labels of a video.
    pub(crate) fn settle(&mut self, name: String, settled: &Settled) {
        if !settled.tied.is_empty() {
            let tied: Vec<&str> = settled.tied.iter().map(Name::as_str).collect();
            self.tied.push(format!("{name} ({})", tied.join(" and ")));
        }
        if !settled.contrary.is_empty() {
            self.mixed.push(name);
            self.n_contrary += settled.contrary.len() as u64;
        }
    }

    /// How many videos were judged.
    pub(crate) fn n_judged(&self) -> u64 {
        self.n_seen + self.n_scored + self.n_unlabelled + self.n_unclear + self.n_unknown
    }
}
