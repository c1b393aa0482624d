//! Groups as numbers, which is how resamples, folds and thresholds take them.

use std::collections::BTreeMap;

/// The number of each sample's group, counted from 0 as groups first appear, and how many groups there are.
pub fn numbered<G: Ord>(groups: impl IntoIterator<Item = G>) -> (Vec<usize>, usize) {
    let mut numbers: BTreeMap<G, usize> = BTreeMap::new();
    let of_units = groups
        .into_iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        })
        .collect();
    (of_units, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_count_as_they_appear() {
        assert_eq!(numbered(["b", "a", "b", "c"]), (vec![0, 1, 0, 2], 3));
        assert_eq!(numbered::<&str>([]), (vec![], 0));
    }
}
