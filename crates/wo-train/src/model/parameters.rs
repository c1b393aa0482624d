//! Which parameters are trained, with which learning rate, and their moving average.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use wo_clip::tch::{Tensor, nn, no_grad};
use wo_clip::{
    AdamWConfig, Clip, FreezeConfig, ModelConfig, Optimizer, Place, Rule, Share, Tower, lerp_all,
    place_of,
};

use crate::hyperparameters::Hyperparameters;
use crate::model::pose_head::JointHead;

/// The parameters that are trained.
pub(crate) struct Trained {
    tensors: BTreeMap<String, Tensor>,
    /// Blocks of the vision tower and of the text tower.
    n_blocks: (i64, i64),
    is_lora: bool,
    // Owns the adapters.
    _lora: Option<nn::VarStore>,
}

impl Trained {
    /// The parameters of `vs` that the method trains, or adapters that it adds to `clip`; and those of a pose head.
    pub(crate) fn of(
        vs: &nn::VarStore,
        clip: &mut Clip,
        joint_head: Option<&JointHead>,
        config: &ModelConfig,
        hyper: &Hyperparameters,
    ) -> Self {
        let n_blocks = hyper.freeze_blocks as usize;
        let frozen = FreezeConfig {
            n_image_blocks: n_blocks,
            n_text_blocks: n_blocks,
        };
        clip.freeze(vs, frozen);
        let lora = hyper.lora.map(|lora| {
            let changes = nn::VarStore::new(vs.device());
            clip.add_lora(vs, &changes.root(), &lora, hyper.seed);
            changes
        });
        let moving = vs
            .variables()
            .into_iter()
            .filter(|(_, tensor)| tensor.requires_grad());
        let mut tensors: BTreeMap<String, Tensor> = moving.collect();
        tensors.extend(lora.iter().flat_map(nn::VarStore::variables));
        tensors.extend(joint_head.into_iter().flat_map(JointHead::parameters));
        Self {
            tensors,
            n_blocks: (config.vision().n_blocks, config.text().n_blocks),
            is_lora: lora.is_some(),
            _lora: lora,
        }
    }

    /// Their optimizer.
    pub(crate) fn optimizer(&self, hyper: &Hyperparameters) -> Optimizer {
        let config = AdamWConfig {
            weight_decay: hyper.weight_decay,
            ..AdamWConfig::default()
        };
        let parameters = self
            .tensors
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        Optimizer::new(parameters, config, |name| share(name, self.n_blocks, hyper))
    }

    /// The parameters, by name.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.values()
    }

    /// Those whose gradient is a sum over videos, of which each of several processes has a part. The text tower is gone
    /// through by each with the whole gradient of its output.
    pub(crate) fn of_videos(&self) -> impl Iterator<Item = &Tensor> {
        let is_of_texts = |name: &str| matches!(place_of(name), Some((Tower::Text, _)));
        let named = self.tensors.iter();
        named.filter_map(move |(name, tensor)| (!is_of_texts(name)).then_some(tensor))
    }

    /// The largest difference of a number to those of `values`.
    pub(crate) fn largest_difference(&self, values: &BTreeMap<String, Tensor>) -> f64 {
        let of_one = |(tensor, value): (&Tensor, &Tensor)| {
            no_grad(|| (tensor - value).abs().max().double_value(&[]))
        };
        let pairs = self.tensors.values().zip(values.values());
        pairs.map(of_one).fold(
            0.0,
            |most, it| if it > most || it.is_nan() { it } else { most },
        )
    }

    /// Copies of their values.
    pub(crate) fn copies(&self) -> BTreeMap<String, Tensor> {
        no_grad(|| {
            self.tensors
                .iter()
                .map(|(name, tensor)| (name.clone(), tensor.detach().copy()))
                .collect()
        })
    }

    /// Sets their values.
    pub(crate) fn load(&self, values: &BTreeMap<String, Tensor>) -> anyhow::Result<()> {
        ensure!(
            values.len() == self.tensors.len(),
            "the values belong to other parameters"
        );
        for (name, tensor) in &self.tensors {
            let value = values
                .get(name)
                .with_context(|| format!("{name} has no value"))?;
            ensure!(value.size() == tensor.size(), "{name} has another shape");
            no_grad(|| tensor.shallow_clone().copy_(value));
        }
        Ok(())
    }

    /// Merges adapters into the weights beside them.
    pub(crate) fn merge(&self, clip: &mut Clip) {
        if self.is_lora {
            clip.merge_lora();
        }
    }
}

