//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use std::io::Cursor;

use crate::checkpoint::pt_file::read_pt;
use crate::checkpoint::weights::{check_weights, tensors_of};
use crate::model::clip_config::{ClipConfig, TextConfig, VisionConfig};
use crate::model::siglip_config::SiglipConfig;

/// Reads a `.pt`. No bytes panic, and what comes out has no more bytes than went in, but for the names.
pub fn pt(bytes: &[u8]) {
    if let Ok((weights, texts)) = read_pt(Cursor::new(bytes)) {
        safetensors(&weights);
        let n_texts: usize = texts.values().map(String::len).sum();
        assert!(n_texts <= bytes.len());
    }
}

/// Looks at the names, types and shapes of a safetensors file. No bytes panic.
pub fn safetensors(bytes: &[u8]) {
    // A reason is as good as a fit: what counts is that there is an answer.
    let _ = tensors_of(bytes).and_then(|it| check_weights(&small(N_TOKENS).into(), &it));
}

/// Tokens of the model in `fuzz/seeds`.
const N_TOKENS: i64 = 32;

/// The smallest shape of a model, such as that in `fuzz/seeds`.
pub fn small(vocab_size: i64) -> ClipConfig {
    ClipConfig {
        text_config: TextConfig {
            vocab_size,
            hidden_size: 4,
            intermediate_size: 4,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            max_position_embeddings: 8,
            eos_token_id: vocab_size - 1,
            ..TextConfig::default()
        },
        vision_config: VisionConfig {
            hidden_size: 4,
            intermediate_size: 4,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            image_size: 8,
            patch_size: 4,
            ..VisionConfig::default()
        },
        projection_dim: 4,
        ..ClipConfig::default()
    }
}

/// The smallest shape of a SigLIP.
pub fn small_siglip(vocab_size: i64) -> SiglipConfig {
    let mut config = SiglipConfig::default();
    let (text, vision) = (&mut config.text_config, &mut config.vision_config);
    (text.vocab_size, text.max_position_embeddings) = (vocab_size, 8);
    (text.hidden_size, text.intermediate_size) = (4, 4);
    (text.num_hidden_layers, text.num_attention_heads) = (1, 2);
    (vision.hidden_size, vision.intermediate_size) = (4, 4);
    (vision.num_hidden_layers, vision.num_attention_heads) = (1, 2);
    (vision.image_size, vision.patch_size) = (8, 4);
    config
}

#[cfg(test)]
mod tests {
    use wo_testkit::mutation::for_each_mutation;

    #[test]
    fn changed_pt_files_stand() {
        for_each_mutation("pt", 2000, super::pt);
    }

    #[test]
    fn the_sample_fits() {
        let sample = include_bytes!("../../../fuzz/seeds/safetensors/small.safetensors");
        let tensors = super::tensors_of(sample).expect("it is well formed");
        super::check_weights(&super::small(super::N_TOKENS).into(), &tensors)
            .expect("it is a whole model");
    }

    #[test]
    fn changed_safetensors_stand() {
        for_each_mutation("safetensors", 2000, super::safetensors);
    }
}
