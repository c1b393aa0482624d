//! The names and shapes of all parameters that a configuration asks for.
//!
//! A file is checked against them before a model is allocated, so that a configuration with huge numbers costs an error message,
//! not the machine's memory. A test keeps them equal to the parameters that [`crate::model::clip::Clip::new`] makes.

use std::collections::BTreeMap;

use crate::model::config::ClipConfig;

/// Shapes by Hugging Face's names.
pub(crate) type Shapes = BTreeMap<String, Vec<i64>>;

/// What [`crate::model::clip::Clip::new`] would make of `config`.
pub(crate) fn parameter_shapes(config: &ClipConfig) -> Shapes {
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
        (
            "text_model.embeddings.token_embedding.weight",
            &[text.vocab_size, text.hidden_size],
        ),
        (
            "text_model.embeddings.position_embedding.weight",
            &[text.max_position_embeddings, text.hidden_size],
        ),
        ("vision_model.embeddings.class_embedding", &[width]),
        ("vision_model.embeddings.patch_embedding.weight", &patch),
        (
            "vision_model.embeddings.position_embedding.weight",
            &[n_positions, width],
        ),
    ] {
        shapes.insert(name.to_owned(), shape.to_vec());
    }
    norm(&mut shapes, "text_model.final_layer_norm", text.hidden_size);
    // The checkpoint's own spelling.
    norm(&mut shapes, "vision_model.pre_layrnorm", width);
    norm(&mut shapes, "vision_model.post_layernorm", width);
    blocks(
        &mut shapes,
        "text_model",
        text.num_hidden_layers,
        text.hidden_size,
        text.intermediate_size,
    );
    blocks(
        &mut shapes,
        "vision_model",
        vision.num_hidden_layers,
        width,
        vision.intermediate_size,
    );
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
        linear(shapes, &format!("{block}.mlp.fc1"), intermediate, width);
        linear(shapes, &format!("{block}.mlp.fc2"), width, intermediate);
    }
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

    #[test]
    fn they_are_those_of_a_model() {
        let mut config = scratch_config("tiny", 300).expect("a known size");
        config.text_config.num_hidden_layers = 2;
        config.vision_config.intermediate_size = 40;
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
