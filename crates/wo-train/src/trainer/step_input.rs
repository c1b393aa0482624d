//! The input of a step on the device: all of it before the first forward pass, so that nothing waits in between.

use wo_clip::tch::{Device, Tensor};
use wo_clip::{BankTargets, Frames, VideosOfPass, equal_caption_targets, uploaded};

use crate::data::sampler::{Batch, Step};
use crate::hyperparameters::Loss;
use crate::trainer::losses::Positives;

/// The input of a step.
pub(crate) struct StepInput {
    pub(crate) parts: Vec<Part>,
    /// The captions of each class among those of the step.
    pub(crate) targets: BankTargets,
}

/// Videos that share one forward pass.
pub(crate) struct Part {
    /// Its share of the step's videos.
    pub(crate) share: f64,
    /// Which they are.
    pub(crate) videos: VideosOfPass,
    pub(crate) frames: Frames,
    pub(crate) aims: Aims,
    /// `[frames, joints, 2]`, if there is a pose loss.
    pub(crate) joints: Option<Tensor>,
}

/// What a part is pulled towards.
pub(crate) enum Aims {
    /// The class of each video.
    Classes(Tensor),
    /// The same, where each pair of a video and a class is right or wrong by itself.
    Pairs(Tensor),
    /// The captions of its frames.
    Captions {
        /// The caption of each frame, as an index in the step's captions.
        of_frames: Tensor,
        /// `[frames, frames]`: how much each frame is pulled towards the caption of each.
        targets: Tensor,
    },
}

impl StepInput {
    /// The input of a step whose captions are of the classes `class_of`, with at most `n_at_once` videos in a part.
    pub(crate) fn of(
        step: &Step,
        class_of: &[usize],
        n_classes: usize,
        loss: Loss,
        n_at_once: usize,
        device: Device,
    ) -> Self {
        let mut parts = Vec::new();
        let mut first_of_batch = 0;
        for batch in &step.batches {
            let n_videos = batch.classes.len();
            let own = &step.caption_of_video[first_of_batch..first_of_batch + n_videos];
            first_of_batch += n_videos;
            for first in (0..n_videos).step_by(n_at_once.max(1)) {
                let n = n_at_once.max(1).min(n_videos - first);
                let aims = Aims::of(batch, own, (first, n), loss, device);
                let before = step.first_video + first_of_batch - n_videos + first;
                let videos = VideosOfPass {
                    seed: step.seed,
                    first: before,
                    n_rows: batch.n_frames,
                };
                let share = n as f64 / step.n_videos as f64;
                parts.push(Part::of(batch, (first, n), aims, device, (share, videos)));
            }
        }
        Self {
            parts,
            targets: BankTargets::new(class_of, n_classes, device),
        }
    }
}

impl Part {
    /// `n` videos of a batch from `first`.
    fn of(
        batch: &Batch,
        (first, n): (usize, usize),
        aims: Aims,
        device: Device,
        (share, videos): (f64, VideosOfPass),
    ) -> Self {
        let (first_frame, n_frames) = (first * batch.n_frames, n * batch.n_frames);
        let joints = batch.joints.as_ref();
        let joints = joints.map(|it| it.narrow(0, first_frame as i64, n_frames as i64));
        Self {
            share,
            videos,
            frames: batch.frames.part(first_frame, n_frames).uploaded(device),
            joints: joints.map(|it| uploaded(&it, device)),
            aims,
        }
    }
}

impl Aims {
    /// Of `n` videos of a batch from `first`. `own` is the caption of each video of the batch.
    fn of(
        batch: &Batch,
        own: &[usize],
        (first, n): (usize, usize),
        loss: Loss,
        device: Device,
    ) -> Self {
        let classes = || {
            let classes = Tensor::from_slice(&batch.classes[first..first + n]);
            uploaded(&classes, device)
        };
        let positives = match loss {
            Loss::Bank => return Self::Classes(classes()),
            Loss::Sigmoid => return Self::Pairs(classes()),
            Loss::Infonce => Positives::Equal,
            Loss::Diagonal => Positives::OwnOnly,
        };
        let own = &own[first..first + n];
        let of_frames: Vec<usize> = own
            .iter()
            .flat_map(|&caption| std::iter::repeat_n(caption, batch.n_frames))
            .collect();
        let equal: Vec<usize> = match positives {
            Positives::Equal => of_frames.clone(),
            Positives::OwnOnly => (0..of_frames.len()).collect(),
        };
        let indices: Vec<i64> = of_frames.iter().map(|&caption| caption as i64).collect();
        Self::Captions {
            of_frames: uploaded(&Tensor::from_slice(&indices), device),
            targets: equal_caption_targets(&equal, device),
        }
    }
}

#[cfg(test)]
mod tests {
    use wo_clip::planes;

    use super::*;

    fn step() -> Step {
        let batch = |classes: &[i64]| {
            let shades = 0..(2 * classes.len()) as u8;
            let square = |shade: u8| image::RgbImage::from_pixel(2, 2, image::Rgb([shade; 3]));
            let bytes: Vec<u8> = shades.flat_map(|shade| planes(&square(shade))).collect();
            Batch {
                frames: Frames::of_planes(&bytes, 2, Device::Cpu),
                classes: classes.to_vec(),
                n_frames: 2,
                joints: None,
            }
        };
        Step {
            batches: vec![batch(&[0, 1, 1]), batch(&[0])],
            n_videos: 4,
            frames_a_video: 2,
            first_video: 0,
            seed: 0,
            captions: vec![3, 5, 6],
            caption_of_video: vec![0, 1, 2, 0],
        }
    }

    fn input(loss: Loss, n_at_once: usize) -> StepInput {
        StepInput::of(&step(), &[0, 1, 1], 2, loss, n_at_once, Device::Cpu)
    }

    #[test]
    fn smaller_parts_hold_the_same_videos() {
        let classes = |loss: Loss, n_at_once: usize| -> Vec<(f64, Vec<i64>, usize)> {
            let of_part = |part: &Part| match &part.aims {
                Aims::Classes(classes) | Aims::Pairs(classes) => {
                    let classes = Vec::<i64>::try_from(classes).expect("numbers");
                    (part.share, classes, part.frames.n())
                }
                Aims::Captions { .. } => panic!("these losses have classes"),
            };
            input(loss, n_at_once).parts.iter().map(of_part).collect()
        };
        let whole = [(0.75, vec![0, 1, 1], 6), (0.25, vec![0], 2)];
        let halved = [(0.5, vec![0, 1], 4), (0.25, vec![1], 2), (0.25, vec![0], 2)];
        for loss in [Loss::Bank, Loss::Sigmoid] {
            assert_eq!(classes(loss, usize::MAX), whole);
            assert_eq!(classes(loss, 2), halved);
            assert_eq!(classes(loss, 1).len(), 4);
        }
    }

    #[test]
    fn frames_of_equal_captions_share_their_target() {
        let input = input(Loss::Infonce, usize::MAX);
        let Aims::Captions { of_frames, targets } = &input.parts[0].aims else {
            panic!("captions");
        };
        let of_frames = Vec::<i64>::try_from(of_frames).expect("numbers");
        assert_eq!(of_frames, [0, 0, 1, 1, 2, 2]);
        assert!((targets.double_value(&[2, 3]) - 0.5).abs() < 1e-9);
        let own = self::input(Loss::Diagonal, usize::MAX);
        let Aims::Captions { targets, .. } = &own.parts[0].aims else {
            panic!("captions");
        };
        assert_eq!(
            (targets.double_value(&[2, 3]), targets.double_value(&[2, 2])),
            (0.0, 1.0)
        );
    }
}
