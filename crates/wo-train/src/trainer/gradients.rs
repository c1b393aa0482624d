//! The gradients of one step, and predictions of the model as it is.

use std::cell::Cell;

use wo_cli::count;
use wo_clip::tch::{Kind, Tensor, nn, no_grad};
use wo_clip::{Clip, Frames, Optimizer, PixelTable, halving, with_dropout_of_videos};
use wo_input::Tokens;

use crate::data::dataset::{Dataset, Example};
use crate::data::sampler::Step;
use crate::model::parameters::Trained;
use crate::model::pose_head::JointHead;
use crate::run::Run;
use crate::trainer::losses::{self, Bank};
use crate::trainer::of_videos::{OfVideos, PartLosses, PendingLosses};
use crate::trainer::shared_step::summed;
use crate::trainer::step_input::{Aims, Part, StepInput};
use crate::validation::metrics::Probabilities;

/// A model in training.
pub(crate) struct TrainedModel<'a> {
    pub(crate) vs: nn::VarStore,
    pub(crate) clip: Clip,
    pub(crate) bank: Bank,
    pub(crate) bank_tokens: Tokens,
    pub(crate) joint_head: Option<JointHead>,
    pub(crate) trained: Trained,
    pub(crate) dataset: &'a Dataset,
    table: PixelTable,
    /// Videos per forward pass at most: fewer once memory has run out.
    n_at_once: Cell<usize>,
    max_logit_scale: Option<f64>,
}

impl<'a> TrainedModel<'a> {
    /// The model in `vs`, with the parameters that the method trains, and a head for `n_joints` joints.
    pub(crate) fn new(
        run: &Run<'_, '_>,
        vs: nn::VarStore,
        mut clip: Clip,
        dataset: &'a Dataset,
        n_joints: Option<usize>,
    ) -> anyhow::Result<Self> {
        let (hyper, checkpoint) = (run.hyper, run.checkpoint);
        let config = &checkpoint.config;
        clip.set_checkpointing(hyper.checkpoint_blocks);
        let joint_head = n_joints.map(|n| JointHead::new(n, config, hyper.seed, run.device));
        let trained = Trained::of(&vs, &mut clip, joint_head.as_ref(), config, hyper);
        let bank = Bank::of(dataset);
        Ok(Self {
            bank_tokens: checkpoint.tokenizer.encode(&bank.captions)?,
            bank,
            vs,
            clip,
            joint_head,
            trained,
            dataset,
            table: PixelTable::new(&checkpoint.preprocessor, run.device),
            n_at_once: Cell::new(if hyper.loss.is_of_single_videos() {
                hyper.micro_batch
            } else {
                // Halving one is no use.
                1
            }),
            max_logit_scale: config.max_logit_scale(),
        })
    }

    /// The gradients of a step, in place of those that the optimizer's parameters have. Where memory runs out, fewer
    /// videos share a pass from then on: the same step, since each video stands for itself. `None` where the run was
    /// asked to end meanwhile.
    pub(crate) fn gradients(
        &self,
        run: &Run<'_, '_>,
        step: &Step,
        optimizer: &mut Optimizer,
    ) -> anyhow::Result<Option<PendingLosses>> {
        let of_videos = self.of_videos(run, step, optimizer)?;
        let Some(of_videos) = summed(run, &self.trained, of_videos, self.joint_head.is_some())?
        else {
            return Ok(None);
        };
        of_videos.go_back();
        Ok(Some(of_videos.losses))
    }

    /// The passes over the videos of this process, as many at once as fit.
    fn of_videos(
        &self,
        run: &Run<'_, '_>,
        step: &Step,
        optimizer: &mut Optimizer,
    ) -> anyhow::Result<Option<OfVideos>> {
        let before = self.n_at_once.get();
        let mut n_at_once = before;
        let losses = halving(&mut n_at_once, |n| {
            // What a pass that did not fit has left.
            optimizer.zero_grad();
            // The other losses compare the videos of a pass with each other.
            let n = if run.hyper.loss.is_of_single_videos() {
                n
            } else {
                usize::MAX
            };
            self.gradients_of(run, step, n)
        });
        if n_at_once < before {
            wo_cli::warn!(
                "out of memory; from here on {} a pass",
                count(n_at_once, "video")
            );
            self.n_at_once.set(n_at_once);
        }
        losses?
    }

