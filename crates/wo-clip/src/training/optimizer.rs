//! AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) whose state can be saved, unlike that of `tch`'s own optimizer;
//! and Muon, for the matrices of a tower that is trained from scratch.

use std::collections::BTreeMap;

use serde::Serialize;
use tch::{Device, Kind, Tensor, no_grad};

use crate::native;
use crate::training::kernels::{self, AdamWStep, AdamWTensors, Clipping};
use crate::training::muon;

/// The settings of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root before dividing.
    pub eps: f64,
    /// Weight decay per step, times the learning rate; only on matrices.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    /// CLIP's own betas and epsilon; weight decay for small datasets.
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.98,
            eps: 1e-6,
            weight_decay: 0.05,
        }
    }
}

/// The update rule of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// AdamW: the gradient over the root of its mean square.
    AdamW,
    /// Muon: the orthogonalized momentum; for matrices of hidden layers only.
    Muon,
}

/// How one parameter is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The factor of its learning rate; 0 freezes it.
    pub lr_factor: f64,
    /// Its update rule.
    pub rule: Rule,
}

/// Why a state does not fit an optimizer.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Tensors are missing or unexpected.
    #[error("the state is of another optimiser: missing {missing:?}, not expected {unexpected:?}")]
    Names {
        /// Tensors of the optimizer that the state lacks.
        missing: Option<String>,
        /// Tensors of the state that the optimizer lacks.
        unexpected: Option<String>,
    },
    /// A tensor has the wrong shape or is not of 32-bit floats.
    #[error("{name} of the state is {found}, the parameter is {wanted}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape and type in the state.
        found: String,
        /// The shape of the parameter.
        wanted: String,
    },
}

/// One parameter with its moments.
#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    moments: Moments,
    lr_factor: f64,
    decays: bool,
}

/// The moments of a parameter.
#[derive(Debug)]
enum Moments {
    AdamW { mean: Tensor, square: Tensor },
    Muon { momentum: Tensor },
}

impl Moments {
    /// The tensors with their names in a state.
    fn named(&self) -> Vec<(&'static str, &Tensor)> {
        match self {
            Self::AdamW { mean, square } => vec![("mean", mean), ("square", square)],
            Self::Muon { momentum } => vec![("momentum", momentum)],
        }
    }
}

/// An optimizer of named parameters.
#[derive(Debug)]
pub struct Optimizer {
    slots: Vec<Slot>,
    config: AdamWConfig,
    n_steps: u32,
}

