//! What a run starts from.

use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, ExitWith, Hint};
use wo_clip::{Checkpoint, Rule, read_checkpoint, scratch_config};
use wo_input::{Preprocessor, Tokenizer, train_clip_tokenizer};

use crate::model::download::checkpoint_of_hub;
use crate::model::tiny;

/// Merges of a tokenizer that is trained on the captions at hand: each of their words becomes one token or two.
const N_MERGES: usize = 600;
/// Positions of the text tower, as in CLIP.
const N_POSITIONS: usize = 77;

/// What can be named.
const HINT: &str = "--init takes tiny, scratch:tiny, scratch:small, a folder with config.json, model.safetensors, \
                    tokenizer.json and preprocessor_config.json, a .pt of wo-train, or owner/name on the Hugging Face Hub";

/// The model that a user names to start from.
#[derive(Debug, Clone)]
pub(crate) struct BaseModel {
    /// A built-in model, a path, or a repository on the Hub.
    pub(crate) name: String,
    /// The repository's branch, tag or commit.
    pub(crate) revision: Option<String>,
    /// Whether no socket may be opened.
    pub(crate) is_offline: bool,
}

/// A start, before the captions are known.
#[derive(Debug)]
pub(crate) enum Init {
    /// Nothing: a model of this name, whose tokenizer is yet to be trained.
    Scratch(String),
    /// The model in this binary.
    Tiny(Checkpoint),
    /// A model of the user's.
    Model(Checkpoint),
}

/// Defaults that depend on the start.
pub(crate) struct Defaults {
    /// Peak learning rate.
    pub(crate) lr: f64,
    /// The text tower's share of it.
    pub(crate) text_lr_factor: f64,
    /// What moves the matrices of the towers' blocks.
    pub(crate) optimizer: Rule,
    /// Whether it is a real CLIP, which has seen millions of pictures.
    pub(crate) knows_much: bool,
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

impl Init {
    /// Finds the model that is named.
    pub(crate) fn find(base: &BaseModel) -> anyhow::Result<Self> {
        let name = base.name.as_str();
        if let Some(size) = name.strip_prefix("scratch:") {
            scratch_config(size, 1)
                .with_context(|| format!("there is no scratch:{size}"))
                .hint("scratch:tiny or scratch:small")
                .exit_with(Exit::Usage)?;
            return Ok(Self::Scratch(size.to_owned()));
        }
        if name == "tiny" {
            return Ok(Self::Tiny(tiny::checkpoint()?));
        }
        if Path::new(name).symlink_metadata().is_err() {
            // Who names a revision means the Hub, whatever folders are here.
            let is_meant = base.revision.is_some() || !wo_hub::is_path(name);
            if wo_hub::is_repository(name) && is_meant {
                let revision = base.revision.as_deref();
                let checkpoint = checkpoint_of_hub(name, revision, base.is_offline)?;
                return Ok(Self::Model(checkpoint));
            }
            return Err(no_model(name));
        }
        let checkpoint = read_checkpoint(Path::new(name));
        Ok(Self::Model(
            checkpoint.hint(HINT).exit_with(Exit::Integrity)?,
        ))
    }

    /// What is done to pictures.
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

    /// What suits the start: a model that knows much must not be shaken (`open_clip`'s 5e-4 destroys it), and one that
    /// knows nothing learns from fewer videos with Muon.
    pub(crate) fn defaults(&self) -> Defaults {
        match self {
            Self::Scratch(_) => Defaults {
                lr: 1e-3,
                text_lr_factor: 1.0,
                optimizer: Rule::Muon,
                knows_much: false,
            },
            Self::Tiny(_) => Defaults {
                lr: 1e-4,
                text_lr_factor: 0.1,
                optimizer: Rule::AdamW,
                knows_much: false,
            },
            Self::Model(_) => Defaults {
                lr: 1e-5,
                text_lr_factor: 0.1,
                optimizer: Rule::AdamW,
                knows_much: true,
            },
        }
    }

    /// Whether it knows nothing.
    pub(crate) fn is_scratch(&self) -> bool {
        matches!(self, Self::Scratch(_))
    }

    /// Whether it is a model of the user's, of any size.
    pub(crate) fn is_model(&self) -> bool {
        matches!(self, Self::Model(_))
    }

    /// The model to train, with a tokenizer for `captions` where it has none yet.
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
