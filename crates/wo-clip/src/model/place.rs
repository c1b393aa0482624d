//! Where in a model a parameter is, by its name: which tower, and how far from the input.

/// One of the two halves of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tower {
    /// The one of images.
    Vision,
    /// The one of texts.
    Text,
}

/// How far from the input of its tower a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the blocks.
    Embeddings,
    /// In the block of this number, from the input.
    Block(usize),
    /// Behind the blocks: norms, pooling and projection.
    Head,
}

/// Where the parameter of this name is; also of an adapter beside one. `None` for a parameter of neither tower, such as
/// the logit scale.
pub fn place_of(name: &str) -> Option<(Tower, Place)> {
    let (tower, part) = if let Some(part) = name.strip_prefix("vision_model.") {
        (Tower::Vision, part)
    } else if let Some(part) = name.strip_prefix("text_model.") {
        (Tower::Text, part)
    } else if let Some(part) = name.strip_prefix("visual.trunk.") {
        return Some((Tower::Vision, place_of_timm(part)));
    } else if name.starts_with("visual_projection.") {
        return Some((Tower::Vision, Place::Head));
    } else if name.starts_with("text_projection.") {
        return Some((Tower::Text, Place::Head));
    } else {
        return None;
    };
    let block = part
        .strip_prefix("encoder.layers.")
        .and_then(|part| part.split_once('.')?.0.parse().ok());
    let place = match block {
        Some(block) => Place::Block(block),
        None if part.starts_with("embeddings.") || part.starts_with("pre_layrnorm.") => {
            Place::Embeddings
        }
        None => Place::Head,
    };
    Some((tower, place))
}

/// The place in a vision tower of timm. Blocks of FastViT are its stages.
fn place_of_timm(part: &str) -> Place {
    let block = ["blocks.", "stages."]
        .into_iter()
        .find_map(|row| part.strip_prefix(row)?.split_once('.')?.0.parse().ok());
    let is_embedding = [
        "cls_token",
        "pos_embed",
        "patch_embed.",
        "norm_pre.",
        "stem.",
    ]
    .into_iter()
    .any(|start| part.starts_with(start));
    match block {
        Some(block) => Place::Block(block),
        None if is_embedding => Place::Embeddings,
        None => Place::Head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clip_config::ClipConfig;
    use crate::model::config::ModelConfig;
    use crate::model::shapes::parameter_shapes;
    use crate::model::siglip_config::SiglipConfig;
    use crate::model::timm_config::with_tower;

    #[test]
    fn each_parameter_of_each_architecture_has_its_place() {
        let configs: [(ModelConfig, usize); 4] = [
            (ClipConfig::default().into(), 1),
            (SiglipConfig::default().into(), 2),
            (with_tower("vit_base_mci_224", 224).into(), 1),
            (with_tower("fastvit_mci3", 256).into(), 1),
        ];
        for (config, n_outside) in configs {
            let shapes = parameter_shapes(&config);
            let n_outside_found = shapes.keys().filter(|it| place_of(it).is_none()).count();
            assert_eq!(n_outside_found, n_outside, "{}", config.name());
            for (tower, n_blocks) in [
                (Tower::Vision, config.vision().n_blocks),
                (Tower::Text, config.text().n_blocks),
            ] {
                let has = |place| {
                    let mut places = shapes.keys().filter_map(|name| place_of(name));
                    places.any(|it| it == (tower, place))
                };
                let n_blocks = n_blocks as usize;
                assert!(has(Place::Embeddings) && has(Place::Head), "{tower:?}");
                assert!((0..n_blocks).all(|block| has(Place::Block(block))));
                assert!(!has(Place::Block(n_blocks)));
            }
        }
    }
}