impl Optimizer {
    /// An optimizer of those `parameters` that require gradients. `share` tells by name how each is trained.
    pub fn new(
        parameters: impl IntoIterator<Item = (String, Tensor)>,
        config: AdamWConfig,
        share: impl Fn(&str) -> Share,
    ) -> Self {
        let mut slots: Vec<Slot> = parameters
            .into_iter()
            .filter(|(_, parameter)| parameter.requires_grad())
            .map(|(name, parameter)| {
                let Share { lr_factor, rule } = share(&name);
                Slot {
                    moments: match rule {
                        Rule::AdamW => Moments::AdamW {
                            mean: parameter.zeros_like(),
                            square: parameter.zeros_like(),
                        },
                        Rule::Muon => Moments::Muon {
                            momentum: parameter.zeros_like(),
                        },
                    },
                    lr_factor,
                    // Biases, norms, class and position embeddings, queries that pool, logit scale and logit bias get
                    // no weight decay.
                    decays: parameter.dim() >= 2
                        && !name.contains("position_embedding")
                        && name.rsplit('.').next() != Some("probe"),
                    name,
                    parameter,
                }
            })
            .filter(|slot| slot.lr_factor > 0.0)
            .collect();
        slots.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            slots,
            config,
            n_steps: 0,
        }
    }

    /// Drops all gradients and frees their memory. Best called right after a step, so that the next forward pass can
    /// use the memory.
    pub fn zero_grad(&mut self) {
        native::drop_grads(self.slots.iter().map(|slot| &slot.parameter))
            .expect("a parameter may forget its gradient");
    }

    /// The norm of all gradients as one vector.
    pub fn grad_norm(&self) -> f64 {
        self.norm().map_or(0.0, |norm| norm.double_value(&[]))
    }

    /// Clips the norm of all gradients to `max_norm` and takes one step at learning rate `lr`. Returns the norm before: a
    /// double that stays on the device, since reading it waits for the device. Whoever has read it calls
    /// [`Self::settle`].
    pub fn clipped_step(&mut self, lr: f64, max_norm: f64) -> Tensor {
        let Some(norm) = self.norm() else {
            self.step(lr);
            return Tensor::from(0.0_f64);
        };
        let clipping = Clipping::of(&norm, max_norm);
        self.take_step(lr, clipping.as_ref());
        norm
    }

    /// Counts the step that [`Self::clipped_step`] took, by the norm that it gave. False where that is not finite: then
    /// the step changed no parameter and no moment, and does not count.
    pub fn settle(&mut self, norm: f64) -> bool {
        if !norm.is_finite() {
            self.n_steps -= 1;
        }
        norm.is_finite()
    }

    /// One step at learning rate `lr`. A parameter without a gradient stays as it is.
    pub fn step(&mut self, lr: f64) {
        self.take_step(lr, None);
    }

    fn take_step(&mut self, lr: f64, clipping: Option<&Clipping>) {
        self.n_steps += 1;
        let mut groups = Groups::default();
        for slot in &mut self.slots {
            let grad = slot.parameter.grad();
            if !grad.defined() {
                continue;
            }
            let numbers = AdamWStep {
                lr: lr * slot.lr_factor,
                beta1: self.config.beta1,
                beta2: self.config.beta2,
                weight_decay: if slot.decays {
                    self.config.weight_decay
                } else {
                    0.0
                },
                eps: self.config.eps,
            };
            match &mut slot.moments {
                Moments::AdamW { mean, square } => {
                    let tensors = groups.of(numbers);
                    tensors.parameters.push(&slot.parameter);
                    tensors.grads.push(grad);
                    tensors.means.push(mean);
                    tensors.squares.push(square);
                }
                Moments::Muon { momentum } => {
                    muon_step(&mut slot.parameter, &grad, momentum, clipping, numbers);
                }
            }
        }
        groups.step(self.n_steps, clipping);
    }

    /// The number of steps taken.
    pub fn n_steps(&self) -> u32 {
        self.n_steps
    }

    /// The state to save, beside the number of steps: `mean/NAME` and `square/NAME` for AdamW, `momentum/NAME` for
    /// Muon. The tensors change with the next step.
    pub fn state(&self) -> BTreeMap<String, Tensor> {
        self.named_moments()
            .map(|(name, tensor)| (name, tensor.shallow_clone()))
            .collect()
    }

    /// Restores a state that [`Optimizer::state`] gave after `n_steps` steps, all or nothing.
    pub fn load_state(
        &mut self,
        n_steps: u32,
        state: &BTreeMap<String, Tensor>,
    ) -> Result<(), StateError> {
        let wanted = self.state();
        let missing = wanted.keys().find(|name| !state.contains_key(*name));
        let unexpected = state.keys().find(|name| !wanted.contains_key(*name));
        if missing.is_some() || unexpected.is_some() {
            return Err(StateError::Names {
                missing: missing.cloned(),
                unexpected: unexpected.cloned(),
            });
        }
        let look = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
        for (name, tensor) in &wanted {
            let (found, wanted) = (look(&state[name]), look(tensor));
            if found != wanted {
                return Err(StateError::Shape {
                    name: name.clone(),
                    found,
                    wanted,
                });
            }
        }
        no_grad(|| {
            for (name, mut tensor) in wanted {
                tensor.copy_(&state[&name]);
            }
        });
        self.n_steps = n_steps;
        Ok(())
    }

    fn named_moments(&self) -> impl Iterator<Item = (String, &Tensor)> {
        self.slots.iter().flat_map(|slot| {
            let named = slot.moments.named().into_iter();
            named.map(|(what, tensor)| (format!("{what}/{}", slot.name), tensor))
        })
    }

    /// The norm of all gradients as a double on their device; `None` without gradients.
    fn norm(&self) -> Option<Tensor> {
        let grads = self.slots.iter().map(|slot| slot.parameter.grad());
        let grads: Vec<Tensor> = grads.filter(Tensor::defined).collect();
        if grads.is_empty() {
            return None;
        }
        let norms = kernels::norms(&grads).expect("gradients are floats on one device");
        Some(norms.to_kind(Kind::Double).norm())
    }
}

impl Clipping {
    /// What clips gradients of this norm to `max_norm`. `None` where a CPU sees that there is nothing to do.
    fn of(norm: &Tensor, max_norm: f64) -> Option<Self> {
        if norm.device() == Device::Cpu && norm.double_value(&[]) <= max_norm {
            return None;
        }
        Some(Self {
            scale: (norm / max_norm).clamp_min(1.0).to_kind(Kind::Float),
            found_inf: norm.isfinite().logical_not().to_kind(Kind::Float),
        })
    }
}

/// Parameters with the same learning rate and decay, which share one call.
#[derive(Default)]
struct Groups<'a>(Vec<(AdamWStep, AdamWTensors<'a>)>);

impl<'a> Groups<'a> {
    fn of(&mut self, numbers: AdamWStep) -> &mut AdamWTensors<'a> {
        let known = self.0.iter().position(|(of_group, _)| *of_group == numbers);
        let place = known.unwrap_or_else(|| {
            self.0.push((numbers, AdamWTensors::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// Step `number`, from one. Its number is made on the device once.
    fn step(&self, number: u32, clipping: Option<&Clipping>) {
        let Some((_, first)) = self.0.first() else {
            return;
        };
        let on_device = (Kind::Float, first.grads[0].device());
        let number = Tensor::full([0_i64; 0], f64::from(number), on_device);
        for (numbers, tensors) in &self.0 {
            kernels::fused_adamw(tensors, &number, clipping, *numbers)
                .expect("gradients and moments are made like their parameters");
        }
    }
}

/// A step of Muon. It waits for the device where gradients are clipped; only small models are trained by it.
fn muon_step(
    parameter: &mut Tensor,
    grad: &Tensor,
    momentum: &mut Tensor,
    clipping: Option<&Clipping>,
    numbers: AdamWStep,
) {
    if clipping.is_some_and(|it| it.found_inf.double_value(&[]) > 0.0) {
        return;
    }
    no_grad(|| {
        let clipped = clipping.map(|it| grad / &it.scale);
        let _ = parameter.g_mul_scalar_(1.0 - numbers.lr * numbers.weight_decay);
        let change = muon::change(clipped.as_ref().unwrap_or(grad), momentum);
        let _ = parameter.g_add_(&(change * -numbers.lr));
    });
}

#[cfg(test)]
mod tests;
