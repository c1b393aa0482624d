//! What other light and another exposure change.

use super::cells::N_CELLS;

/// Levels outside of these may be cut off, as by more light.
const LEVELS: (f32, f32) = (4.0, 246.0);
/// A gain so near to 1 is that of coding.
const SAME_GAIN: f32 = 0.1;

/// How one video's levels become those of another: other light, another exposure.
pub(super) struct Light {
    pub(super) gain: f32,
    pub(super) plus: f32,
}

impl Light {
    /// Fits the room of one to that of the other, without the cells where a person is; `None` where they do not agree.
    pub(super) fn between(
        here: &[u8; N_CELLS],
        there: &[u8; N_CELLS],
        is_shared: &[bool; N_CELLS],
    ) -> Option<Self> {
        const N_ROUNDS: usize = 3;
        let is_whole = |level: f32| (LEVELS.0..LEVELS.1).contains(&level);
        let pairs: Vec<(f32, f32)> = (0..N_CELLS)
            .filter(|it| is_shared[*it])
            .map(|it| (f32::from(there[it]), f32::from(here[it])))
            .filter(|it| is_whole(it.0) && is_whole(it.1))
            .collect();
        let mut kept = pairs.clone();
        let mut light = Self {
            gain: 1.0,
            plus: 0.0,
        };
        for _ in 0..N_ROUNDS {
            light = Self::fitted(&kept)?;
            let mut errors: Vec<f32> = pairs.iter().map(|it| light.error(*it)).collect();
            errors.sort_by(f32::total_cmp);
            let usual = errors.get(errors.len() / 2).copied().unwrap_or(0.0);
            let most = (2.5 * usual).max(2.0);
            kept = pairs
                .iter()
                .copied()
                .filter(|it| light.error(*it) <= most)
                .collect();
        }
        (light.gain > 0.2).then_some(light)
    }

    fn fitted(pairs: &[(f32, f32)]) -> Option<Self> {
        let n = pairs.len() as f32;
        let mean = |of: fn(&(f32, f32)) -> f32| pairs.iter().map(of).sum::<f32>() / n;
        let (x, y) = (mean(|it| it.0), mean(|it| it.1));
        let spread: f32 = pairs.iter().map(|it| (it.0 - x).powi(2)).sum();
        let joint: f32 = pairs.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
        let gain = joint / spread;
        gain.is_finite().then_some(Self {
            gain,
            plus: y - gain * x,
        })
    }

    fn error(&self, (there, here): (f32, f32)) -> f32 {
        (self.gain * there + self.plus - here).abs()
    }

    /// Whether the exposure is the same.
    pub(super) fn is_same(&self) -> bool {
        (self.gain - 1.0).abs() < SAME_GAIN
    }

    /// The levels that both can show.
    pub(super) fn shared_levels(&self) -> (u8, u8) {
        let (low, high) = LEVELS;
        let low = (self.gain * low + self.plus).max(low);
        let high = (self.gain * high + self.plus).min(high);
        (low as u8, high.max(low) as u8)
    }
}
