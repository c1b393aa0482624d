//! Small models with random weights, for machines that cannot fetch weights.

use tch::{Kind, Tensor, nn, no_grad};

use crate::model::clip_config::{ClipConfig, TextConfig, VisionConfig};
use crate::model::config::ModelConfig;
use crate::model::place::{Tower, place_of};
use crate::model::siglip_config::SiglipConfig;
use crate::model::sizes::Activation;

/// The shape of `scratch:tiny` or `scratch:small` for a vocabulary; `None` for another name.
///
/// `tiny` has about 2 million parameters and an input of 96 x 96 pixels: an epoch over a hundred videos takes seconds
/// on two cores. `small` has about 11 million.
pub fn scratch_config(name: &str, vocabulary_size: usize) -> Option<ClipConfig> {
    let (vision_width, vision_layers, text_width, text_layers, projection_dim) = match name {
        "tiny" => (128, 6, 128, 3, 128),
        "small" => (256, 10, 192, 6, 192),
        _ => return None,
    };
    let vocab_size = vocabulary_size as i64;
    // As in CLIP, the MLP is four times as wide as the tower. Heads are 32 wide, not 64, or there would be only two.
    let head_width = 32;
    Some(ClipConfig {
        text_config: TextConfig {
            vocab_size,
            hidden_size: text_width,
            intermediate_size: 4 * text_width,
            num_hidden_layers: text_layers,
            num_attention_heads: text_width / head_width,
            max_position_embeddings: 77,
            hidden_act: Activation::Gelu,
            eos_token_id: vocab_size - 1,
            ..TextConfig::default()
        },
        vision_config: VisionConfig {
            hidden_size: vision_width,
            intermediate_size: 4 * vision_width,
            num_hidden_layers: vision_layers,
            num_attention_heads: vision_width / head_width,
            image_size: 96,
            patch_size: 16,
            hidden_act: Activation::Gelu,
            ..VisionConfig::default()
        },
        projection_dim,
        ..ClipConfig::default()
    })
}

/// Initializes a model as CLIP does (openai/CLIP `model.py`, `initialize_parameters`). It visits parameters in the
/// order of their names, so that a seed always gives the same weights.
pub(crate) fn initialise(vs: &nn::VarStore, config: &ModelConfig, seed: u64) {
    tch::manual_seed(seed as i64);
    let mut parameters: Vec<(String, Tensor)> = vs.variables().into_iter().collect();
    parameters.sort_by(|a, b| a.0.cmp(&b.0));
    no_grad(|| {
        for (name, mut parameter) in parameters {
            match deviation(&name, config) {
                Some(deviation) => {
                    let fresh = Tensor::randn(parameter.size(), (Kind::Float, parameter.device()))
                        * deviation;
                    parameter.copy_(&fresh);
                }
                None if name.starts_with("vision_model.embeddings.position") => {
                    let shape = config.vision();
                    let n_others = shape.n_positions - shape.patches_a_side.pow(2);
                    parameter.copy_(&waves(&parameter.size(), n_others as usize));
                }
                None if name == "logit_scale" => {
                    drop(parameter.fill_(config.initial_logit_scale()));
                }
                None if name == "logit_bias" => {
                    drop(parameter.fill_(SiglipConfig::INITIAL_LOGIT_BIAS));
                }
                None if name.ends_with("bias") => drop(parameter.fill_(0.0)),
                // The others are the weights of layer norms.
                None => drop(parameter.fill_(1.0)),
            }
        }
    });
}

/// Sine-cosine position embeddings of each patch's column and row, `[others + patches, width]`, zero for a class token. A
/// small tower then knows from the first step which patches are neighbours (Beyer et al. 2022, arXiv 2205.01580,
/// section 3).
///
/// Wavelengths suit an image of few patches: from half of its side to four times its side.
fn waves(size: &[i64], n_others: usize) -> Tensor {
    /// Radians over the side of the image.
    const MOST: f64 = 12.0;
    const LEAST: f64 = 1.5;
    let (n_positions, width) = (size[0] as usize, size[1] as usize);
    let side = ((n_positions - n_others) as f64).sqrt() as usize;
    let n_waves = width / 4;
    let mut values = vec![0.0_f32; n_positions * width];
    for (patch, row) in values[n_others * width..].chunks_mut(width).enumerate() {
        for wave in 0..n_waves {
            let part = wave as f64 / (n_waves - 1).max(1) as f64;
            let frequency = MOST * (LEAST / MOST).powf(part) / side as f64;
            let (x, y) = (
                (patch % side) as f64 * frequency,
                (patch / side) as f64 * frequency,
            );
            for (quarter, value) in [x.sin(), x.cos(), y.sin(), y.cos()].into_iter().enumerate() {
                row[quarter * n_waves + wave] = value as f32;
            }
        }
    }
    Tensor::from_slice(&values).view(size)
}

/// The standard deviation of the initial values of a parameter; `None` for a constant.
fn deviation(name: &str, config: &ModelConfig) -> Option<f64> {
    let (vision, text) = (config.vision(), config.text());
    let is_text = matches!(place_of(name), Some((Tower::Text, _)));
    let (hidden, n_layers) = if is_text {
        (text.hidden_size as f64, text.n_blocks as f64)
    } else {
        (vision.hidden_size as f64, vision.n_blocks as f64)
    };
    let parts: Vec<&str> = name.rsplit('.').take(2).collect();
    match parts.as_slice() {
        ["weight", "token_embedding" | "patch_embedding"] => Some(0.02),
        ["weight", "position_embedding"] if is_text => Some(0.01),
        ["class_embedding" | "probe" | "in_proj_weight", _]
        | [
            "weight",
            "head" | "q_proj" | "k_proj" | "v_proj" | "text_projection" | "visual_projection",
        ] => Some(hidden.powf(-0.5)),
        ["weight", "out_proj" | "fc2"] => Some(hidden.powf(-0.5) * (2.0 * n_layers).powf(-0.5)),
        ["weight", "fc1"] => Some((2.0 * hidden).powf(-0.5)),
        _ => None,
    }
}
