//! AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) whose state can be saved, unlike that of `tch`'s own optimizer;
//! and Muon, for the matrices of a tower that is trained from scratch.

use std::collections::BTreeMap;

use serde::Serialize;
use tch::{Kind, Tensor, no_grad};

use crate::native::{self, AdamWStep, AdamWTensors};
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
                        && !name.ends_with(".probe"),
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
        let norms: Vec<Tensor> = self.grads().map(|grad| grad.norm()).collect();
        if norms.is_empty() {
            0.0
        } else {
            Tensor::stack(&norms, 0)
                .to_kind(Kind::Double)
                .norm()
                .double_value(&[])
        }
    }

    /// Clips the norm of all gradients to `max_norm`. Returns the norm before.
    pub fn clip_grad_norm(&mut self, max_norm: f64) -> f64 {
        let norm = self.grad_norm();
        if norm > max_norm {
            no_grad(|| {
                self.grads()
                    .for_each(|mut grad| drop(grad.g_mul_scalar_(max_norm / norm)));
            });
        }
        norm
    }

    /// One step at learning rate `lr`. A parameter without a gradient stays as it is.
    pub fn step(&mut self, lr: f64) {
        self.n_steps += 1;
        // Parameters with the same learning rate and decay share one call.
        let mut groups: Vec<(AdamWStep, AdamWTensors<'_>)> = Vec::new();
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
                    let place = groups
                        .iter()
                        .position(|(of_group, _)| *of_group == numbers)
                        .unwrap_or_else(|| {
                            groups.push((numbers, AdamWTensors::default()));
                            groups.len() - 1
                        });
                    let tensors = &mut groups[place].1;
                    tensors.parameters.push(&slot.parameter);
                    tensors.grads.push(grad);
                    tensors.means.push(mean);
                    tensors.squares.push(square);
                }
                Moments::Muon { momentum } => no_grad(|| {
                    let _ = slot
                        .parameter
                        .g_mul_scalar_(1.0 - numbers.lr * numbers.weight_decay);
                    let change = muon::change(&grad, momentum);
                    let _ = slot.parameter.g_add_(&(change * -numbers.lr));
                }),
            }
        }
        for (numbers, tensors) in &groups {
            let step = Tensor::from(self.n_steps as f32).to_device(tensors.grads[0].device());
            native::fused_adamw(tensors, &step, *numbers)
                .expect("gradients and moments are made like their parameters");
        }
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

    fn grads(&self) -> impl Iterator<Item = Tensor> + '_ {
        self.slots
            .iter()
            .map(|slot| slot.parameter.grad())
            .filter(Tensor::defined)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, nn};

    use super::*;

    const ADAMW: Share = Share {
        lr_factor: 1.0,
        rule: Rule::AdamW,
    };

    /// Two steps on one number, against the formulas worked by hand.
    #[test]
    fn two_steps_follow_the_paper() {
        let vs = nn::VarStore::new(Device::Cpu);
        let x = vs.root().var("x", &[1, 1], nn::Init::Const(2.0));
        let config = AdamWConfig {
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.1,
        };
        let mut optimizer = Optimizer::new(vs.variables(), config, |_| ADAMW);
        let (mut by_hand, mut m, mut v) = (2.0_f64, 0.0, 0.0);
        for t in 1..=2 {
            optimizer.zero_grad();
            x.square().sum(Kind::Float).backward();
            optimizer.step(0.1);
            let g = 2.0 * by_hand;
            by_hand *= 1.0 - 0.1 * 0.1;
            m = 0.9 * m + 0.1 * g;
            v = 0.99 * v + 0.01 * g * g;
            by_hand -= 0.1 * (m / (1.0 - 0.9_f64.powi(t)))
                / ((v / (1.0 - 0.99_f64.powi(t))).sqrt() + 1e-8);
        }
        assert!(
            (x.double_value(&[0, 0]) - by_hand).abs() < 1e-5,
            "{} {by_hand}",
            x.double_value(&[0, 0])
        );
    }

    #[test]
    fn long_gradients_are_shortened_together() {
        let vs = nn::VarStore::new(Device::Cpu);
        let x = vs.root().var("x", &[2], nn::Init::Const(1.0));
        let mut optimizer = Optimizer::new(vs.variables(), AdamWConfig::default(), |_| ADAMW);
        (x.sum(Kind::Float) * 3.0).backward();
        assert!((optimizer.clip_grad_norm(1.0) - 18.0_f64.sqrt()).abs() < 1e-6);
        assert!((optimizer.grad_norm() - 1.0).abs() < 1e-6);
    }
}
