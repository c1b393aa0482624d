//! What a run is refused for: each is a way to a figure that is not true.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use wo_cli::count;
use wo_clip::Split;
use wo_record::Group;

use crate::data::{Dataset, Example};

/// Refuses a split that would give figures which are too nice.
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

/// One person with bad form says nothing about persons with bad form.
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
        // With two groups here none would be left to learn from.
        let larger = if n_shown > 2 {
            ", take a larger --validation,"
        } else {
            ""
        };
        ensure!(
            !has_validation || groups.len() > 1,
            "too_few_groups: the validation part has {} of {} with {label}, and needs two\n\
             hint: add videos of more persons or sources{larger} or choose no epoch by it with --validation 0",
            groups.len(),
            count(n_shown, "group"),
        );
    }
    Ok(())
}

/// How far from ln C the first loss may be where nothing is known yet.
const FIRST_LOSS: std::ops::RangeInclusive<f64> = 0.5..=1.5;
/// And where much is known: a model that is sure of what is wrong.
const FIRST_LOSS_OF_KNOWING: f64 = 4.0;

/// Refuses a first loss of videos over `n_classes` classes that no working set-up gives.
pub(crate) fn check_first_loss(
    loss: f64,
    n_classes: usize,
    is_scratch: bool,
) -> anyhow::Result<()> {
    let chance = (n_classes as f64).ln();
    let is_plausible = if is_scratch {
        FIRST_LOSS.contains(&(loss / chance))
    } else {
        loss <= FIRST_LOSS_OF_KNOWING * chance
    };
    ensure!(
        is_plausible,
        "first_loss: it is {loss:.3}, where guessing among {n_classes} classes gives {chance:.3}; captions, labels or the start \
         do not fit together\nhint: look at the descriptions, or start with another --init"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_loss_is_near_guessing_or_below() {
        assert!(check_first_loss(3.0, 20, true).is_ok());
        assert!(check_first_loss(0.02, 20, true).is_err());
        assert!(check_first_loss(0.02, 20, false).is_ok());
        let message = check_first_loss(30.0, 20, false)
            .expect_err("far off")
            .to_string();
        assert!(message.starts_with("first_loss: "), "{message}");
    }
}
