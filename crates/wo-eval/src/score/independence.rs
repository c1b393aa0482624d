//! How far the scored videos are known to be independent of the training, and of each other.

use wo_clip::SplitVideo;
use wo_record::{Group, Independence};
use wo_stats::numbered;

use crate::judge::prediction::Prediction;
use crate::judge::provenance::Provenance;

/// What is known of the scored ones among held-out videos. `trained_on` are the videos of the model's training run.
pub(crate) fn independence(held_out: &[&Prediction], trained_on: &[SplitVideo]) -> Independence {
    let scored: Vec<&Prediction> = held_out
        .iter()
        .copied()
        .filter(|it| it.truth().is_some())
        .collect();
    let n_scored = |is_so: &dyn Fn(&Provenance) -> bool| {
        scored.iter().filter(|it| is_so(&it.provenance)).count() as u64
    };
    let seen: Vec<&SplitVideo> = trained_on.iter().filter(|it| it.is_seen()).collect();
    let n_seen =
        |is_so: &dyn Fn(&SplitVideo) -> bool| seen.iter().filter(|it| is_so(it)).count() as u64;
    let n_ungrouped = n_scored(&|it| !it.has_person() && !it.has_source());
    Independence {
        scope: "all".to_owned(),
        n: scored.len() as u64,
        n_groups: numbered(scored.iter().map(|it| &it.group)).1 as u64,
        n_without_person: n_scored(&|it| !it.has_person()),
        n_without_source: n_scored(&|it| !it.has_source()),
        n_ungrouped,
        is_lower_bound: n_ungrouped > 0,
        n_seen_unknown: n_scored(&|it| !it.is_seen_known),
        n_of_seen_sources: n_scored(&|it| it.seen_keys.iter().any(Group::is_source)),
        n_of_seen_persons: n_scored(&|it| it.seen_keys.iter().any(Group::is_person)),
        n_training: seen.len() as u64,
        n_training_without_person: n_seen(&|it| !it.has_person()),
        n_training_without_source: n_seen(&|it| !it.has_source()),
        n_training_ungrouped: n_seen(&|it| !it.has_person() && !it.has_source()),
    }
}
