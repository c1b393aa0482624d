//! A model on disk: a directory as Hugging Face has it, or one `.pt` file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use atomic_write_file::AtomicWriteFile;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor, nn};
use tempfile::TempDir;
use wo_input::{Preprocessor, Tokenizer};

use crate::format::{Format, format_of};
use crate::model_folder::read_folder;
use crate::pt_file::{read_pt, write_pt};
use crate::shapes::parameter_shapes;
use crate::weights::{bytes_of, check_weights};
use crate::{Clip, ClipConfig, Manifest, load_weights, scratch};

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";
pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const PREPROCESSOR: &str = "preprocessor_config.json";
pub(crate) const MANIFEST: &str = "wo.json";

/// A model that is not yet in memory, and all that belongs to it.
#[derive(Debug)]
pub struct Checkpoint {
    /// The architecture.
    pub config: ClipConfig,
    /// Texts to ids.
    pub tokenizer: Tokenizer,
    /// Pictures to pixels.
    pub preprocessor: Preprocessor,
    /// What `wo-train` knows of it; absent in a model from elsewhere.
    pub manifest: Option<Manifest>,
    weights: Weights,
}

/// Where the weights come from.
#[derive(Debug)]
pub(crate) enum Weights {
    /// A safetensors file in memory.
    Bytes(Cow<'static, [u8]>),
    /// A safetensors file on disk.
    File(PathBuf),
    /// Random, by CLIP's own rules.
    Fresh { seed: u64 },
}

impl Checkpoint {
    /// A model that starts from nothing.
    pub fn fresh(config: ClipConfig, tokenizer: Tokenizer, seed: u64) -> Self {
        let preprocessor = Preprocessor::clip(config.vision_config.image_size as u32);
        Self {
            config,
            tokenizer,
            preprocessor,
            manifest: None,
            weights: Weights::Fresh { seed },
        }
    }

    /// A model from the texts and the weights of its directory.
    pub fn from_parts(
        config: &str,
        tokenizer: &str,
        preprocessor: &str,
        manifest: Option<&str>,
        weights: Cow<'static, [u8]>,
    ) -> anyhow::Result<Self> {
        let config = ClipConfig::from_json(config)?;
        let length = config.text_config.max_position_embeddings as usize;
        let tokenizer = Tokenizer::from_json(tokenizer, length)?;
        let preprocessor: Value = serde_json::from_str(preprocessor).context(PREPROCESSOR)?;
        let preprocessor = Preprocessor::from_config(&preprocessor).map_err(anyhow::Error::msg)?;
        let weights = Weights::Bytes(weights);
        Self::assemble(config, tokenizer, preprocessor, manifest, weights)
    }

    /// A model from its parts, if they fit each other. Of the weights, names, types and shapes are looked at.
    pub(crate) fn assemble(
        config: ClipConfig,
        tokenizer: Tokenizer,
        preprocessor: Preprocessor,
        manifest: Option<&str>,
        weights: Weights,
    ) -> anyhow::Result<Self> {
        match &weights {
            Weights::Bytes(bytes) => check_weights(&config, bytes)?,
            Weights::File(path) => check_weights(&config, &map_file(path)?)?,
            Weights::Fresh { .. } => {}
        }
        if i64::from(tokenizer.largest_id()) >= config.text_config.vocab_size {
            bail!(
                "{TOKENIZER} has ids up to {}, the model only {} of them",
                tokenizer.largest_id(),
                config.text_config.vocab_size
            );
        }
        if i64::from(preprocessor.crop) != config.vision_config.image_size {
            bail!(
                "{PREPROCESSOR} cuts {} pixels, the model asks for {}",
                preprocessor.crop,
                config.vision_config.image_size
            );
        }
        let manifest = manifest
            .map(serde_json::from_str::<Manifest>)
            .transpose()
            .context(MANIFEST)?;
        if let Some(manifest) = &manifest
            && (manifest.classes.len() != manifest.prompts.len()
                || manifest.prompts.iter().any(Vec::is_empty))
        {
            bail!("{MANIFEST}: each class needs its captions");
        }
        Ok(Self {
            config,
            tokenizer,
            preprocessor,
            manifest,
            weights,
        })
    }

