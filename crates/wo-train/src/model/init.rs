//! The base model: what training starts from.

use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, ExitWith, Hint};
use wo_clip::{Checkpoint, Rule, scratch_config};
use wo_input::{Preprocessor, Tokenizer, train_clip_tokenizer};

use crate::model::base_request::{BaseRequest, EMBEDDED};
use crate::model::download::{HubModel, checkpoint_of_hub, read_model};
use crate::model::tiny;

/// Merges of a tokenizer trained on the captions at hand: enough for one or two tokens per word.
const N_MERGES: usize = 600;
/// Positions of the text tower, as in CLIP.
const N_POSITIONS: usize = 77;

/// What `--init` takes.
const HINT: &str = "--init takes auto, tiny, scratch:tiny, scratch:small, a folder with config.json, model.safetensors, \
                    tokenizer.json and preprocessor_config.json, a .pt of wo-train, or owner/name on the Hugging Face Hub";

/// A base model, before the captions are known.
#[derive(Debug)]
pub(crate) enum Init {
    /// Random weights for a model of this size. Its tokenizer is trained on the captions.
    Scratch(String),
    /// The model in this binary.
    Tiny(Checkpoint),
    /// A model of the user's.
    Model(Checkpoint),
}

/// What sort of base model it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BaseKind {
    /// Random weights.
    Scratch,
    /// The model in this binary, which has only seen drawings.
    Tiny,
    /// A model of the user's, of any size.
    Model,
}

/// Defaults that depend on the base model.
pub(crate) struct Defaults {
    /// Peak learning rate.
    pub(crate) lr: f64,
    /// The text tower's fraction of it.
    pub(crate) text_lr_factor: f64,
    /// The optimizer of the matrices in the towers' blocks.
    pub(crate) optimizer: Rule,
    /// Whether it is a real CLIP, pretrained on millions of images.
    pub(crate) is_pretrained: bool,
}

/// Why there is no model of this name.
fn no_model(name: &str) -> anyhow::Error {
    let revision = wo_hub::default_revision(name);
    let more =
        revision.map(|it| format!("if it is a repository on the Hub, say so with --revision {it}"));
    let message = format!("there is no model {name}: no such file or folder");
    let error = Error::new(Exit::Usage, message).hint(HINT);
    match more {
        Some(more) => error.hint(more).into(),
        None => error.into(),
    }
}

/// Says what whoever uses the weights must know of their licence.
fn warn_of_license(checkpoint: &Checkpoint) {
    if let Some(note) = checkpoint.config.license_note() {
        wo_cli::warn!("{note}");
    }
}

impl Init {
    /// Finds the model of this name, with its commit if it is of the Hub.
    pub(crate) fn find(
        name: &str,
        request: &BaseRequest,
    ) -> anyhow::Result<(Self, Option<String>)> {
        if let Some(size) = name.strip_prefix("scratch:") {
            scratch_config(size, 1)
                .with_context(|| format!("there is no scratch:{size}"))
                .hint("scratch:tiny or scratch:small")
                .exit_with(Exit::Usage)?;
            return Ok((Self::Scratch(size.to_owned()), None));
        }
        if name == EMBEDDED {
            return Ok((Self::Tiny(tiny::checkpoint()?), None));
        }
        if Path::new(name).symlink_metadata().is_err() {
            // A revision only makes sense on the Hub, whatever folders are here.
            let means_hub = request.revision.is_some() || !wo_hub::is_path(name);
            if wo_hub::is_repository(name) && means_hub {
                let HubModel { checkpoint, commit } = checkpoint_of_hub(name, request)?;
                return Ok((Self::of(checkpoint), Some(commit)));
            }
            return Err(no_model(name));
        }
        let checkpoint = read_model(Path::new(name), request.is_offline);
        let checkpoint = checkpoint.hint(HINT).exit_with(Exit::Integrity)?;
        Ok((Self::of(checkpoint), None))
    }

    /// A model of the user's. It is trained on images as those make them who read what is written.
    pub(crate) fn of(mut checkpoint: Checkpoint) -> Self {
        checkpoint.preprocessor = checkpoint.written_preprocessor();
        warn_of_license(&checkpoint);
        Self::Model(checkpoint)
    }

    /// How images become model input.
    pub(crate) fn preprocessor(&self) -> Preprocessor {
        match self {
            Self::Scratch(size) => {
                let side =
                    scratch_config(size, 1).map_or(0, |config| config.vision_config.image_size);
                Preprocessor::clip(side as u32)
            }
            Self::Tiny(checkpoint) | Self::Model(checkpoint) => checkpoint.preprocessor.clone(),
        }
    }

    /// Defaults for this base model. High learning rates destroy a pretrained model (`open_clip`'s 5e-4 does). Training
    /// from scratch uses Muon, which needs fewer videos.
    pub(crate) fn defaults(&self) -> Defaults {
        match self {
            Self::Scratch(_) => Defaults {
                lr: 1e-3,
                text_lr_factor: 1.0,
                optimizer: Rule::Muon,
                is_pretrained: false,
            },
            Self::Tiny(_) => Defaults {
                lr: 1e-4,
                text_lr_factor: 0.1,
                optimizer: Rule::AdamW,
                is_pretrained: false,
            },
            Self::Model(_) => Defaults {
                lr: 1e-5,
                text_lr_factor: 0.1,
                optimizer: Rule::AdamW,
                is_pretrained: true,
            },
        }
    }

    /// Whether its logits have a bias, which the sigmoid loss needs.
    pub(crate) fn has_logit_bias(&self) -> bool {
        match self {
            Self::Scratch(_) => false,
            Self::Tiny(checkpoint) | Self::Model(checkpoint) => checkpoint.config.has_logit_bias(),
        }
    }

    /// What sort of base model it is.
    pub(crate) fn kind(&self) -> BaseKind {
        match self {
            Self::Scratch(_) => BaseKind::Scratch,
            Self::Tiny(_) => BaseKind::Tiny,
            Self::Model(_) => BaseKind::Model,
        }
    }

    /// Whether its weights are random.
    pub(crate) fn is_scratch(&self) -> bool {
        self.kind() == BaseKind::Scratch
    }

    /// The model to train, with a tokenizer trained on `captions` where it has none yet.
    pub(crate) fn into_checkpoint(
        self,
        captions: &[Vec<String>],
        seed: u64,
    ) -> anyhow::Result<Checkpoint> {
        match self {
            Self::Scratch(size) => {
                let captions: Vec<&String> = captions.iter().flatten().collect();
                let json = train_clip_tokenizer(&captions.repeat(2), N_MERGES)?;
                let tokenizer = Tokenizer::from_json(&json, N_POSITIONS)?;
                let config =
                    scratch_config(&size, tokenizer.vocabulary_size()).context("a known size")?;
                Ok(Checkpoint::fresh(config, tokenizer, seed))
            }
            Self::Tiny(checkpoint) | Self::Model(checkpoint) => Ok(checkpoint),
        }
    }
}
