//! Random streams: one for each seed, purpose and index, so that a draw never depends on who drew before.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for. The label of a video is in none of them but `Order` and `Fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Order = 1,
    Person,
    Scene,
    Camera,
    Video,
    Technique,
    Fault,
    Still,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this seed, purpose and index.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number of the range, each as likely.
    pub(crate) fn within(&mut self, range: Range<f32>) -> f32 {
        range.start + (range.end - range.start) * self.0.random::<f32>()
    }

    /// A whole number below `n`, which is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.0.random::<f32>() < probability
    }

    /// One of the things.
    pub(crate) fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// Puts the things in random order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// Smooth noise about 0 with a size of about 1: three slow waves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wobble {
    waves: [(f32, f32, f32); 3],
}

impl Wobble {
    pub(crate) fn new(stream: &mut Stream) -> Self {
        // Hertz of a hand that tries to be still; the tremor is too small to see.
        let mut wave = |from: f32, to: f32, size: f32| {
            (
                size,
                stream.within(from..to) * std::f32::consts::TAU,
                stream.within(0.0..std::f32::consts::TAU),
            )
        };
        Self {
            waves: [
                wave(0.1, 0.3, 0.6),
                wave(0.4, 0.9, 0.3),
                wave(1.2, 2.5, 0.12),
            ],
        }
    }

    /// The noise at a moment.
    pub fn at(&self, t_s: f32) -> f32 {
        self.waves
            .iter()
            .map(|(size, rate, start)| size * (rate * t_s + start).sin())
            .sum()
    }
}
