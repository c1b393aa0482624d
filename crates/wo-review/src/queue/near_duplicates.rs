//! Groups of pictures that look alike, by their perceptual hashes.

use std::collections::HashMap;

/// Up to how many of 64 bits may differ.
const MAX_BITS: u32 = 3;
/// Two hashes that differ in at most three bits agree in one of four quarters.
const N_QUARTERS: u32 = MAX_BITS + 1;
/// Of a quarter that more pictures share than this, each is compared with so many after it: black pictures must not take
/// hours.
const MAX_COMPARED: usize = 200;

/// The frames that have a double, the largest group first, each group together.
pub(crate) fn near_duplicates(hashes: &[(u32, u64)]) -> Vec<u32> {
    let mut groups = Groups::of(hashes.len());
    for quarter in 0..N_QUARTERS {
        let mut buckets: HashMap<u16, Vec<usize>> = HashMap::new();
        for (i, (_, hash)) in hashes.iter().enumerate() {
            buckets
                .entry((hash >> (16 * quarter)) as u16)
                .or_default()
                .push(i);
        }
        for bucket in buckets.values() {
            for (n, &a) in bucket.iter().enumerate() {
                for &b in bucket.iter().skip(n + 1).take(MAX_COMPARED) {
                    if is_near(hashes, a, b) {
                        groups.join(a, b);
                    }
                }
            }
        }
    }
    let mut members: HashMap<usize, Vec<u32>> = HashMap::new();
    for (i, (id, _)) in hashes.iter().enumerate() {
        members.entry(groups.root(i)).or_default().push(*id);
    }
    let mut members: Vec<Vec<u32>> = members
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    members.sort_by_key(|group| (std::cmp::Reverse(group.len()), group.first().copied()));
    members.concat()
}

fn is_near(hashes: &[(u32, u64)], a: usize, b: usize) -> bool {
    let of = |i: usize| hashes.get(i).map_or(0, |(_, hash)| *hash);
    (of(a) ^ of(b)).count_ones() <= MAX_BITS
}

/// Which things belong together: union and find.
struct Groups(Vec<usize>);

impl Groups {
    fn of(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while let Some(&above) = self.0.get(i) {
            if above == i {
                break;
            }
            let top = self.0.get(above).copied().unwrap_or(above);
            if let Some(place) = self.0.get_mut(i) {
                *place = top;
            }
            i = top;
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(place) = self.0.get_mut(a.max(b)) {
            *place = a.min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_stands_together() {
        let hashes = [
            (0, 0xff),
            (1, 0xffff_0000),
            (2, 0xfe),
            (3, 1 << 63),
            (4, 0xffff_0001),
            (5, 0xf8),
        ];
        assert_eq!(near_duplicates(&hashes), [0, 2, 5, 1, 4]);
    }
}
