//! What a model makes of pictures and texts, as a file that Python reads: `features MODEL PICTURES TEXTS OUTPUT
//! WRITTEN`.
//!
//! `scripts/parity` compares it with what transformers and open_clip make of the same. MODEL is what `read_checkpoint`
//! takes, PICTURES a folder, TEXTS a file with one text a line. OUTPUT is safetensors with `pixels` `[pictures, 3, side,
//! side]` and `image_features` in the order of the pictures' names, `input_ids` `[texts, length]` of all texts, and
//! `text_features` and `logits` of the first [`N_TEXTS`] of them. The model is written again as the folder WRITTEN.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use safetensors::tensor::{Dtype, TensorView};
use wo_clip::tch::{Device, Kind, Tensor, no_grad};
use wo_clip::{read_checkpoint, write_checkpoint};
use wo_input::decode_image;

/// How many texts get features. Tokenizing a thousand takes no time, their features take minutes on a CPU.
const N_TEXTS: usize = 32;

fn main() -> anyhow::Result<()> {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, pictures, texts, output, written] = args.as_slice() else {
        bail!("usage: features MODEL PICTURES TEXTS OUTPUT WRITTEN");
    };
    let checkpoint = read_checkpoint(model)?;
    let (vs, clip) = checkpoint.build(Device::Cpu)?;
    let side = i64::from(checkpoint.preprocessor.side);
    let mut pixels = Vec::new();
    for path in sorted_files(pictures)? {
        let decode = || -> anyhow::Result<Vec<f32>> {
            Ok(checkpoint
                .preprocessor
                .pixels(&decode_image(&fs::read(&path)?)?))
        };
        pixels.extend(decode().with_context(|| format!("read {}", path.display()))?);
    }
    let pixels = Tensor::from_slice(&pixels).view([-1, 3, side, side]);
    let texts = fs::read_to_string(texts).with_context(|| format!("read {}", texts.display()))?;
    let texts: Vec<&str> = texts.lines().collect();
    let all = checkpoint.tokenizer.encode(&texts)?;
    let some = checkpoint
        .tokenizer
        .encode(&texts[..texts.len().min(N_TEXTS)])?;
    write_checkpoint(written, &checkpoint, &vs, false)?;
    let features = no_grad(|| clip.forward(&pixels, &some));
    let ids = Tensor::from_slice(&all.ids).view([all.n_texts as i64, all.length as i64]);
    write(
        output,
        &[
            ("pixels", pixels),
            ("input_ids", ids),
            ("image_features", features.image_features),
            ("text_features", features.text_features),
            ("logits", features.logits),
        ],
    )
}

fn sorted_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut paths = read().with_context(|| format!("read the folder {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

fn write(path: &Path, tensors: &[(&str, Tensor)]) -> anyhow::Result<()> {
    let values: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| {
            let dtype = match tensor.kind() {
                Kind::Int64 => Dtype::I64,
                _ => Dtype::F32,
            };
            let mut bytes = vec![0; tensor.numel() * dtype.bitsize() / 8];
            tensor.copy_data_u8(&mut bytes, tensor.numel());
            let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
            (*name, dtype, shape, bytes)
        })
        .collect();
    let views = values
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    fs::write(path, safetensors::serialize(views, None)?)
        .with_context(|| format!("write {}", path.display()))
}
