//! The cells of one video at the places of another's.

use super::cells::{MARGIN, N_CELLS, SIDE};
use super::placing::Placing;

/// Where each cell lies in another video, for those that it shows.
pub(super) struct Samples {
    pub(super) of_cells: Vec<Option<(usize, f32, f32)>>,
}

impl Samples {
    pub(super) fn new(placing: &Placing, is_live: &[bool; N_CELLS]) -> Self {
        let side = SIDE as f32;
        let sample = |place: usize| {
            let at = |n: usize| (n as f32 + 0.5) / side;
            let (x, y) = placing.apply((at(place % SIDE), at(place / SIDE)));
            let (x, y) = (x * side - 0.5, y * side - 0.5);
            let (first, last) = (MARGIN as f32, side - 1.0 - MARGIN as f32);
            if !(first..last).contains(&x) || !(first..last).contains(&y) {
                return None;
            }
            let from = y as usize * SIDE + x as usize;
            let is_shown = corners_of(is_live, from).iter().all(|it| *it);
            is_shown.then_some((from, x.fract(), y.fract()))
        };
        Self {
            of_cells: (0..N_CELLS).map(sample).collect(),
        }
    }

    /// The levels of the other's cells here, each changed by `light`; 0 where it shows nothing.
    pub(super) fn taken(&self, cells: &[u8; N_CELLS], light: impl Fn(f32) -> f32) -> [u8; N_CELLS] {
        let mut taken = [0; N_CELLS];
        for (level, sample) in taken.iter_mut().zip(&self.of_cells) {
            if let Some((from, right, down)) = *sample {
                let [a, b, c, d] = corners_of(cells, from).map(f32::from);
                let (above, below) = (a + right * (b - a), c + right * (d - c));
                *level = light(above + down * (below - above)).round() as u8;
            }
        }
        taken
    }
}

/// A cell, that to its right, and those below the two.
fn corners_of<T: Copy>(cells: &[T; N_CELLS], from: usize) -> [T; 4] {
    let at = |place: usize| cells[place.min(N_CELLS - 1)];
    [at(from), at(from + 1), at(from + SIDE), at(from + SIDE + 1)]
}
