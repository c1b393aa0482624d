//! Rejects splits that would give wrong metrics.

use std::collections::{BTreeMap, BTreeSet};

use wo_cli::{Exit, count, ensure};
use wo_clip::Split;
use wo_record::Group;

use crate::data::dataset::{Dataset, Example};

/// Rejects leaky splits, and validation splits with too few groups, with a reason.
pub(crate) fn check_split(dataset: &Dataset) -> anyhow::Result<()> {
    groups_are_on_one_side(&dataset.examples)?;
    validation_has_groups(&dataset.examples)
}

fn groups_are_on_one_side(examples: &[Example]) -> anyhow::Result<()> {
    let mut seen: BTreeMap<&Group, &Example> = BTreeMap::new();
    for example in examples {
        let first = seen.entry(&example.video.group).or_insert(example);
        ensure!(
            first.video.split == example.video.split,
            Exit::Integrity,
            "group_in_two_splits: {} is in {:?} with {} and in {:?} with {}",
            example.video.group,
            first.video.split,
            first.name,
            example.video.split,
            example.name
        );
    }
    Ok(())
}

/// One person with bad form tells nothing about other persons with bad form.
fn validation_has_groups(examples: &[Example]) -> anyhow::Result<()> {
    let mut labels: BTreeMap<&str, BTreeSet<&Group>> = BTreeMap::new();
    let mut has_validation = false;
    for example in examples.iter().filter(|it| !it.is_part) {
        let groups = labels.entry(example.video.label.as_str()).or_default();
        if example.video.split == Split::Validation {
            has_validation = true;
            groups.insert(&example.video.group);
        }
    }
    for (label, groups) in labels {
        let shown = examples
            .iter()
            .filter(|it| !it.is_part && it.video.label.as_str() == label);
        let n_shown = shown
            .map(|it| &it.video.group)
            .collect::<BTreeSet<_>>()
            .len();
        // Of fewer groups too few would be left to train on.
        let larger = if n_shown > 3 {
            ", take a larger --validation,"
        } else {
            ""
        };
        ensure!(
            !has_validation || groups.len() > 1,
            Exit::Integrity,
            "too_few_groups: the validation split has {} of {} with {label}, and needs two",
            groups.len(),
            count(n_shown, "group");
            "add videos of more persons or sources{larger} or turn validation off with --validation 0"
        );
    }
    Ok(())
}
