//! All frames of a video as small grey thumbnails, in which cuts and repetitions are found.

use crate::quality::measured::sum_of_changes;

/// Width and height of a thumb, whatever the shape of the frame.
pub(crate) const SIDE: u32 = 32;

/// Above this mean change from one frame to the next, in levels, there may be a cut.
const CUT_LEVELS: f32 = 18.0;
/// A cut changes this many times more than the frames around it.
const CUT_CONTRAST: f32 = 4.0;
/// How many frames on either side of a cut it is compared with.
const CUT_NEIGHBOURS: usize = 8;

/// A frame is the one before once more when it changes less than this part of what one near it does, which moves by at
/// least so many levels.
const REPEAT_CONTRAST: f32 = 0.2;
const MOVING_LEVELS: f32 = 0.3;
/// How many frames on either side are near.
const REPEAT_NEIGHBOURS: usize = 2;

/// The frames, and when they are shown.
#[derive(Debug, Default)]
pub(crate) struct Film {
    /// From the first one on, in nanoseconds.
    pub(crate) times_ns: Vec<u64>,
    /// Of [`SIDE`] times [`SIDE`] levels each.
    pub(crate) thumbs: Vec<Vec<u8>>,
}

impl Film {
    /// Adds the frame shown at `time_ns`.
    pub(crate) fn push(&mut self, time_ns: u64, thumb: Vec<u8>) {
        self.times_ns.push(time_ns);
        self.thumbs.push(thumb);
    }

    /// When new shots begin, in nanoseconds: at frames that differ from the one before far more than the frames around
    /// them do from theirs.
    pub(crate) fn cuts_ns(&self) -> Vec<u64> {
        let changes = self.changes();
        let is_cut = |&at: &usize| {
            let around = at.saturating_sub(CUT_NEIGHBOURS)..=at + CUT_NEIGHBOURS;
            let others = around
                .filter(|&other| other != at)
                .filter_map(|other| changes.get(other));
            let (sum, n) = others.fold((0.0, 0), |(sum, n), change| (sum + change, n + 1));
            let usual = sum / (n.max(1) as f32);
            changes[at] > CUT_LEVELS && changes[at] > CUT_CONTRAST * usual
        };
        let cuts = (0..changes.len()).filter(is_cut);
        cuts.map(|at| self.times_ns[at + 1]).collect()
    }

    /// The part of its frames that are the one before once more, though frames near them move: what slowing a video down
    /// leaves.
    pub(crate) fn repeated(&self) -> f64 {
        let changes = self.changes();
        let is_repeated = |&at: &usize| {
            let near = at.saturating_sub(REPEAT_NEIGHBOURS)..=at + REPEAT_NEIGHBOURS;
            let most = near
                .filter_map(|at| changes.get(at))
                .copied()
                .fold(0.0, f32::max);
            most > MOVING_LEVELS && changes[at] < REPEAT_CONTRAST * most
        };
        let n_repeated = (0..changes.len()).filter(is_repeated).count();
        n_repeated as f64 / changes.len().max(1) as f64
    }

    /// The mean absolute change from each frame to the next, in levels.
    fn changes(&self) -> Vec<f32> {
        let pairs = self.thumbs.windows(2);
        pairs.map(|pair| mean_change(&pair[0], &pair[1])).collect()
    }
}

/// Mean absolute change, in levels.
fn mean_change(a: &[u8], b: &[u8]) -> f32 {
    sum_of_changes(a, b) as f32 / (SIDE * SIDE) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright square that wanders over one of two backgrounds.
    fn frame(step: usize, background: u8) -> Vec<u8> {
        let side = SIDE as usize;
        (0..side * side)
            .map(|i| {
                let is_square = (i % side).abs_diff(step % side) < 3 && i / side < 6;
                if is_square {
                    220
                } else {
                    background.wrapping_add((i % 7) as u8 * 9)
                }
            })
            .collect()
    }

    #[test]
    fn a_cut_is_where_all_changes_at_once() {
        let mut film = Film::default();
        for step in 0..60 {
            let background = if (20..45).contains(&step) { 150 } else { 30 };
            film.push(step as u64 * 40, frame(step, background));
        }
        assert_eq!(film.cuts_ns(), [20 * 40, 45 * 40]);
        assert!(film.repeated() < 0.25, "{}", film.repeated());
    }

    #[test]
    fn frames_shown_twice_are_repeated_and_rest_is_not() {
        let mut slow = Film::default();
        let mut resting = Film::default();
        for step in 0..60 {
            slow.push(step as u64, frame(step / 2, 30));
            resting.push(step as u64, frame(step.max(30), 30));
        }
        assert!(slow.repeated() > 0.4, "{}", slow.repeated());
        assert!(resting.repeated() < 0.1, "{}", resting.repeated());
    }

    #[test]
    fn quick_movement_is_no_cut() {
        let mut film = Film::default();
        for step in 0..60 {
            film.push(
                step as u64 * 40,
                frame(step * 7, 30 + (step % 2) as u8 * 60),
            );
        }
        assert_eq!(film.cuts_ns(), [0u64; 0]);
    }
}
