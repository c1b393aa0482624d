//! What training can do to the blocks of a tower.

use tch::nn;

use crate::model::lora::LoraConfig;

/// The blocks of a tower: what training can do to them, whatever they are.
pub(crate) trait Blocks {
    /// Marks the first blocks as frozen: no activations are kept for them. Their parameters are frozen by name.
    fn freeze(&mut self, n_frozen: usize);

    /// Whether the backward pass recomputes activations (gradient checkpointing).
    // A bool, as in the setters of PyTorch.
    fn set_checkpointing(&mut self, is_checkpointing: bool);

    /// Adds adapters to each block that is not frozen, under the names of the parameters that they adapt.
    fn add_lora(&mut self, adapters: &nn::Path<'_>, config: &LoraConfig);

    /// Merges the adapters into the parameters that they adapt.
    fn merge_lora(&mut self);

    /// Whether adapters apply dropout.
    // A bool, as in the setters of PyTorch.
    fn set_training(&mut self, is_training: bool);
}
