//! Training batches, made on a thread of their own while the model works on the one before.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use wo_clip::{Class, Split};
use wo_input::Preprocessor;

use crate::args::Hyperparameters;
use crate::augment::{Augmentation, may_flip};
use crate::data::{Dataset, Example};
use crate::joints::Joints;

/// Some videos with the same number of frames each.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `n_videos` x `n_frames` x 3 x side x side.
    pub(crate) pixels: Vec<f32>,
    /// The class of each video.
    pub(crate) classes: Vec<i64>,
    /// Frames of each video.
    pub(crate) n_frames: usize,
    /// `n_videos` x `n_frames` x joints x 2, where joints are trained on.
    pub(crate) joints: Vec<f32>,
    /// The captions to classify over, as places in the bank of all of them.
    pub(crate) captions: Vec<usize>,
}

/// Draws batches of the training videos.
pub(crate) struct Sampler<'a> {
    examples: Vec<(&'a Example, usize)>,
    preprocessor: &'a Preprocessor,
    may_flip: bool,
    strength: f64,
    joints: Option<&'a Joints>,
    /// The captions of each class, as places in the bank.
    captions: Vec<Vec<usize>>,
    n_captions: usize,
    batch_size: usize,
    n_frames: usize,
    seed: u64,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(
        dataset: &'a Dataset,
        preprocessor: &'a Preprocessor,
        joints: Option<&'a Joints>,
        hyper: &Hyperparameters,
    ) -> Self {
        let examples: Vec<_> = dataset
            .of(Split::Train)
            .into_iter()
            .filter_map(|example| Some((example, dataset.class_index(&example.class)?)))
            .collect();
        // Each video of a batch gives the same number of frames, so that a tensor is a box.
        let most_frames = examples
            .iter()
            .map(|(example, _)| example.frames.len())
            .max()
            .unwrap_or(1);
        let mut bank = 0..;
        let captions = dataset
            .captions
            .iter()
            .map(|captions| bank.by_ref().take(captions.len()).collect())
            .collect();
        Self {
            examples,
            preprocessor,
            may_flip: may_flip(&dataset.captions),
            strength: hyper.augment,
            joints,
            captions,
            n_captions: hyper.captions.map_or(usize::MAX, |n| n as usize),
            batch_size: hyper.batch_size.max(1),
            n_frames: hyper.frames.clamp(1, most_frames),
            seed: hyper.seed,
        }
    }

    /// Steps an epoch.
    pub(crate) fn n_steps(&self) -> usize {
        self.examples.len().div_ceil(self.batch_size)
    }

    /// Sends the batches of `n_epochs` epochs; stops early when nobody listens any more. Epoch `e` is the same whatever
    /// came before it.
    pub(crate) fn send_all(&self, n_epochs: u32, to: &SyncSender<Batch>) {
        for epoch in 0..n_epochs {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(u64::from(epoch) + 1);
            for chunk in self.balanced_order(&mut rng).chunks(self.batch_size) {
                if to.send(self.batch(chunk, &mut rng)).is_err() {
                    return;
                }
            }
        }
    }

    /// As many videos as there are, the classes in turn: a class with few videos comes as often as one with many. Its
    /// videos are gone through in a random order before one comes again.
    fn balanced_order(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut cells: BTreeMap<Cell<'_>, Vec<usize>> = BTreeMap::new();
        for (i, (example, _)) in self.examples.iter().enumerate() {
            cells.entry(cell(&example.class)).or_default().push(i);
        }
        let mut cells: Vec<Vec<usize>> = cells.into_values().collect();
        for videos in &mut cells {
            videos.shuffle(rng);
        }
        let n = self.examples.len();
        let mut order = Vec::with_capacity(n);
        for round in 0.. {
            let mut turn: Vec<usize> = cells
                .iter()
                .map(|videos| videos[round % videos.len()])
                .collect();
            turn.shuffle(rng);
            order.extend(turn);
            if order.len() >= n {
                break;
            }
        }
        order.truncate(n);
        order
    }

    fn batch(&self, chosen: &[usize], rng: &mut ChaCha8Rng) -> Batch {
        let draws: Vec<_> = chosen
            .iter()
            .map(|&i| {
                let example = self.examples[i].0;
                (
                    example,
                    frame_indices(rng, example.frames.len(), self.n_frames),
                    Augmentation::draw(rng, self.may_flip, self.strength),
                )
            })
            .collect();
        let pixels = draws
            .par_iter()
            .flat_map_iter(|(example, frames, augmentation)| {
                frames
                    .iter()
                    .flat_map(|&f| augmentation.pixels(&example.frames[f], self.preprocessor))
            })
            .collect();
        let places = |joints: &Joints| {
            let of_video = |(example, frames, augmentation): &(&Example, Vec<usize>, _)| {
                frames
                    .iter()
                    .flat_map(|&f| joints.places(&example.poses[f], augmentation))
                    .collect::<Vec<_>>()
            };
            draws.iter().flat_map(of_video).collect()
        };
        Batch {
            pixels,
            joints: self.joints.map(places).unwrap_or_default(),
            captions: self
                .captions
                .iter()
                .flat_map(|of_class| of_class.sample(rng, self.n_captions).copied())
                .collect(),
            classes: chosen.iter().map(|&i| self.examples[i].1 as i64).collect(),
            n_frames: self.n_frames,
        }
    }
}

/// What is balanced: exercises and labels, not single faults, of which a set may have just one video.
type Cell<'a> = (&'a str, &'a str);

fn cell(class: &Class) -> Cell<'_> {
    (class.exercise.as_str(), class.label.as_str())
}

/// `n` of `n_available` frames, one at random out of each of `n` equal parts; some twice where there are fewer.
fn frame_indices(rng: &mut impl Rng, n_available: usize, n: usize) -> Vec<usize> {
    (0..n)
        .map(|part| {
            let position = (part as f64 + rng.random::<f64>()) * n_available as f64 / n as f64;
            (position as usize).min(n_available - 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_over_the_video() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..100 {
            let frames = frame_indices(&mut rng, 10, 5);
            assert!(
                frames.iter().enumerate().all(|(part, &f)| f / 2 == part),
                "{frames:?}"
            );
            assert_eq!(frame_indices(&mut rng, 1, 3), [0, 0, 0]);
        }
    }
}
