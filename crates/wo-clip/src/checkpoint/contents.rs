//! A checkpoint: its parts, their file names, and how a model is built from them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use tch::{Device, nn};
use wo_cli::Hint;
use wo_input::{Preprocessor, TextStyle, Tokenizer, TokenizerError, parse_json};
use wo_seal::{read_seal, seal_of};

use crate::checkpoint::adapter::Adapter;
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::mapped_weights::MappedWeights;
use crate::checkpoint::open_clip_config::config_of_json;
use crate::checkpoint::weights::{check_weights, load_tensors, load_weights, tensors_of};
use crate::model::clip::Clip;
use crate::model::config::ModelConfig;
use crate::model::scratch;
use crate::model::shapes::parameter_shapes;

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";
pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const PREPROCESSOR: &str = "preprocessor_config.json";
pub(crate) const MANIFEST: &str = "wo.json";
/// open_clip's own configuration file.
pub(crate) const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
/// The `model_type` of a `config.json` of a model that only open_clip has.
pub(crate) const OPEN_CLIP_TYPE: &str = "open_clip";

/// A model on disk, and all that belongs to it.
#[derive(Debug)]
pub struct Checkpoint {
    /// The architecture with its sizes.
    pub config: ModelConfig,
    /// The tokenizer of captions.
    pub tokenizer: Tokenizer,
    /// The preprocessing of images.
    pub preprocessor: Preprocessor,
    /// What `wo-train` stored about it; `None` for other models.
    pub manifest: Option<Manifest>,
    is_edited: bool,
    weights: Weights,
}

/// Where the weights come from.
#[derive(Debug)]
pub(crate) enum Weights {
    /// A safetensors file in memory.
    Bytes(Cow<'static, [u8]>),
    /// Safetensors files on disk, which together hold each tensor once.
    Files(Vec<PathBuf>),
    /// The same of the base of an adapter, and the adapter, which is merged into them.
    Adapted(Vec<PathBuf>, Adapter),
    /// Random, by CLIP's own initialization.
    Fresh { seed: u64 },
}

impl Checkpoint {
    /// A model with random weights.
    pub fn fresh(config: impl Into<ModelConfig>, tokenizer: Tokenizer, seed: u64) -> Self {
        let config = config.into();
        let preprocessor = Preprocessor::clip(config.vision().image_size as u32);
        Self {
            config,
            tokenizer,
            preprocessor,
            manifest: None,
            is_edited: false,
            weights: Weights::Fresh { seed },
        }
    }

    /// A model from the texts and the weights of its folder.
    pub fn from_parts(
        config: &str,
        tokenizer: &str,
        preprocessor: &str,
        manifest: Option<&str>,
        weights: Cow<'static, [u8]>,
    ) -> anyhow::Result<Self> {
        let config = config_of(config)?;
        let tokenizer = tokenizer_of(&config, tokenizer, config.text_style())?;
        let preprocessor = preprocessor_of(preprocessor)?;
        let weights = Weights::Bytes(weights);
        Self::assemble(config, tokenizer, preprocessor, manifest, weights)
    }

    /// A model from its parts, if they fit each other. Checks names, types and shapes of the weights, not their values.
    pub(crate) fn assemble(
        mut config: ModelConfig,
        tokenizer: Tokenizer,
        preprocessor: Preprocessor,
        manifest: Option<&str>,
        weights: Weights,
    ) -> anyhow::Result<Self> {
        if let ModelConfig::Timm(config) = &mut config {
            // open_clip pools at the largest id, whatever token that is.
            ensure!(
                tokenizer.end_of_text() == tokenizer.largest_id(),
                "{TOKENIZER}: open_clip's models need the end of a text to be the largest id"
            );
            config.text_config.eos_token_id = i64::from(tokenizer.end_of_text());
        }
        let seal = weights.check(&config)?;
        let end = tokenizer.end_of_text();
        config
            .check_end_of_text(end)
            .map_err(anyhow::Error::msg)
            .context(CONFIG)
            .hint(format!(
                "set it to {end}, if the tokenizer is the model's own"
            ))?;
        let vocab_size = config.text().vocab_size;
        if i64::from(tokenizer.largest_id()) >= vocab_size {
            bail!(
                "{CONFIG}: text_config.vocab_size is {vocab_size}, and {TOKENIZER} has ids up to {}",
                tokenizer.largest_id()
            );
        }
        let image_size = config.vision().image_size;
        if i64::from(preprocessor.side) != image_size {
            let message = format!(
                "{PREPROCESSOR}: it makes images of {} pixels a side, and the {image_size} of vision_config.image_size in \
                 {CONFIG} are expected",
                preprocessor.side
            );
            return Err(anyhow!(message)).hint(format!(
                "set crop_size, or size where nothing is cropped, to {image_size}"
            ));
        }
        let width = config.feature_width();
        let parsed = manifest
            .map(|text| Manifest::from_json(text, width))
            .transpose()
            .map_err(anyhow::Error::msg)
            .context(MANIFEST)?;
        let seal_now = manifest.map(seal_of).transpose().context(MANIFEST)?;
        let is_edited = seal.is_some() && seal != seal_now;
        Ok(Self {
            config,
            tokenizer,
            preprocessor,
            manifest: parsed,
            is_edited,
            weights,
        })
    }

