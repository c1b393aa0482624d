//! Samples training batches, on a thread of its own while the model works on the previous one.
//!
//! A step depends only on the seed and its number, so that a resumed run sees the same steps as an undisturbed one.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use wo_clip::tch::{Device, Tensor};
use wo_clip::{Frames, Slices, Split, pinned, planes};
use wo_input::Preprocessor;
use wo_record::Group;

use crate::data::augment::{Augmentation, Mirroring};
use crate::data::dataset::{Dataset, Example};
use crate::data::joints::{COORDINATES, Joints};
use crate::data::mirror::mirrored;
use crate::hyperparameters::Hyperparameters;

/// A micro-batch: videos of a step that share one forward pass, with the same number of frames each.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `n_videos` x `n_frames`, where the device can fetch them by itself.
    pub(crate) frames: Frames,
    /// The class of each video.
    pub(crate) classes: Vec<i64>,
    /// Frames per video.
    pub(crate) n_frames: usize,
    /// `[n_videos x n_frames, joints, 2]`, if there is a pose loss; there as well.
    pub(crate) joints: Option<Tensor>,
}

/// The input of one optimizer step.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its videos, in micro-batches; of several processes each has a part of them.
    pub(crate) batches: Vec<Batch>,
    /// Videos of the step, also of those whose micro-batches other processes have.
    pub(crate) n_videos: usize,
    /// Frames of each of them.
    pub(crate) frames_a_video: usize,
    /// The place of the first video of the micro-batches among those of the step.
    pub(crate) first_video: usize,
    /// For random draws while it is computed.
    pub(crate) seed: u64,
    /// The captions to classify over, as indices in the bank.
    pub(crate) captions: Vec<usize>,
    /// For each video of the micro-batches, one caption of its class, as an index in `captions`.
    pub(crate) caption_of_video: Vec<usize>,
}

/// Samples the steps of a run.
// More than 12 fields: all that a step depends on.
pub(crate) struct Sampler<'a> {
    dataset: &'a Dataset,
    examples: Vec<(&'a Example, usize)>,
    preprocessor: &'a Preprocessor,
    /// The class of each class's mirrored videos.
    mirrored: Vec<Option<usize>>,
    strength: f64,
    joints: Option<&'a Joints>,
    /// The captions of each class, as indices in the bank.
    captions: Vec<Vec<usize>>,
    n_captions: usize,
    batch_size: usize,
    micro_batch: usize,
    n_frames: usize,
    seed: u64,
    /// Where the model computes.
    device: Device,
    /// The part of each step that is made.
    slices: Slices,
}

/// The order of an epoch, kept for its steps.
#[derive(Debug, Default)]
struct EpochOrder(Option<(usize, Vec<usize>)>);

