//! What the passes over the videos of a step give: losses, and the gradient at the captions' features.

use wo_clip::tch::{Kind, Tensor};

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

/// The losses of a step while they are on the device: those of each part of its videos.
pub(crate) struct PendingLosses(pub(crate) Vec<PartLosses>);

pub(crate) struct PartLosses {
    /// The part's share of the step.
    pub(crate) share: f64,
    /// Its loss times that share.
    pub(crate) all: Tensor,
    /// Its video loss and its pose loss.
    pub(crate) videos: Tensor,
    pub(crate) joints: Option<Tensor>,
}

/// What the passes over videos give.
pub(crate) struct OfVideos {
    pub(crate) losses: PendingLosses,
    /// The features of the step's captions, as they come out of the text tower.
    pub(crate) captions: Tensor,
    /// The same, at which the gradient of all passes is.
    pub(crate) gathered: Tensor,
}

impl OfVideos {
    /// Sends the gradient at the captions' features back through the text tower.
    pub(crate) fn go_back(&self) {
        if self.captions.requires_grad() && self.gathered.grad().defined() {
            let product = &self.captions * self.gathered.grad();
            product.sum(Kind::Float).backward();
        }
    }
}

impl PendingLosses {
    /// Reads them and the `norm` of the gradients in one copy, which waits for the device.
    pub(crate) fn read(self, norm: &Tensor) -> (Losses, f64) {
        let of_part = |part: &PartLosses| {
            let both = [part.all.shallow_clone(), part.videos.shallow_clone()];
            both.into_iter()
                .chain(part.joints.as_ref().map(Tensor::shallow_clone))
        };
        let tensors = self
            .0
            .iter()
            .flat_map(of_part)
            .chain([norm.shallow_clone()]);
        let doubles: Vec<Tensor> = tensors.map(|it| it.to_kind(Kind::Double)).collect();
        let numbers = Vec::<f64>::try_from(Tensor::stack(&doubles, 0));
        let mut numbers = numbers.expect("one row of doubles").into_iter();
        let mut next = || numbers.next().unwrap_or(f64::NAN);
        let mut losses = Losses::default();
        for PartLosses { share, joints, .. } in self.0 {
            losses.all += next();
            losses.videos += share * next();
            if joints.is_some() {
                *losses.joints.get_or_insert(0.0) += share * next();
            }
        }
        (losses, next())
    }
}