    /// Whether `wo.json` has other videos or groups, or another abstention policy, than `wo-train` wrote.
    pub fn is_edited(&self) -> bool {
        self.is_edited
    }

    /// How whoever reads a folder that is written of this model makes its images: open_clip of its own models,
    /// transformers of all others.
    pub fn written_preprocessor(&self) -> Preprocessor {
        match self.config {
            ModelConfig::Timm(_) => self.preprocessor.clone(),
            ModelConfig::Clip(_) | ModelConfig::Siglip(_) => self.preprocessor.as_written(),
        }
    }

    /// The number of parameters.
    pub fn n_parameters(&self) -> u64 {
        let numel = |shape: &Vec<i64>| shape.iter().product::<i64>() as u64;
        parameter_shapes(&self.config).values().map(numel).sum()
    }

    /// Loads the model into memory. The store owns its parameters.
    pub fn build(&self, device: Device) -> anyhow::Result<(nn::VarStore, Clip)> {
        let vs = nn::VarStore::new(device);
        let clip = Clip::new(&vs.root(), &self.config);
        match &self.weights {
            Weights::Bytes(bytes) => load_weights(&vs, bytes)?,
            Weights::Files(paths) => load_files(&vs, paths)?,
            Weights::Adapted(paths, adapter) => {
                load_files(&vs, paths)?;
                adapter.merge(&vs)?;
            }
            Weights::Fresh { seed } => scratch::initialise(&vs, &self.config, *seed),
        }
        Ok((vs, clip))
    }
}

/// The configuration in a `config.json`: one of transformers, or open_clip's in one that we wrote.
pub(crate) fn config_of(text: &str) -> anyhow::Result<ModelConfig> {
    let is_open_clips = parse_json(text).is_ok_and(|value: serde_json::Value| {
        value
            .get("model_type")
            .is_some_and(|kind| kind == OPEN_CLIP_TYPE)
    });
    if is_open_clips {
        return Ok(config_of_json(text).context(CONFIG)?.0);
    }
    Ok(ModelConfig::from_json(text)?)
}

/// The tokenizer of a model from its `tokenizer.json`.
pub(crate) fn tokenizer_of(
    config: &ModelConfig,
    json: &str,
    style: TextStyle,
) -> Result<Tokenizer, TokenizerError> {
    Tokenizer::with_style(json, config.text().n_positions as usize, style)
}

impl Weights {
    /// Checks names, types and shapes, and returns the seal that is in them.
    fn check(&self, config: &ModelConfig) -> anyhow::Result<Option<String>> {
        match self {
            Self::Bytes(bytes) => {
                check_weights(config, &tensors_of(bytes)?)?;
                Ok(read_seal(bytes))
            }
            Self::Files(paths) => {
                let maps = MappedWeights::open(paths)?;
                check_weights(config, &maps.tensors()?)?;
                Ok(maps.single().and_then(read_seal))
            }
            Self::Adapted(paths, adapter) => {
                let maps = MappedWeights::open(paths)?;
                check_weights(config, &maps.tensors()?)?;
                adapter.check(&parameter_shapes(config))?;
                // What was sealed is another model now.
                Ok(None)
            }
            Self::Fresh { .. } => Ok(None),
        }
    }
}

fn load_files(vs: &nn::VarStore, paths: &[PathBuf]) -> anyhow::Result<()> {
    let maps = MappedWeights::open(paths)?;
    let folder = paths.first().and_then(|path| path.parent());
    let name = folder.unwrap_or(Path::new("")).display().to_string();
    load_tensors(vs, &maps.tensors()?).context(name)
}

/// The preprocessing that a `preprocessor_config.json` asks for.
pub(crate) fn preprocessor_of(text: &str) -> anyhow::Result<Preprocessor> {
    parse_json(text)
        .map_err(anyhow::Error::msg)
        .and_then(|settings| Preprocessor::from_config(&settings))
        .context(PREPROCESSOR)
}
