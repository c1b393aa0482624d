//! What a run is refused for: each is a way to a figure that is not true.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use wo_clip::Split;
use wo_picture::{Hashes, SAME_PART};
use wo_record::Group;

use crate::data::{Dataset, Example};

/// The mean absolute change, in levels, between squares that are the same picture once more: what coding it again does.
const SAME_LEVELS: f64 = 2.0;

/// Refuses a split that would give figures which are too nice.
pub(crate) fn check_split(dataset: &Dataset) -> anyhow::Result<()> {
    groups_are_on_one_side(&dataset.examples)?;
    validation_has_groups(&dataset.examples)?;
    no_frame_is_on_two_sides(dataset)
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
    for example in examples {
        let groups = labels.entry(example.video.label.as_str()).or_default();
        if example.video.split == Split::Validation {
            has_validation = true;
            groups.insert(&example.video.group);
        }
    }
    for (label, groups) in labels {
        ensure!(
            !has_validation || groups.len() > 1,
            "too_few_groups: the validation part has {} of {} groups with {label}, and needs two\n\
             hint: add videos of more persons or sources, take a larger --validation, or choose no epoch by it with --validation 0",
            groups.len(),
            examples
                .iter()
                .filter(|e| e.video.label.as_str() == label)
                .map(|e| &e.video.group)
                .collect::<BTreeSet<_>>()
                .len(),
        );
    }
    Ok(())
}

/// A video that was uploaded twice, or cut out of another, has another id and perhaps no group.
fn no_frame_is_on_two_sides(dataset: &Dataset) -> anyhow::Result<()> {
    let of_examples = dataset.examples.iter().enumerate();
    let hashes = Hashes::new(of_examples.flat_map(|(number, example)| {
        let of_frames = example.hashes.iter().enumerate();
        of_frames.map(move |(frame, &hash)| ((number, frame), hash))
    }));
    for (number, example) in dataset.examples.iter().enumerate() {
        // For each other video, which frames of this one look like some of its.
        let mut alike: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
        for (frame, &hash) in example.hashes.iter().enumerate() {
            for (other, other_frame) in hashes.alike(hash) {
                if other > number && dataset.examples[other].video.split != example.video.split {
                    alike.entry(other).or_default().insert(frame, other_frame);
                }
            }
        }
        for (other, frames) in alike {
            let other = &dataset.examples[other];
            let least = SAME_PART * example.hashes.len().min(other.hashes.len()) as f64;
            if (frames.len() as f64) < least {
                continue;
            }
            let mut n_same = 0;
            for (frame, other_frame) in frames {
                n_same += usize::from(is_same(dataset, (example, frame), (other, other_frame))?);
            }
            if n_same as f64 >= least {
                bail!(
                    "near_identical_frames: {n_same} frames of {} ({:?}) look like frames of {} ({:?})\n\
                     hint: keep one of the two, or give both the same source_id in groups.csv",
                    example.name,
                    example.video.split,
                    other.name,
                    other.video.split
                );
            }
        }
    }
    Ok(())
}

/// Whether two frames are one picture: a hash alone does not see a small lifter in a large room.
fn is_same(dataset: &Dataset, a: (&Example, usize), b: (&Example, usize)) -> anyhow::Result<bool> {
    let square = |(example, frame): (&Example, usize)| {
        // Without a frame that did not load, hashes and pictures are beside each other.
        example
            .frames
            .get(frame)
            .map(|&id| dataset.pictures.get(id))
            .transpose()
    };
    let (Some(a), Some(b)) = (square(a)?, square(b)?) else {
        return Ok(false);
    };
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    Ok(sum as f64 / a.as_raw().len() as f64 <= SAME_LEVELS)
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
