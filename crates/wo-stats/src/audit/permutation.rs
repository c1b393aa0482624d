//! Labels that say nothing of the videos, and resemble each other within groups as much as the true ones do.

use std::collections::BTreeMap;

use rand::Rng;

use super::data::AuditData;
use crate::bootstrap::shuffle;

/// How labels may change places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// Among groups, within an exercise.
    WithinExercises,
    /// Among persons, within an exercise and a source.
    WithinSources,
    /// Among groups.
    Anywhere,
}

/// Gives each group the labels of another one, so that labels of one group stay together.
///
/// Groups differ in size: one gets as many as it has videos, in the other's proportions. Labels that run on from group to
/// group would be spread over two, so that features that are the same in a whole group stand out of them too easily.
/// Labels stay within their exercise unless it is exercises that are compared; where two persons do the same exercises, one
/// gets all labels of the other.
pub(super) fn permuted(random: &mut impl Rng, data: &AuditData<'_>, moves: Moves) -> Vec<usize> {
    let groups = match moves {
        Moves::WithinSources => data.persons,
        Moves::WithinExercises | Moves::Anywhere => data.groups,
    };
    let mut cells: BTreeMap<(usize, usize), BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    let contexts = data.exercises.iter().zip(data.sources);
    for (video, (group, (exercise, source))) in groups.iter().zip(contexts).enumerate() {
        let context = match moves {
            Moves::WithinExercises => (*exercise, 0),
            Moves::WithinSources => (*exercise, *source),
            Moves::Anywhere => (0, 0),
        };
        let of_group = cells.entry(context).or_default().entry(*group).or_default();
        of_group.push(video);
    }
    let n_groups = groups.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<usize> = (0..n_groups).collect();
    shuffle(random, &mut order);
    let mut labels = data.truth.to_vec();
    for by_group in cells.values() {
        let others = order.iter().filter_map(|group| by_group.get(group));
        for (videos, others) in by_group.values().zip(others) {
            let mut from: Vec<usize> = others
                .iter()
                .filter_map(|video| data.truth.get(*video).copied())
                .collect();
            shuffle(random, &mut from);
            for (video, label) in videos.iter().zip(from.iter().cycle()) {
                if let Some(place) = labels.get_mut(*video) {
                    *place = *label;
                }
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn data<'a>(groups: &'a [usize], truth: &'a [usize], exercises: &'a [usize]) -> AuditData<'a> {
        AuditData {
            groups,
            persons: groups,
            truth,
            predicted: truth,
            exercises,
            sources: exercises,
            folds: groups,
            folds_of_persons: groups,
            n_classes: 2,
        }
    }

    #[test]
    fn labels_of_a_group_move_together_whatever_its_size() {
        // Groups of one to four videos, all of one label.
        let groups: Vec<usize> = (0..40)
            .flat_map(|group| std::iter::repeat_n(group, group % 4 + 1))
            .collect();
        let truth: Vec<usize> = groups.iter().map(|group| group % 2).collect();
        let none = vec![0; groups.len()];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let data = data(&groups, &truth, &none);
        let labels = permuted(&mut random, &data, Moves::WithinExercises);
        assert_ne!(labels, truth);
        let same = |pair: &[usize]| {
            groups[pair[0]] != groups[pair[1]] || labels[pair[0]] == labels[pair[1]]
        };
        let places: Vec<usize> = (0..groups.len()).collect();
        assert!(places.windows(2).all(same));
    }

    #[test]
    fn an_exercise_keeps_its_labels_unless_exercises_are_compared() {
        // Each person squats, which is bad, and planks, which is good.
        let groups: Vec<usize> = (0..40).map(|video| video / 2).collect();
        let exercises: Vec<usize> = (0..40).map(|video| video % 2).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let data = data(&groups, &exercises, &exercises);
        let within = permuted(&mut random, &data, Moves::WithinExercises);
        assert_eq!(within, exercises);
        let across = permuted(&mut random, &data, Moves::Anywhere);
        let n_same = across
            .iter()
            .zip(&exercises)
            .filter(|(a, b)| a == b)
            .count();
        assert!((8..32).contains(&n_same), "{n_same}");
        assert_eq!(across.iter().sum::<usize>(), 20);
    }
}
