//! The names and shapes of all parameters that a configuration asks for.
//!
//! A file is checked against them before a model is allocated, so that a configuration with huge numbers costs an error
//! message, not the machine's memory. A test keeps them equal to the parameters that [`crate::model::clip::Clip::new`]
//! makes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::model::clip_config::ClipConfig;
use crate::model::config::ModelConfig;
use crate::model::params::Params;
use crate::model::siglip_config::SiglipConfig;
use crate::model::timm_config::TimmConfig;
use crate::model::timm_vision::TimmVision;

/// Shapes by the names of parameters.
pub(crate) type Shapes = BTreeMap<String, Vec<i64>>;

/// What [`crate::model::clip::Clip::new`] would make of `config`.
pub(crate) fn parameter_shapes(config: &ModelConfig) -> Shapes {
    match config {
        ModelConfig::Clip(config) => clip(config),
        ModelConfig::Siglip(config) => siglip(config),
        ModelConfig::Timm(config) => timm(config),
    }
}

fn clip(config: &ClipConfig) -> Shapes {
    let (text, vision) = (&config.text_config, &config.vision_config);
    let patches_a_side = vision.image_size / vision.patch_size;
    let n_positions = patches_a_side * patches_a_side + 1;
    let width = vision.hidden_size;
    let patch = [
        width,
        vision.num_channels,
        vision.patch_size,
        vision.patch_size,
    ];
    let mut shapes = Shapes::new();
    for (name, shape) in [
        ("logit_scale", &[] as &[i64]),
        (
            "text_projection.weight",
            &[config.projection_dim, text.hidden_size],
        ),
        ("visual_projection.weight", &[config.projection_dim, width]),
        ("vision_model.embeddings.class_embedding", &[width]),
        ("vision_model.embeddings.patch_embedding.weight", &patch),
        (
            "vision_model.embeddings.position_embedding.weight",
            &[n_positions, width],
        ),
    ] {
        shapes.insert(name.to_owned(), shape.to_vec());
    }
    // The checkpoint's own spelling.
    norm(&mut shapes, "vision_model.pre_layrnorm", width);
    norm(&mut shapes, "vision_model.post_layernorm", width);
    shapes.extend(text_body(
        [text.vocab_size, text.max_position_embeddings],
        text.num_hidden_layers,
        text.hidden_size,
        text.intermediate_size,
    ));
    blocks(
        &mut shapes,
        "vision_model",
        vision.num_hidden_layers,
        width,
        vision.intermediate_size,
    );
    shapes
}

fn timm(config: &TimmConfig) -> Shapes {
    let text = &config.text_config;
    let shapes = RefCell::default();
    let _tower = TimmVision::new(&Params::outline(&shapes), config);
    let mut shapes = shapes.into_inner();
    for (name, shape) in [
        ("logit_scale", &[] as &[i64]),
        (
            "text_projection.weight",
            &[config.projection_dim, text.hidden_size],
        ),
    ] {
        shapes.insert(name.to_owned(), shape.to_vec());
    }
    shapes.extend(text_body(
        [text.vocab_size, text.max_position_embeddings],
        text.num_hidden_layers,
        text.hidden_size,
        text.intermediate_size,
    ));
    shapes
}

fn siglip(config: &SiglipConfig) -> Shapes {
    let (text, vision) = (&config.text_config, &config.vision_config);
    let (width, side) = (vision.hidden_size, vision.patch_size);
    let mut shapes = Shapes::new();
    for (name, shape) in [
        ("logit_scale", &[1_i64] as &[i64]),
        ("logit_bias", &[1_i64]),
        (
            "vision_model.embeddings.patch_embedding.weight",
            &[width, vision.num_channels, side, side],
        ),
        ("vision_model.embeddings.patch_embedding.bias", &[width]),
        (
            "vision_model.embeddings.position_embedding.weight",
            &[(vision.image_size / side).pow(2), width],
        ),
        ("vision_model.head.probe", &[1, 1, width]),
        (
            "vision_model.head.attention.in_proj_weight",
            &[3 * width, width],
        ),
        ("vision_model.head.attention.in_proj_bias", &[3 * width]),
    ] {
        shapes.insert(name.to_owned(), shape.to_vec());
    }
    linear(&mut shapes, "text_model.head", width, text.hidden_size);
    norm(&mut shapes, "vision_model.post_layernorm", width);
    pooling_head(&mut shapes, width, vision.intermediate_size);
    shapes.extend(text_body(
        [text.vocab_size, text.max_position_embeddings],
        text.num_hidden_layers,
        text.hidden_size,
        text.intermediate_size,
    ));
    blocks(
        &mut shapes,
        "vision_model",
        vision.num_hidden_layers,
        width,
        vision.intermediate_size,
    );
    shapes
}

