//! Where a file keeps the values of each parameter: under Hugging Face's names, which are ours, or under open_clip's.

use crate::checkpoint::source::{Part, Source};
use crate::checkpoint::{open_clip_names, open_clip_siglip};

/// Whose names the tensors of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Those of `CLIPModel` of transformers.
    HuggingFace,
    /// Those of `open_clip.CLIP`, and of OpenAI's own code.
    OpenClip,
    /// Those of open_clip's SigLIP, whose vision tower is timm's.
    OpenClipSiglip,
    /// Those of open_clip's `CustomTextCLIP` with another vision tower of timm, whose names are ours.
    OpenClipTimm,
}

impl Naming {
    /// Recognizes open_clip by names that only it has. Anything else counts as Hugging Face's, where missing names are
    /// reported.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let (mut is_open_clip, mut is_siglip, mut is_timm) = (false, false, false);
        for name in names {
            // Ours, as a .pt has them beside a tower of timm.
            if name.starts_with("text_model.") {
                return Self::HuggingFace;
            }
            // Of timm's towers only SigLIP's has no class token but a query that pools.
            is_siglip |= name == "visual.trunk.attn_pool.latent";
            is_timm |= name == "visual.trunk.cls_token"
                || name == "visual.trunk.head.fc.weight"
                || name == "visual.trunk.head.weight";
            is_open_clip |= name.starts_with("visual.") || name == "token_embedding.weight";
        }
        match (is_timm, is_siglip, is_open_clip) {
            (true, _, _) => Self::OpenClipTimm,
            (_, true, _) => Self::OpenClipSiglip,
            (_, _, true) => Self::OpenClip,
            _ => Self::HuggingFace,
        }
    }

    /// The source of `parameter`, given by Hugging Face's name.
    pub(crate) fn source(self, parameter: &str) -> Source {
        match self {
            Self::OpenClipSiglip => open_clip_siglip::source(parameter),
            Self::OpenClip => open_clip_names::source(parameter),
            Self::OpenClipTimm if parameter.starts_with("text_") => {
                open_clip_names::source(parameter).inside("text.")
            }
            Self::OpenClipTimm | Self::HuggingFace => {
                Source::new(parameter.to_owned(), Part::Whole)
            }
        }
    }
}