    /// Adds up the gradients of a step, part by part: the same as all at once. Those of the text tower are left.
    fn gradients_of(
        &self,
        run: &Run<'_, '_>,
        step: &Step,
        n_at_once: usize,
    ) -> anyhow::Result<Option<OfVideos>> {
        let (hyper, device) = (run.hyper, run.device);
        let class_of = step.captions.iter().map(|&c| self.bank.class_of[c]);
        let class_of: Vec<usize> = class_of.collect();
        let n_classes = self.dataset.classes.len();
        let input = StepInput::of(step, &class_of, n_classes, hyper.loss, n_at_once, device);
        // The text tower runs once per step. Its output collects the gradients of all parts, which go back through it
        // once.
        let captions = in_precision(run, || {
            self.clip
                .text_features(&self.bank_tokens.select(&step.captions))
        })?;
        let gathered = captions
            .detach()
            .set_requires_grad(captions.requires_grad());
        // Read only when all is queued, so that nothing waits for the device before.
        let mut losses = Vec::with_capacity(input.parts.len());
        for part in &input.parts {
            if run.stop.is_asked() {
                return Ok(None);
            }
            let pass = || self.features(run, &part.frames);
            let (scaled, patches) = with_dropout_of_videos(part.videos, pass)?;
            let (mut loss, videos) = match &part.aims {
                Aims::Classes(classes) => {
                    losses::bank(&scaled, &gathered, &input.targets, classes, hyper)
                }
                Aims::Pairs(classes) => {
                    let bias = self.clip.bias();
                    losses::sigmoid(&scaled, &gathered, &input.targets, classes, hyper, bias)
                }
                Aims::Captions { of_frames, targets } => {
                    losses::contrastive(&scaled, &gathered, of_frames, targets)
                }
            };
            let joints = patches.and_then(|patches| self.pose_loss(part, &patches));
            let of_joints = joints.as_ref().map(Tensor::detach);
            if let Some(joints) = joints {
                loss += joints * hyper.pose_loss;
            }
            let loss = loss * part.share;
            losses.push(PartLosses {
                share: part.share,
                all: loss.detach(),
                videos,
                joints: of_joints,
            });
            loss.backward();
        }
        Ok(Some(OfVideos {
            losses: PendingLosses(losses),
            captions,
            gathered,
        }))
    }

    /// The features of frames times the logit scale; with a pose head also the hidden states of their patches.
    pub(crate) fn features(
        &self,
        run: &Run<'_, '_>,
        frames: &Frames,
    ) -> anyhow::Result<(Tensor, Option<Tensor>)> {
        let pixels = self.table.input(frames);
        let (features, patches) = if self.joint_head.is_some() {
            let both = || self.clip.image_and_patch_features(&pixels);
            let (features, patches) = run.hyper.precision().run(run.device, both)?;
            let patches = patches.to_kind(Kind::Float);
            (features.to_kind(Kind::Float), Some(patches))
        } else {
            let features = in_precision(run, || self.clip.image_features(&pixels))?;
            (features, None)
        };
        Ok((features * self.clip.scale(), patches))
    }

    fn pose_loss(&self, part: &Part, patches: &Tensor) -> Option<Tensor> {
        let head = self.joint_head.as_ref()?;
        Some(head.loss(patches, part.joints.as_ref()?))
    }

    /// What the model as it is predicts for videos.
    pub(crate) fn judge(
        &self,
        run: &Run<'_, '_>,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Probabilities>> {
        if videos.is_empty() {
            return Ok(Vec::new());
        }
        let weights = run.class_weights(&self.clip, self.dataset)?;
        run.judge(&self.clip, &weights, self.dataset, videos)
    }

    pub(crate) fn scale(&self) -> f64 {
        no_grad(|| self.clip.scale().double_value(&[]))
    }

    pub(crate) fn clamp_scale(&self) {
        let scale = self.vs.variables().remove("logit_scale");
        if let Some((limit, mut scale)) = self.max_logit_scale.zip(scale) {
            no_grad(|| drop(scale.clamp_max_(limit)));
        }
    }
}

/// Runs a part of the forward pass in the precision of the run. The result has 32 bits.
pub(crate) fn in_precision(
    run: &Run<'_, '_>,
    forward: impl FnOnce() -> Tensor,
) -> anyhow::Result<Tensor> {
    let output = run.hyper.precision().run(run.device, forward)?;
    Ok(output.to_kind(Kind::Float))
}
