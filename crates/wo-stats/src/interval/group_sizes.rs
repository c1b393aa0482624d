//! What the sizes of groups say: how many equal groups they are worth, and how far classes share groups.

use std::collections::BTreeMap;

use wo_record::Group;

/// How many equal groups say as much as groups of these sizes: (Σn)²/Σn² (Kish 1965). 0 without samples.
pub fn effective_groups(sizes: impl IntoIterator<Item = u64>) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for size in sizes {
        sum += size as f64;
        squares += (size as f64).powi(2);
    }
    if squares > 0.0 {
        sum * sum / squares
    } else {
        0.0
    }
}

/// The [`effective_groups`] of each class, from samples with their group and class.
pub fn effective_groups_by_class<'a, C: Ord>(
    samples: impl IntoIterator<Item = (&'a Group, C)>,
) -> BTreeMap<C, f64> {
    let mut sizes: BTreeMap<C, BTreeMap<&Group, u64>> = BTreeMap::new();
    for (group, class) in samples {
        *sizes.entry(class).or_default().entry(group).or_default() += 1;
    }
    let effective = |sizes: BTreeMap<&Group, u64>| effective_groups(sizes.into_values());
    let sizes = sizes.into_iter();
    sizes
        .map(|(class, sizes)| (class, effective(sizes)))
        .collect()
}

/// How far the ends of several classes move their combination, where a class's errors go with those of another as far as
/// they share groups: √(Σδ² + 2 Σ r o_cd δ_c δ_d), with the overlap o_cd of the sizes of the groups.
pub(super) fn combined(deviations: &[f64], sizes: &[Vec<f64>], correlation: f64) -> f64 {
    let dot =
        |one: &[f64], other: &[f64]| -> f64 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    let mut sum = 0.0;
    for (c, (deviation, of_class)) in deviations.iter().zip(sizes).enumerate() {
        sum += deviation * deviation;
        for (other, of_other) in deviations.iter().zip(sizes).skip(c + 1) {
            let norm = (dot(of_class, of_class) * dot(of_other, of_other)).sqrt();
            let overlap = if norm > 0.0 {
                dot(of_class, of_other) / norm
            } else {
                0.0
            };
            sum += 2.0 * correlation * overlap * deviation * other;
        }
    }
    sum.max(0.0).sqrt()
}
