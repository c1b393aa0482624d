//! A step of several processes: each goes over its part of the videos, and the gradients are summed.
//!
//! A part's share is already one of the whole step, so sums are what one process would have. Text gradients never travel:
//! the gradient at the captions' features is summed, which is small, and each process sends it back itself.

use wo_clip::tch::{Kind, Tensor};

use crate::model::parameters::Trained;
use crate::run::Run;
use crate::trainer::of_videos::{OfVideos, PartLosses, PendingLosses};

/// The sum of what all processes have of a step. `None` where any of them was asked to end; then nothing is summed.
// A bool, of what all processes have or none.
pub(crate) fn summed(
    run: &Run<'_, '_>,
    trained: &Trained,
    own: Option<OfVideos>,
    has_joints: bool,
) -> anyhow::Result<Option<OfVideos>> {
    let group = run.group;
    if group.is_alone() {
        return Ok(own);
    }
    // One message before the gradients: whether all go on, and which parameters have a gradient in any process. One that
    // has none stays without, so that the optimizer leaves it alone.
    let has_gradient = trained.of_videos().map(|it| it.grad().defined());
    let is_stopped = own.is_none() || run.stop.is_asked();
    let facts = [is_stopped].into_iter().chain(has_gradient);
    let facts: Vec<f64> = facts.map(|it| f64::from(u8::from(it))).collect();
    let facts = group.sum_numbers(&facts)?;
    let Some(own) = own.filter(|_| facts[0] == 0.0) else {
        return Ok(None);
    };
    if own.gathered.requires_grad() {
        group.sum(&[&gradient_of(&own.gathered)])?;
    }
    let summed = trained.of_videos().zip(&facts[1..]);
    let summed = summed.filter(|(_, n)| **n > 0.0);
    let gradients: Vec<Tensor> = summed.map(|(it, _)| gradient_of(it)).collect();
    group.sum(&gradients.iter().collect::<Vec<_>>())?;
    let losses = summed_losses(run, &own.losses, has_joints)?;
    Ok(Some(OfVideos { losses, ..own }))
}

/// The gradient of a tensor, which is made of zeros where there is none.
fn gradient_of(tensor: &Tensor) -> Tensor {
    if !tensor.grad().defined() {
        wo_clip::set_zero_grad(tensor);
    }
    tensor.grad()
}

/// The losses of a step over all processes, on the device.
// A bool, of what all processes have or none.
fn summed_losses(
    run: &Run<'_, '_>,
    own: &PendingLosses,
    has_joints: bool,
) -> anyhow::Result<PendingLosses> {
    let zero = || Tensor::zeros([], (Kind::Float, run.device));
    let [mut all, mut videos, mut joints] = [zero(), zero(), zero()];
    for part in &own.0 {
        all += part.all.to_kind(Kind::Float);
        videos += part.videos.to_kind(Kind::Float) * part.share;
        if let Some(of_part) = &part.joints {
            joints += of_part.to_kind(Kind::Float) * part.share;
        }
    }
    run.group.sum(&[&all, &videos, &joints])?;
    let whole = PartLosses {
        share: 1.0,
        all,
        videos,
        joints: has_joints.then_some(joints),
    };
    Ok(PendingLosses(vec![whole]))
}
