//! Writes a checkpoint: a Hugging Face folder, or one `.pt` file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use atomic_write_file::AtomicWriteFile;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Kind, Tensor, nn};
use tempfile::TempDir;
use wo_cli::Hint;
use wo_seal::{seal_of, write_seal};

use crate::checkpoint::contents::{CONFIG, Checkpoint, MANIFEST, WEIGHTS};
use crate::checkpoint::open_clip_tensors::of_folder;
use crate::checkpoint::pt_file::{SEAL, write_pt};
use crate::checkpoint::side_files::{texts, texts_for_python};
use crate::checkpoint::weights::bytes_of;

/// Writes a model atomically: at any moment there is the old one or the complete new one. A path that ends in `.pt`
/// becomes a file, any other a folder. `half` stores 16-bit floats, in a folder only. Returns the BLAKE3 of the
/// weights.
// `half` is a bool, since it hands on a flag of the command line.
pub fn write_checkpoint(
    path: &Path,
    checkpoint: &Checkpoint,
    vs: &nn::VarStore,
    half: bool,
) -> anyhow::Result<String> {
    let parameters: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
    let mut texts = texts(checkpoint)?;
    let is_file = path.extension().is_some_and(|extension| extension == "pt");
    let kind = if half { Kind::Half } else { Kind::Float };
    let mut weights = safetensors_bytes(&of_folder(&checkpoint.config, &parameters), kind)?;
    let model_id = blake3::hash(&weights).to_hex().to_string();
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)
            .with_context(|| format!("make the folder {}", parent.display()))?;
    }
    let seal = texts.get(MANIFEST).map(|it| seal_of(it)).transpose()?;
    let written = if is_file {
        texts.extend(seal.map(|seal| (SEAL, seal)));
        write_file(path, &parameters, &texts)
    } else {
        if let Some(seal) = seal {
            write_seal(&mut weights, &seal)?;
        }
        texts.extend(texts_for_python(checkpoint));
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
        let message = "the folder exists and is no model, so it is not replaced";
        return Err(anyhow!(message)).hint("name a new folder or a .pt file");
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

/// Replaces what is at `path` by a new folder. The old one is removed last.
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

/// Creates a folder beside a model with a unique name, such as `.m.part.x7Gk2a`.
///
/// # Errors
/// Fails if no folder can be created there.
pub fn working_folder(path: &Path, purpose: &str) -> std::io::Result<TempDir> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(format!(".{purpose}."));
    let mut builder = tempfile::Builder::new();
    // Normal permissions, not only for the owner.
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
    // Statistics of batch norms may be larger than 16 bits can hold.
    let kind_of = |name: &str| {
        if name.contains(".running_") {
            Kind::Float
        } else {
            kind
        }
    };
    let values: Vec<_> = parameters
        .iter()
        .map(|(name, parameter)| (name, kind_of(name), bytes_of(parameter, kind_of(name))))
        .collect();
    let views: Vec<_> = values
        .iter()
        .map(|(name, kind, (shape, bytes))| {
            let dtype = match kind {
                Kind::Half => Dtype::F16,
                _ => Dtype::F32,
            };
            TensorView::new(dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<_, _>>()?;
    // Older transformers require this entry to accept the file as PyTorch's.
    let metadata = Some([("format".to_owned(), "pt".to_owned())].into());
    Ok(safetensors::serialize(views, metadata)?)
}
