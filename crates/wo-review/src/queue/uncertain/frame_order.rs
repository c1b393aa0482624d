//! The order of frames: within a video, and among videos.

use std::collections::VecDeque;

/// The frames of a video, given as index and id in time order: the one that speaks most for the prediction first, else the
/// middle one; then each as far as can be from those before.
pub(super) fn best_first(frames: Vec<(u32, u32)>, evidence: Option<u32>) -> Vec<u32> {
    let best = frames.iter().find(|(index, _)| Some(*index) == evidence);
    let best = best.map(|(_, id)| *id);
    let ids: Vec<u32> = frames.into_iter().map(|(_, id)| id).collect();
    let mut order: Vec<u32> = best.into_iter().collect();
    order.extend(
        middle_first(&ids)
            .into_iter()
            .filter(|id| Some(*id) != best),
    );
    order
}

/// The middle one, then those in the middle of both halves, and so on.
fn middle_first(ids: &[u32]) -> Vec<u32> {
    let mut order = Vec::with_capacity(ids.len());
    let mut parts = VecDeque::from([ids]);
    while let Some(part) = parts.pop_front() {
        let (before, rest) = part.split_at(part.len() / 2);
        if let Some((middle, after)) = rest.split_first() {
            order.push(*middle);
            parts.extend([before, after]);
        }
    }
    order
}

/// The frames of several videos: the first of each, then the second of each, and so on. A video of which some frames were
/// decided joins in so many rounds later.
pub(super) fn round_by_round<'a>(
    videos: impl Iterator<Item = (usize, &'a [u32])> + Clone,
) -> Vec<u32> {
    let rounds = videos.clone().map(|(n_decided, ids)| n_decided + ids.len());
    let n_rounds = rounds.max().unwrap_or_default();
    let mut rounds: Vec<Vec<u32>> = vec![Vec::new(); n_rounds];
    for (n_decided, ids) in videos {
        for (round, id) in rounds.iter_mut().skip(n_decided).zip(ids) {
            round.push(*id);
        }
    }
    rounds.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_comes_first_then_what_is_far_from_it() {
        let frames = |n: u32| (0..n).map(|index| (index, 10 + index)).collect();
        assert_eq!(best_first(frames(7), None), [13, 11, 15, 10, 12, 14, 16]);
        assert_eq!(best_first(frames(7), Some(6))[..3], [16, 13, 11]);
        assert_eq!(best_first(frames(3), Some(9)), [11, 10, 12]);
        assert!(best_first(frames(0), Some(0)).is_empty());
    }

    #[test]
    fn no_video_comes_again_before_all_others() {
        let videos = [(0, &[1, 2, 3][..]), (0, &[4]), (2, &[5, 6]), (1, &[])];
        assert_eq!(round_by_round(videos.into_iter()), [1, 4, 2, 3, 5, 6]);
        assert!(round_by_round([].into_iter()).is_empty());
    }
}
