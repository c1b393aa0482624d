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
}

impl Naming {
    /// Recognizes open_clip by names that only it has. Anything else counts as Hugging Face's, where missing names are
    /// reported.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut naming = Self::HuggingFace;
        for name in names {
            if name == "visual.trunk.attn_pool.latent" {
                return Self::OpenClipSiglip;
            }
            if name.starts_with("visual.") || name == "token_embedding.weight" {
                naming = Self::OpenClip;
            }
        }
        naming
    }

    /// The source of `parameter`, given by Hugging Face's name.
    pub(crate) fn source(self, parameter: &str) -> Source {
        match self {
            Self::HuggingFace => Source::new(parameter.to_owned(), Part::Whole),
            Self::OpenClipSiglip => open_clip_siglip::source(parameter),
            Self::OpenClip => open_clip_names::source(parameter),
        }
    }
}