/// How a parameter is trained. Muon only gets the matrices of the blocks, where it was tried. Layer-wise decay gives
/// layers near the input a lower learning rate (Dong et al. 2022, arXiv 2212.06138).
fn share(name: &str, n_blocks: (i64, i64), hyper: &Hyperparameters) -> Share {
    let place = place_of(name);
    let is_matrix_of_block = matches!(place, Some((_, Place::Block(_))))
        && name.ends_with(".weight")
        && !name.contains("layer_norm")
        // Towers of timm have kernels and norms of other names, and Muon was not tried on them.
        && !name.starts_with("visual.")
        && !name.contains("lora");
    let tower = match place {
        Some((Tower::Text, _)) => hyper.text_lr_factor,
        None if ["logit_scale", "logit_bias"].contains(&name) => hyper.scale_lr_factor,
        Some((Tower::Vision, _)) | None => 1.0,
    };
    let n = match place {
        Some((Tower::Text, _)) => n_blocks.1,
        Some((Tower::Vision, _)) | None => n_blocks.0,
    };
    let depth = match place {
        Some((_, Place::Block(block))) => n - block as i64,
        Some((_, Place::Embeddings)) => n + 1,
        Some((_, Place::Head)) | None => 0,
    };
    Share {
        lr_factor: tower * hyper.layer_decay.powi(depth as i32),
        rule: if is_matrix_of_block {
            hyper.optimizer
        } else {
            Rule::AdamW
        },
    }
}

/// An exponential moving average of the parameters. It generalizes better than the parameters (Polyak & Juditsky 1992).
pub(crate) struct WeightAverage {
    decay: f64,
    tensors: BTreeMap<String, Tensor>,
}

impl WeightAverage {
    /// Of what is trained; empty where `decay` is 0.
    pub(crate) fn of(trained: &Trained, decay: f64) -> Self {
        Self {
            decay,
            tensors: if decay > 0.0 {
                trained.copies()
            } else {
                BTreeMap::new()
            },
        }
    }

    /// Updates the average after step `step`, from 0. The decay grows from 0.1, so that early weights count for little.
    pub(crate) fn follow(&mut self, trained: &Trained, step: usize) {
        if self.tensors.is_empty() {
            return;
        }
        let step = step as f64;
        let decay = self.decay.min((1.0 + step) / (10.0 + step));
        // Both are sorted by name.
        let pairs = self.tensors.values().zip(trained.tensors.values());
        lerp_all(pairs, 1.0 - decay).expect("an average is made like its parameters");
    }

    /// Runs `what` with the average in place of the parameters.
    pub(crate) fn instead<T>(
        &self,
        trained: &Trained,
        what: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if self.tensors.is_empty() {
            return what();
        }
        let kept = trained.copies();
        trained.load(&self.tensors)?;
        let result = what();
        trained.load(&kept)?;
        result
    }

    /// Copies of the weights that validation uses.
    pub(crate) fn weights(&self, trained: &Trained) -> BTreeMap<String, Tensor> {
        if self.tensors.is_empty() {
            return trained.copies();
        }
        let copies = self
            .tensors
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.copy()));
        copies.collect()
    }

    /// The state for a snapshot.
    pub(crate) fn state(&self) -> BTreeMap<String, Tensor> {
        let tensors = self.tensors.iter();
        tensors
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect()
    }

    /// Restores the state of a snapshot.
    pub(crate) fn load(&mut self, state: &BTreeMap<String, Tensor>) -> anyhow::Result<()> {
        ensure!(
            state.keys().eq(self.tensors.keys()),
            "the average belongs to other parameters"
        );
        for (name, tensor) in &mut self.tensors {
            tensor.copy_(&state[name]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_near_the_input_get_a_lower_learning_rate() {
        let hyper = Hyperparameters {
            layer_decay: 0.5,
            text_lr_factor: 0.1,
            ..Hyperparameters::small()
        };
        let factor = |name: &str| share(name, (12, 4), &hyper).lr_factor;
        let check = |name: &str, expected: f64| {
            assert!(
                (factor(name) / expected - 1.0).abs() < 1e-9,
                "{name}: {}",
                factor(name)
            );
        };
        check("visual_projection.weight", 1.0);
        check("vision_model.encoder.layers.11.mlp.fc1.weight", 0.5);
        check(
            "vision_model.encoder.layers.0.mlp.fc1.weight",
            0.5_f64.powi(12),
        );
        check(
            "vision_model.embeddings.patch_embedding.weight",
            0.5_f64.powi(13),
        );
        check("text_model.encoder.layers.3.mlp.fc1.bias", 0.05);
        check("text_projection.weight", 0.1);
    }
}