    /// How many numbers its parameters are.
    pub fn n_parameters(&self) -> u64 {
        let numel = |shape: &Vec<i64>| shape.iter().product::<i64>() as u64;
        parameter_shapes(&self.config).values().map(numel).sum()
    }

    /// The model in memory. The store holds its parameters.
    pub fn build(&self, device: Device) -> anyhow::Result<(nn::VarStore, Clip)> {
        let vs = nn::VarStore::new(device);
        let clip = Clip::new(&vs.root(), &self.config);
        match &self.weights {
            Weights::Bytes(bytes) => load_weights(&vs, bytes)?,
            Weights::File(path) => {
                let map = map_file(path).with_context(|| format!("open {}", path.display()))?;
                load_weights(&vs, &map).with_context(|| path.display().to_string())?;
            }
            Weights::Fresh { seed } => scratch::initialise(&vs, &self.config, *seed),
        }
        Ok((vs, clip))
    }
}

/// Reads a model. Names and shapes of its weights are looked at here, their values when the model is built.
///
/// It is one of three: a folder as Hugging Face has it, with `config.json`, `model.safetensors`, `tokenizer.json` and
/// `preprocessor_config.json`; a folder of open_clip, with `open_clip_model.safetensors`,
/// `open_clip_pytorch_model.safetensors` or such names in `model.safetensors`, a `tokenizer.json`, and
/// `open_clip_config.json` unless shapes tell enough (widths up to 1024, and the exact Gaussian error linear unit); or a
/// `.pt` file of `wo-train`. All else is refused by what is in it, pickles first.
pub fn read_checkpoint(path: &Path) -> anyhow::Result<Checkpoint> {
    read(path).with_context(|| format!("read the model {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Checkpoint> {
    if fs::metadata(path)?.is_dir() {
        return read_folder(path);
    }
    match format_of(path)? {
        Format::Pt => {}
        Format::Safetensors => bail!(
            "safetensors alone, which say nothing of texts and pictures\n\
             hint: give the folder that holds {WEIGHTS}, {CONFIG}, {TOKENIZER} and {PREPROCESSOR}"
        ),
    }
    let (weights, texts) = read_pt(BufReader::new(File::open(path)?))?;
    let text = |name: &str| texts.get(name).map(String::as_str);
    let need = |name: &str| text(name).with_context(|| format!("{name} is missing in it"));
    Checkpoint::from_parts(
        need(CONFIG)?,
        need(TOKENIZER)?,
        need(PREPROCESSOR)?,
        text(MANIFEST),
        Cow::Owned(weights),
    )
}

/// Writes a model so that at each moment there is the old one or the whole new one: a `.pt` file where `path` ends so,
/// else a directory. `half` stores 16-bit floats, in a directory only. Returns the BLAKE3 of the weights.
pub fn write_checkpoint(
    path: &Path,
    checkpoint: &Checkpoint,
    vs: &nn::VarStore,
    half: bool,
) -> anyhow::Result<String> {
    let parameters: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
    let mut texts = BTreeMap::from([
        (CONFIG, pretty(&checkpoint.config.to_json())),
        (TOKENIZER, checkpoint.tokenizer.json().to_owned()),
        (PREPROCESSOR, pretty(&checkpoint.preprocessor.to_config())),
    ]);
    if let Some(manifest) = &checkpoint.manifest {
        texts.insert(MANIFEST, pretty(&serde_json::to_value(manifest)?));
    }
    let is_file = path.extension().is_some_and(|extension| extension == "pt");
    let kind = if half { Kind::Half } else { Kind::Float };
    let weights = safetensors_bytes(&parameters, kind)?;
    let model_id = blake3::hash(&weights).to_hex().to_string();
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)
            .with_context(|| format!("make the folder {}", parent.display()))?;
    }
    let written = if is_file {
        write_file(path, &parameters, &texts)
    } else {
        texts.insert(
            "tokenizer_config.json",
            pretty(&tokenizer_config(&checkpoint.config)),
        );
        texts.insert("special_tokens_map.json", pretty(&special_tokens()));
        write_directory(path, &weights, &texts)
    };
    written.with_context(|| format!("write the model {}", path.display()))?;
    Ok(model_id)
}

fn write_file(
    path: &Path,
    parameters: &BTreeMap<String, Tensor>,
    texts: &BTreeMap<&str, String>,
) -> anyhow::Result<()> {
    let file = write_pt(AtomicWriteFile::open(path)?, parameters, texts)?;
    Ok(file.commit()?)
}

fn write_directory(
    path: &Path,
    weights: &[u8],
    texts: &BTreeMap<&str, String>,
) -> anyhow::Result<()> {
    let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !path.join(CONFIG).exists() {
        bail!(
            "the folder is there and holds no model, so it is not replaced\nhint: name a new folder or a .pt file"
        );
    }
    let part = working_folder(path, "part")?;
    let save = |name: &str, content: &[u8]| -> anyhow::Result<()> {
        let mut file = File::create(part.path().join(name))?;
        file.write_all(content)?;
        Ok(file.sync_all()?)
    };
    save(WEIGHTS, weights)?;
    for (name, text) in texts {
        save(name, text.as_bytes())?;
    }
    File::open(part.path())?.sync_all()?;
    replace(path, part)?;
    Ok(File::open(folder_of(path))?.sync_all()?)
}

/// Puts a new folder in the place of what is at `path`, which goes only when the new one is there.
fn replace(path: &Path, part: TempDir) -> std::io::Result<()> {
    if !path.exists() {
        return fs::rename(part.keep(), path);
    }
    let old = working_folder(path, "old")?.keep();
    fs::rename(path, &old)?;
    let part = part.keep();
    if let Err(error) = fs::rename(&part, path) {
        fs::rename(&old, path)?;
        return Err(error);
    }
    fs::remove_dir_all(old)
}

/// A new folder beside a model that no other run and no person has, such as `.m.part.x7Gk2a`.
///
/// # Errors
/// Where no folder can be made there.
pub fn working_folder(path: &Path, purpose: &str) -> std::io::Result<TempDir> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(format!(".{purpose}."));
    let mut builder = tempfile::Builder::new();
    // As of any other folder, and not for its owner alone.
    let anyone = fs::Permissions::from_mode(0o777);
    builder
        .prefix(&prefix)
        .permissions(anyone)
        .tempdir_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn safetensors_bytes(parameters: &BTreeMap<String, Tensor>, kind: Kind) -> anyhow::Result<Vec<u8>> {
    let dtype = if kind == Kind::Half {
        Dtype::F16
    } else {
        Dtype::F32
    };
    let values: Vec<_> = parameters
        .iter()
        .map(|(name, parameter)| (name, bytes_of(parameter, kind)))
        .collect();
    let views: Vec<_> = values
        .iter()
        .map(|(name, (shape, bytes))| {
            TensorView::new(dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<_, _>>()?;
    // Older transformers ask for this word before they believe that the names are PyTorch's.
    let metadata = Some([("format".to_owned(), "pt".to_owned())].into());
    Ok(safetensors::serialize(views, metadata)?)
}

/// What makes `CLIPProcessor.from_pretrained` pick CLIP's tokenizer.
fn tokenizer_config(config: &ClipConfig) -> Value {
    let mut value = special_tokens();
    value["tokenizer_class"] = json!("CLIPTokenizer");
    value["processor_class"] = json!("CLIPProcessor");
    value["model_max_length"] = json!(config.text_config.max_position_embeddings);
    value["do_lower_case"] = json!(true);
    value
}

fn special_tokens() -> Value {
    json!({
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
    })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A file as memory.
pub(crate) fn map_file(path: &Path) -> std::io::Result<memmap2::Mmap> {
    let file = File::open(path)?;
    // SAFETY: the map is dropped before the function that made it returns, and each byte is checked as it is copied;
    // a file that another process cuts short meanwhile ends this process, as it would with any reader of maps.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
    unsafe {
        memmap2::Mmap::map(&file)
    }
}
