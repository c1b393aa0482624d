//! Labels that few groups show go where they are needed.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::Name;

/// Groups of each label that training, validation and test need. Two to learn from and two to choose on, since one person
/// tells nothing of others; one to measure on.
const NEEDED: [usize; 3] = [2, 2, 1];

/// Where the groups of each label are needed.
pub(crate) struct RareLabels<'a> {
    /// Groups that are not assigned yet.
    left: BTreeMap<&'a Name, usize>,
    /// How many each part lacks; the first part comes first where there are too few for all.
    lacking: BTreeMap<&'a Name, Vec<usize>>,
}

impl<'a> RareLabels<'a> {
    /// For the labels of each group, and parts of these `fractions`. No part needs more than `min_groups` of a label.
    pub(crate) fn new(
        labels_of_groups: impl Iterator<Item = BTreeSet<&'a Name>>,
        fractions: &[f64],
        min_groups: usize,
    ) -> Self {
        let mut left: BTreeMap<&Name, usize> = BTreeMap::new();
        for label in labels_of_groups.flatten() {
            *left.entry(label).or_default() += 1;
        }
        let needed = fractions.iter().zip(NEEDED).map(|(fraction, needed)| {
            let is_there = *fraction > 0.0;
            if is_there { needed.min(min_groups) } else { 0 }
        });
        let needed: Vec<usize> = needed.collect();
        let lacking = left.keys().map(|label| (*label, needed.clone())).collect();
        Self { left, lacking }
    }

    /// Those of `parts` that a group with these labels must go to, for the sake of the rarest: all of them, unless the
    /// groups that are left of a label are just enough.
    pub(crate) fn parts_in_need(
        &self,
        labels: &BTreeSet<&'a Name>,
        parts: Vec<usize>,
    ) -> Vec<usize> {
        let mut labels: Vec<&Name> = labels.iter().copied().collect();
        labels.sort_by_key(|label| self.left.get(label));
        for label in labels {
            let (Some(left), Some(lacking)) = (self.left.get(label), self.lacking.get(label))
            else {
                continue;
            };
            let n_lacking: usize = lacking.iter().sum();
            let mut in_need = parts.clone();
            in_need.retain(|part| lacking.get(*part).is_some_and(|n| *n > 0));
            if n_lacking > *left {
                in_need.truncate(1);
            }
            if n_lacking >= *left && !in_need.is_empty() {
                return in_need;
            }
        }
        parts
    }

    /// Notes that a group with these labels is in `part`.
    pub(crate) fn assign(&mut self, labels: &BTreeSet<&'a Name>, part: usize) {
        for label in labels {
            if let Some(left) = self.left.get_mut(label) {
                *left -= 1;
            }
            let lacking = self.lacking.get_mut(label);
            if let Some(n) = lacking.and_then(|it| it.get_mut(part)) {
                *n = n.saturating_sub(1);
            }
        }
    }
}