impl EpochOrder {
    fn of(&mut self, epoch: usize, make: impl FnOnce() -> Vec<usize>) -> &[usize] {
        let known = self.0.take().filter(|(of, _)| *of == epoch);
        &self.0.insert(known.unwrap_or_else(|| (epoch, make()))).1
    }
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(
        dataset: &'a Dataset,
        preprocessor: &'a Preprocessor,
        joints: Option<&'a Joints>,
        hyper: &Hyperparameters,
        device: Device,
    ) -> Self {
        let examples: Vec<_> = dataset
            .of(Split::Train)
            .into_iter()
            .filter_map(|example| Some((example, dataset.class_index(&example.class)?)))
            .collect();
        // All videos of a batch give the same number of frames, so that they fit one tensor.
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
            dataset,
            examples,
            preprocessor,
            mirrored: mirrored(&dataset.classes, &dataset.captions),
            strength: hyper.augment,
            joints,
            captions,
            n_captions: hyper.captions.map_or(usize::MAX, |n| n as usize),
            batch_size: hyper.batch_size.max(1),
            micro_batch: hyper.micro_batch.max(1),
            n_frames: hyper.frames.clamp(1, most_frames),
            seed: hyper.seed,
            device,
            slices: Slices::WHOLE,
        }
    }

    /// The same, of which each step is only this part. All is drawn as if it were whole.
    pub(crate) fn sliced(self, slices: Slices) -> Self {
        Self { slices, ..self }
    }

    /// Joints per frame, if there is a pose loss.
    pub(crate) fn n_joints(&self) -> Option<usize> {
        self.joints.map(Joints::len)
    }

    /// Steps per epoch.
    pub(crate) fn n_steps(&self) -> usize {
        self.examples.len().div_ceil(self.batch_size)
    }

    /// Sends the steps `from`..`to` of a run. Stops early when the receiver is gone, and after a frame that cannot be
    /// read.
    pub(crate) fn send(&self, from: usize, to: usize, receiver: &SyncSender<anyhow::Result<Step>>) {
        let mut order = EpochOrder::default();
        for number in from..to {
            let step = self.step_in(&mut order, number);
            let is_last = step.is_err();
            if receiver.send(step).is_err() || is_last {
                return;
            }
        }
    }

    /// Step `number` of a run, from 0.
    pub(crate) fn step(&self, number: usize) -> anyhow::Result<Step> {
        self.step_in(&mut EpochOrder::default(), number)
    }

    fn step_in(&self, order: &mut EpochOrder, number: usize) -> anyhow::Result<Step> {
        let (epoch, place) = (number / self.n_steps(), number % self.n_steps());
        let order = order.of(epoch, || {
            self.balanced_order(&mut self.random(2 * epoch as u64))
        });
        let first = place * self.batch_size;
        let chosen = &order[first..order.len().min(first + self.batch_size)];
        let mut random = self.random(2 * number as u64 + 1);
        let draws: Vec<Draw<'_>> = chosen
            .iter()
            .map(|&i| {
                let (example, class) = self.examples[i];
                let frames = frame_indices(&mut random, example.frames.len(), self.n_frames);
                let mirroring = match self.mirrored[class] {
                    Some(_) => Mirroring::Allowed,
                    None => Mirroring::Forbidden,
                };
                let augmentation = Augmentation::sample(&mut random, mirroring, self.strength);
                let mirrored = self.mirrored[class].filter(|_| augmentation.is_flipped());
                Draw {
                    example,
                    class: mirrored.unwrap_or(class),
                    frames,
                    augmentation,
                }
            })
            .collect();
        let captions = self.draw_captions(&mut random);
        let firsts: Vec<usize> = captions
            .iter()
            .scan(0, |sum, of_class| {
                let first = *sum;
                *sum += of_class.len();
                Some(first)
            })
            .collect();
        let caption_of_video: Vec<usize> = draws
            .iter()
            .map(|draw| firsts[draw.class] + random.random_range(0..captions[draw.class].len()))
            .collect();
        // What is of other processes is not decoded here.
        let own = self.slices.of(draws.len());
        Ok(Step {
            n_videos: draws.len(),
            frames_a_video: self.n_frames,
            first_video: own.start,
            seed: self.seed.wrapping_add(number as u64),
            batches: draws[own.clone()]
                .chunks(self.micro_batch)
                .map(|draws| self.batch(draws))
                .collect::<anyhow::Result<_>>()?,
            captions: captions.concat(),
            caption_of_video: caption_of_video[own].to_vec(),
        })
    }

    /// Captions of each class.
    fn draw_captions(&self, random: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
        let of_class =
            |of_class: &Vec<usize>| of_class.sample(random, self.n_captions).copied().collect();
        self.captions.iter().map(of_class).collect()
    }

    /// The order of an epoch. Exercises and labels take turns, so that rare ones come as often as frequent ones. Within
    /// each, groups take turns in random order, and a video repeats only after all others.
    fn balanced_order(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut cells: BTreeMap<Cell<'_>, BTreeMap<&Group, Vec<usize>>> = BTreeMap::new();
        for (i, (example, _)) in self.examples.iter().enumerate() {
            let groups = cells.entry(cell(example)).or_default();
            groups.entry(&example.video.group).or_default().push(i);
        }
        let cells: Vec<Vec<usize>> = cells
            .into_values()
            .map(|groups| in_turns(groups.into_values().collect(), rng))
            .collect();
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

    fn batch(&self, draws: &[Draw<'_>]) -> anyhow::Result<Batch> {
        let frames: Vec<(&Draw<'_>, usize)> = draws
            .iter()
            .flat_map(|draw| draw.frames.iter().map(move |&frame| (draw, frame)))
            .collect();
        let squares: Vec<Vec<u8>> = frames
            .into_par_iter()
            .map(|(draw, frame)| {
                let square = self.dataset.frame_cache.get(draw.example.frames[frame])?;
                Ok(planes(
                    &draw.augmentation.augmented(&square, self.preprocessor),
                ))
            })
            .collect::<anyhow::Result<_>>()?;
        let points = |joints: &Joints| {
            let of_draw = |draw: &Draw<'_>| {
                draw.frames
                    .iter()
                    .flat_map(|&f| joints.points(&draw.example.poses[f], &draw.augmentation))
                    .collect::<Vec<_>>()
            };
            let points: Vec<f32> = draws.iter().flat_map(of_draw).collect();
            let shape = [-1, joints.len() as i64, COORDINATES as i64];
            pinned(&Tensor::from_slice(&points).view(shape), self.device)
        };
        Ok(Batch {
            frames: Frames::of_planes(&squares.concat(), self.preprocessor.side, self.device),
            joints: self.joints.map(points),
            classes: draws.iter().map(|draw| draw.class as i64).collect(),
            n_frames: self.n_frames,
        })
    }

    fn random(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream + 1);
        rng
    }
}

/// One video of a step.
struct Draw<'a> {
    example: &'a Example,
    /// Its class after the augmentation.
    class: usize,
    frames: Vec<usize>,
    augmentation: Augmentation,
}

/// What is balanced: exercises and labels. Not faults, which may have a single video.
type Cell<'a> = (&'a str, &'a str);

fn cell(example: &Example) -> Cell<'_> {
    (
        example.class.exercise.as_str(),
        example.class.label.as_str(),
    )
}

/// The items of all groups in random order, one group after the other.
fn in_turns(mut groups: Vec<Vec<usize>>, rng: &mut ChaCha8Rng) -> Vec<usize> {
    for group in &mut groups {
        group.shuffle(rng);
    }
    groups.shuffle(rng);
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|round| {
            groups
                .iter()
                .filter_map(move |group| group.get(round))
                .copied()
        })
        .collect()
}

/// `n` of `n_available` frames: a random one from each of `n` equal segments; some repeat if there are fewer.
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

    #[test]
    fn an_order_is_made_once_an_epoch() {
        let mut order = EpochOrder::default();
        let mut n_made = 0;
        for (epoch, expected) in [(0, 1), (0, 1), (1, 2), (1, 2), (0, 3)] {
            let items = order.of(epoch, || {
                n_made += 1;
                vec![epoch, 7]
            });
            assert_eq!(items, [epoch, 7]);
            assert_eq!(n_made, expected);
        }
    }

    #[test]
    fn a_person_with_many_videos_does_not_crowd_out_the_others() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let order = in_turns(
            vec![(0..100).collect(), vec![100], vec![101, 102]],
            &mut rng,
        );
        assert_eq!(order.len(), 103);
        let early = &order[..5];
        assert!(
            [100, 101, 102].iter().all(|video| early.contains(video)),
            "{early:?}"
        );
    }
}
