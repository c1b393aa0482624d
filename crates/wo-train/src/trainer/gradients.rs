//! The gradients of one step, and predictions of the model as it is.

use wo_clip::tch::{Kind, Tensor, nn, no_grad};
use wo_clip::{BankTargets, Clip, to_device, with_bfloat16};
use wo_input::Tokens;

use crate::data::dataset::{Dataset, Example};
use crate::data::sampler::{Batch, Step};
use crate::hyperparameters::Loss;
use crate::model::parameters::Trained;
use crate::model::pose_head::JointHead;
use crate::run::Run;
use crate::trainer::losses::{self, Bank, Positives};
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
    pub(crate) side: i64,
    max_logit_scale: Option<f64>,
}

/// The losses of one step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Losses {
    /// The loss that is minimized.
    pub(crate) all: f64,
    /// The video loss: cross-entropy over classes.
    pub(crate) videos: f64,
    /// The pose loss, where there is one.
    pub(crate) joints: Option<f64>,
}

impl Losses {
    /// Sums those of micro-batches: each its share of the step, its loss times that share, its video loss and its pose loss.
    fn sum(parts: Vec<(f64, Tensor, Tensor, Option<Tensor>)>) -> Self {
        let mut losses = Self::default();
        for (share, all, videos, joints) in parts {
            losses.all += all.double_value(&[]);
            losses.videos += share * videos.double_value(&[]);
            if let Some(joints) = joints {
                *losses.joints.get_or_insert(0.0) += share * joints.double_value(&[]);
            }
        }
        losses
    }
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
            side: i64::from(checkpoint.preprocessor.side),
            max_logit_scale: config.max_logit_scale(),
        })
    }

    /// Adds up the gradients of a step, part by part: the same as all at once, since each video stands for itself.
    /// `None` where the run was asked to end meanwhile.
    pub(crate) fn gradients(
        &self,
        run: &Run<'_, '_>,
        step: &Step,
    ) -> anyhow::Result<Option<Losses>> {
        let (hyper, device) = (run.hyper, run.device);
        let class_of: Vec<usize> = step
            .captions
            .iter()
            .map(|&c| self.bank.class_of[c])
            .collect();
        let targets = BankTargets::new(&class_of, self.dataset.classes.len(), device);
        // The text tower runs once per step. Its output collects the gradients of all batches, which go back through it
        // once.
        let captions = in_precision(run, || {
            self.clip
                .text_features(&self.bank_tokens.select(&step.captions))
        })?;
        let gathered = captions
            .detach()
            .set_requires_grad(captions.requires_grad());
        // Read only when all batches are queued, so that nothing waits for the device before.
        let mut parts = Vec::with_capacity(step.batches.len());
        let mut first = 0;
        for batch in &step.batches {
            if run.stop.is_asked() {
                return Ok(None);
            }
            let share = batch.classes.len() as f64 / step.n_videos as f64;
            let (scaled, patches) = self.features(run, batch)?;
            let own = &step.caption_of_video[first..first + batch.classes.len()];
            first += batch.classes.len();
            let (mut loss, of_videos) = match hyper.loss {
                Loss::Bank => losses::bank(&scaled, &gathered, &targets, batch, hyper),
                Loss::Sigmoid => {
                    let bias = self.clip.bias();
                    losses::sigmoid(&scaled, &gathered, &targets, batch, hyper, bias)
                }
                Loss::Infonce => {
                    losses::contrastive(&scaled, &gathered, own, batch, Positives::Equal)
                }
                Loss::Diagonal => {
                    losses::contrastive(&scaled, &gathered, own, batch, Positives::OwnOnly)
                }
            };
            let joints = patches.and_then(|patches| self.pose_loss(run, batch, &patches));
            let of_joints = joints.as_ref().map(Tensor::detach);
            if let Some(joints) = joints {
                loss += joints * hyper.pose_loss;
            }
            let loss = loss * share;
            parts.push((share, loss.detach(), of_videos, of_joints));
            loss.backward();
        }
        if captions.requires_grad() && gathered.grad().defined() {
            (captions * gathered.grad()).sum(Kind::Float).backward();
        }
        Ok(Some(Losses::sum(parts)))
    }

    /// The features of a batch's frames times the logit scale; with a pose head also the hidden states of their
    /// patches.
    pub(crate) fn features(
        &self,
        run: &Run<'_, '_>,
        batch: &Batch,
    ) -> anyhow::Result<(Tensor, Option<Tensor>)> {
        let n_frames = (batch.classes.len() * batch.n_frames) as i64;
        let shape = [n_frames, 3, self.side, self.side];
        let pixels = to_device(&batch.pixels, &shape, run.device);
        let (features, patches) = if self.joint_head.is_some() {
            let (features, patches) = self.clip.image_and_patch_features(&pixels);
            (features, Some(patches))
        } else {
            let features = in_precision(run, || self.clip.image_features(&pixels))?;
            (features, None)
        };
        Ok((features * self.clip.scale(), patches))
    }

    fn pose_loss(&self, run: &Run<'_, '_>, batch: &Batch, patches: &Tensor) -> Option<Tensor> {
        let head = self.joint_head.as_ref()?;
        let n_frames = (batch.classes.len() * batch.n_frames) as i64;
        let targets = to_device(&batch.joints, &[n_frames, -1, 2], run.device);
        Some(head.loss(patches, &targets))
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
    if !run.hyper.bf16 {
        return Ok(forward());
    }
    Ok(with_bfloat16(run.device, forward)?.to_kind(Kind::Float))
}
