//! What the configurations of all architectures have in common: bounds of numbers, and checks.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use wo_input::Fields;

/// Why a `config.json` cannot be used: the field, and what is expected of it.
#[derive(Debug, thiserror::Error)]
#[error("config.json: {0}")]
pub struct ConfigError(pub(crate) String);

/// The values of one number. Far above any existing model, and low enough that products of two cannot overflow.
pub(crate) const SANE: RangeInclusive<i64> = 1..=1_000_000;
/// What may be added to a variance.
pub(crate) const EPSILONS: RangeInclusive<f64> = 0.0..=0.1;
/// Logarithms of a logit scale: a model is sure of all or of nothing long before.
pub(crate) const LOGIT_SCALES: RangeInclusive<f64> = -20.0..=20.0;
/// The objects of a `config.json` of transformers that hold the sizes of the text and of the vision tower.
pub(crate) const TOWERS: [&str; 2] = ["text_config", "vision_config"];
/// The activation function of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`, of OpenAI's models.
    QuickGelu,
    /// The exact Gaussian error linear unit, of LAION's models.
    Gelu,
    /// Its approximation by the hyperbolic tangent, of SigLIP.
    GeluPytorchTanh,
}

/// Checks the numbers that each tower has, and `more`; those that are missing aside.
pub(crate) fn check_tower(tower: &Fields<'_>, more: &[&str]) -> Result<(), String> {
    let of_both = [
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
    ];
    for name in of_both.iter().chain(more) {
        tower.whole(name, SANE)?;
    }
    tower.number("layer_norm_eps", EPSILONS).map(drop)
}

/// Checks that the heads of a tower share its width.
pub(crate) fn check_heads(tower: &str, width: i64, heads: i64) -> Result<(), String> {
    if width % heads == 0 {
        return Ok(());
    }
    Err(format!(
        "{tower}.hidden_size is {width}, and a multiple of num_attention_heads, which is {heads}, is expected"
    ))
}

/// Checks that an image has at least one patch.
pub(crate) fn check_patches(patch_size: i64, image_size: i64) -> Result<(), String> {
    if patch_size <= image_size {
        return Ok(());
    }
    Err(format!(
        "vision_config.patch_size is {patch_size}, and no more than image_size, which is {image_size}, is expected"
    ))
}
