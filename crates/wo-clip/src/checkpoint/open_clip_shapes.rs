//! Infers the configuration of open_clip's weights from their shapes, where no file has it.
//!
//! Shapes tell widths, depths, patch size, image size, text length and vocabulary size. They do not tell how wide a
//! head is: all of OpenAI's and open_clip's CLIPs up to ViT-L have heads of 64, and larger ones have others, so larger
//! ones need their configuration. Nor do they tell the activation: without a configuration it is the Gaussian error
//! linear unit, as in open_clip itself where `quick_gelu` is not set. OpenAI's weights, and those that began with them,
//! have `"quick_gelu": true` in their configuration and are wrong without it.

use anyhow::{Context, anyhow, ensure};
use wo_cli::Hint;

use crate::checkpoint::open_clip_config::HEAD_WIDTH;
use crate::checkpoint::weights::Tensors;
use crate::model::clip_config::{ClipConfig, TextConfig, VisionConfig};
use crate::model::sizes::Activation;

/// The widest tower whose heads are always 64 wide, that of ViT-L. ViT-H is 1280 wide and has heads of 80.
const WIDEST_KNOWN: i64 = 1024;

/// The configuration of weights with open_clip's names, with the assumptions that the head of this file lists.
pub(crate) fn config_of_shapes(tensors: &Tensors<'_>) -> anyhow::Result<ClipConfig> {
    let size = |name: &str, place: usize| -> anyhow::Result<i64> {
        let tensor = tensors
            .get(name)
            .with_context(|| format!("{name} is not there"))?;
        let side = tensor.shape().get(place);
        Ok(*side.with_context(|| format!("{name} has the shape {:?}", tensor.shape()))? as i64)
    };
    let n_layers = |prefix: &str| {
        let norm = |layer: &usize| format!("{prefix}transformer.resblocks.{layer}.ln_1.weight");
        (0..tensors.len())
            .take_while(|layer| tensors.contains_key(&norm(layer)))
            .count() as i64
    };
    let inner = |prefix: &str| {
        size(
            &format!("{prefix}transformer.resblocks.0.mlp.c_fc.weight"),
            0,
        )
    };
    let (width, text_width) = (
        size("visual.conv1.weight", 0)?,
        size("token_embedding.weight", 1)?,
    );
    let patch_size = size("visual.conv1.weight", 2)?;
    let n_patches = size("visual.positional_embedding", 0)? - 1;
    let patches_a_side = n_patches.max(0).isqrt();
    ensure!(
        patches_a_side * patches_a_side == n_patches,
        "visual.positional_embedding is of {n_patches} patches, which make no square"
    );
    let hidden_act = Activation::Gelu;
    let config = ClipConfig {
        vision_config: VisionConfig {
            hidden_size: width,
            intermediate_size: inner("visual.")?,
            num_hidden_layers: n_layers("visual."),
            num_attention_heads: n_heads(width, "vision")?,
            image_size: patches_a_side.saturating_mul(patch_size),
            patch_size,
            hidden_act,
            ..VisionConfig::default()
        },
        text_config: TextConfig {
            vocab_size: size("token_embedding.weight", 0)?,
            hidden_size: text_width,
            intermediate_size: inner("")?,
            num_hidden_layers: n_layers(""),
            num_attention_heads: n_heads(text_width, "text")?,
            max_position_embeddings: size("positional_embedding", 0)?,
            hidden_act,
            ..TextConfig::default()
        },
        projection_dim: size("visual.proj", 1)?,
        ..ClipConfig::default()
    };
    config.check().map_err(anyhow::Error::msg)?;
    Ok(config)
}

fn n_heads(width: i64, tower: &str) -> anyhow::Result<i64> {
    if width <= WIDEST_KNOWN && width % HEAD_WIDTH == 0 {
        return Ok(width / HEAD_WIDTH);
    }
    Err(anyhow!(
        "the {tower} tower is {width} wide, and shapes do not tell how wide its heads are"
    ))
    .hint("put the model's open_clip_config.json beside its weights")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use safetensors::tensor::{Dtype, TensorView};

    use super::*;
    use crate::checkpoint::naming::Naming;
    use crate::checkpoint::weights::tensors_of;
    use crate::model::shapes::parameter_shapes;

    /// The bytes of weights of 16-bit zeros with open_clip's names.
    fn weights(config: &ClipConfig) -> Vec<u8> {
        let mut tensors = BTreeMap::new();
        for (name, shape) in parameter_shapes(&config.clone().into()) {
            let source = Naming::OpenClip.source(&name);
            let shape: Vec<usize> = source
                .part
                .whole_shape(&shape)
                .into_iter()
                .map(|n| n as usize)
                .collect();
            tensors.insert(
                source.tensor,
                (vec![0; 2 * shape.iter().product::<usize>()], shape),
            );
        }
        let views = tensors.iter().map(|(name, (bytes, shape))| {
            let view = TensorView::new(Dtype::F16, shape.clone(), bytes).expect("its bytes fit");
            (name, view)
        });
        safetensors::serialize(views, None).expect("all is well formed")
    }

    #[test]
    fn shapes_tell_what_they_can() {
        let mut config = ClipConfig {
            projection_dim: 24,
            ..ClipConfig::default()
        };
        let (text, vision) = (&mut config.text_config, &mut config.vision_config);
        (text.vocab_size, text.hidden_size, text.intermediate_size) = (10, 64, 96);
        (
            text.num_hidden_layers,
            text.num_attention_heads,
            text.max_position_embeddings,
        ) = (3, 1, 9);
        (
            vision.hidden_size,
            vision.intermediate_size,
            vision.num_hidden_layers,
        ) = (128, 160, 2);
        (
            vision.num_attention_heads,
            vision.image_size,
            vision.patch_size,
        ) = (2, 30, 10);
        (text.hidden_act, vision.hidden_act) = (Activation::Gelu, Activation::Gelu);
        let infer = |config: &ClipConfig| {
            let bytes = weights(config);
            config_of_shapes(&tensors_of(&bytes).expect("it is well formed"))
        };
        assert_eq!(infer(&config).expect("it is CLIP"), config);
        // As ViT-H: 16 heads of 80.
        config.vision_config.hidden_size = 1280;
        let message = wo_cli::message_of(&infer(&config).expect_err("not known")).shown();
        assert!(
            message.contains("1280 wide") && message.contains("open_clip_config.json"),
            "{message}"
        );
    }
}
