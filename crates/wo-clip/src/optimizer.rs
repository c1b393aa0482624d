//! AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with a state that can be read and saved, which `tch`'s own
//! optimiser does not allow; and Muon beside it, for the matrices of a tower that starts from nothing.

use serde::Serialize;
use tch::{Kind, Tensor, no_grad};

use crate::muon;

/// What does not change in a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root before dividing.
    pub eps: f64,
    /// Pull towards zero a step, times the learning rate; only on matrices.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    /// CLIP's own betas and epsilon; decay as for small sets.
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.98,
            eps: 1e-6,
            weight_decay: 0.05,
        }
    }
}

/// How a parameter moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// By its gradient over the root of its mean square.
    AdamW,
    /// By its momentum made orthogonal; for the matrices of hidden layers only.
    Muon,
}

/// How one parameter is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its part of the learning rate; 0 leaves it frozen.
    pub lr_factor: f64,
    /// How it moves.
    pub rule: Rule,
}

/// One parameter with its moments.
#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    mean: Tensor,
    square: Tensor,
    share: Share,
    decays: bool,
}

/// The optimiser of a set of named parameters.
#[derive(Debug)]
pub struct Optimizer {
    slots: Vec<Slot>,
    config: AdamWConfig,
    n_steps: i32,
}

impl Optimizer {
    /// An optimiser of `parameters`. `share` says how each is trained, by its name.
    pub fn new(
        parameters: impl IntoIterator<Item = (String, Tensor)>,
        config: AdamWConfig,
        share: impl Fn(&str) -> Share,
    ) -> Self {
        let mut slots: Vec<Slot> = parameters
            .into_iter()
            .map(|(name, parameter)| Slot {
                mean: parameter.zeros_like(),
                square: parameter.zeros_like(),
                share: share(&name),
                // Biases, norms, class and position embeddings and the scale are not pulled towards zero.
                decays: parameter.dim() >= 2 && !name.contains("position_embedding"),
                name,
                parameter,
            })
            .filter(|slot| slot.share.lr_factor > 0.0)
            .collect();
        slots.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            slots,
            config,
            n_steps: 0,
        }
    }

    /// Forgets all gradients.
    pub fn zero_grad(&mut self) {
        for slot in &mut self.slots {
            slot.parameter.zero_grad();
        }
    }

    /// The length of all gradients taken as one vector.
    pub fn grad_norm(&self) -> f64 {
        let squares: Vec<Tensor> = self
            .grads()
            .map(|grad| grad.square().sum(Kind::Double))
            .collect();
        if squares.is_empty() {
            0.0
        } else {
            Tensor::stack(&squares, 0)
                .sum(Kind::Double)
                .sqrt()
                .double_value(&[])
        }
    }

    /// Shortens all gradients together to at most `max_norm`. Returns their length before.
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

    /// One step at learning rate `lr`.
    pub fn step(&mut self, lr: f64) {
        let AdamWConfig {
            beta1,
            beta2,
            eps,
            weight_decay,
        } = self.config;
        self.n_steps += 1;
        let correction1 = 1.0 - beta1.powi(self.n_steps);
        let correction2 = 1.0 - beta2.powi(self.n_steps);
        no_grad(|| {
            for slot in &mut self.slots {
                let grad = slot.parameter.grad();
                if !grad.defined() {
                    continue;
                }
                let lr = lr * slot.share.lr_factor;
                if slot.decays {
                    let _ = slot.parameter.g_mul_scalar_(1.0 - lr * weight_decay);
                }
                let change = match slot.share.rule {
                    Rule::AdamW => {
                        let _ = slot
                            .mean
                            .g_mul_scalar_(beta1)
                            .g_add_(&(&grad * (1.0 - beta1)));
                        let _ = slot
                            .square
                            .g_mul_scalar_(beta2)
                            .g_add_(&(grad.square() * (1.0 - beta2)));
                        let root = (&slot.square / correction2).sqrt() + eps;
                        &slot.mean / root / correction1
                    }
                    Rule::Muon => muon::change(&grad, &mut slot.mean),
                };
                let _ = slot.parameter.g_add_(&(change * -lr));
            }
        });
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