/// The attention that pools patches, but for its joint projection and its query.
fn pooling_head(shapes: &mut Shapes, width: i64, intermediate: i64) {
    let head = "vision_model.head";
    linear(shapes, &format!("{head}.attention.out_proj"), width, width);
    norm(shapes, &format!("{head}.layernorm"), width);
    mlp(shapes, head, width, intermediate);
}

/// The embeddings, blocks and last norm of a text tower. `rows` are those of the two embeddings: tokens and positions.
fn text_body(rows: [i64; 2], n_layers: i64, width: i64, intermediate: i64) -> Shapes {
    let mut shapes = Shapes::new();
    let names = ["token_embedding", "position_embedding"];
    for (name, n) in names.into_iter().zip(rows) {
        shapes.insert(
            format!("text_model.embeddings.{name}.weight"),
            vec![n, width],
        );
    }
    norm(&mut shapes, "text_model.final_layer_norm", width);
    blocks(&mut shapes, "text_model", n_layers, width, intermediate);
    shapes
}

fn blocks(shapes: &mut Shapes, tower: &str, n_layers: i64, width: i64, intermediate: i64) {
    for layer in 0..n_layers {
        let block = format!("{tower}.encoder.layers.{layer}");
        norm(shapes, &format!("{block}.layer_norm1"), width);
        norm(shapes, &format!("{block}.layer_norm2"), width);
        for name in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            linear(shapes, &format!("{block}.self_attn.{name}"), width, width);
        }
        mlp(shapes, &block, width, intermediate);
    }
}

fn mlp(shapes: &mut Shapes, of: &str, width: i64, intermediate: i64) {
    linear(shapes, &format!("{of}.mlp.fc1"), intermediate, width);
    linear(shapes, &format!("{of}.mlp.fc2"), width, intermediate);
}

fn norm(shapes: &mut Shapes, name: &str, width: i64) {
    shapes.insert(format!("{name}.weight"), vec![width]);
    shapes.insert(format!("{name}.bias"), vec![width]);
}

fn linear(shapes: &mut Shapes, name: &str, n_out: i64, n_in: i64) {
    shapes.insert(format!("{name}.weight"), vec![n_out, n_in]);
    shapes.insert(format!("{name}.bias"), vec![n_out]);
}

#[cfg(test)]
mod tests {
    use tch::{Device, nn};

    use super::*;
    use crate::model::clip::Clip;
    use crate::model::scratch::scratch_config;
    use crate::model::timm_config::with_tower;

    #[test]
    fn they_are_those_of_a_model() {
        let mut clip = scratch_config("tiny", 300).expect("a known size");
        clip.text_config.num_hidden_layers = 2;
        clip.vision_config.intermediate_size = 40;
        let mut siglip = SiglipConfig::default();
        siglip.text_config.num_hidden_layers = 1;
        siglip.text_config.hidden_size = 36;
        (
            siglip.vision_config.num_hidden_layers,
            siglip.vision_config.hidden_size,
        ) = (2, 24);
        let vit = with_tower("vit_pe_core_tiny_patch16_384", 384);
        let fastvit = with_tower("fastvit_mci0", 256);
        let all = [
            ModelConfig::from(clip),
            siglip.into(),
            vit.into(),
            fastvit.into(),
        ];
        for config in all {
            let vs = nn::VarStore::new(Device::Cpu);
            let _clip = Clip::new(&vs.root(), &config);
            let made: Shapes = vs
                .variables()
                .into_iter()
                .map(|(name, parameter)| (name, parameter.size()))
                .collect();
            assert_eq!(parameter_shapes(&config), made);
        }
    }
}
