//! open_clip's names of CLIP's tensors.
//!
//! open_clip has the three projections of attention in one tensor and its two projections the other way round
//! (`open_clip/model.py`; `convert_clip_original_pytorch_to_hf.py` of transformers has the same map).

use crate::checkpoint::source::{Part, Source};

/// The source of `parameter`, given by Hugging Face's name.
pub(crate) fn source(parameter: &str) -> Source {
    if let Some(source) = block_source(parameter) {
        return source;
    }
    match parameter {
        "visual_projection.weight" => Source::new("visual.proj".to_owned(), Part::Transposed),
        "text_projection.weight" => Source::new("text_projection".to_owned(), Part::Transposed),
        _ => {
            let renamed = RENAMED.iter().find_map(|(ours, theirs)| {
                Some(format!("{theirs}{}", parameter.strip_prefix(ours)?))
            });
            Source::new(renamed.unwrap_or_else(|| parameter.to_owned()), Part::Whole)
        }
    }
}

/// Prefixes of names outside the blocks: ours and open_clip's.
const RENAMED: [(&str, &str); 8] = [
    (
        "vision_model.embeddings.class_embedding",
        "visual.class_embedding",
    ),
    ("vision_model.embeddings.patch_embedding", "visual.conv1"),
    (
        "vision_model.embeddings.position_embedding.weight",
        "visual.positional_embedding",
    ),
    ("vision_model.pre_layrnorm", "visual.ln_pre"),
    ("vision_model.post_layernorm", "visual.ln_post"),
    ("text_model.embeddings.token_embedding", "token_embedding"),
    (
        "text_model.embeddings.position_embedding.weight",
        "positional_embedding",
    ),
    ("text_model.final_layer_norm", "ln_final"),
];

/// The same for names in a block; `None` for others.
pub(crate) fn block_source(parameter: &str) -> Option<Source> {
    let (tower, rest) = parameter.split_once(".encoder.layers.")?;
    let (layer, name) = rest.split_once('.')?;
    let (module, kind) = name.rsplit_once('.')?;
    let (name, part) = match module {
        "layer_norm1" => (format!("ln_1.{kind}"), Part::Whole),
        "layer_norm2" => (format!("ln_2.{kind}"), Part::Whole),
        "self_attn.q_proj" => (format!("attn.in_proj_{kind}"), Part::Third(0)),
        "self_attn.k_proj" => (format!("attn.in_proj_{kind}"), Part::Third(1)),
        "self_attn.v_proj" => (format!("attn.in_proj_{kind}"), Part::Third(2)),
        "self_attn.out_proj" => (format!("attn.out_proj.{kind}"), Part::Whole),
        "mlp.fc1" => (format!("mlp.c_fc.{kind}"), Part::Whole),
        "mlp.fc2" => (format!("mlp.c_proj.{kind}"), Part::Whole),
        _ => return None,
    };
    let tower = if tower == "vision_model" {
        "visual."
    } else {
        ""
    };
    Some(Source::new(
        format!("{tower}transformer.resblocks.{layer}.{name}"),
        part,
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::clip_config::ClipConfig;
    use crate::model::shapes::parameter_shapes;

    #[test]
    fn no_parameter_keeps_our_name_and_none_is_named_twice() {
        let mut seen = BTreeSet::new();
        for name in parameter_shapes(&ClipConfig::default().into()).into_keys() {
            let Source { tensor, part, .. } = source(&name);
            assert!(
                name == "logit_scale" || !tensor.contains("_model") && tensor != name,
                "{name} is still {tensor}"
            );
            let third = match part {
                Part::Third(third) => third,
                Part::Whole | Part::Transposed | Part::OnlyRow => 0,
            };
            assert!(seen.insert((tensor, third)), "{name}");
        }
        // The tensors of open_clip's ViT-B-32: 12 for each of 24 blocks, and 14 others.
        let tensors: BTreeSet<_> = seen.into_iter().map(|(tensor, _)| tensor).collect();
        assert_eq!(tensors.len(), 12 * 24 + 14);
    }
}
