//! Our `.pt` file: a zip of tensors that `torch.load(weights_only=True)` reads. It lists its content as JSON too, so
//! that we never interpret a pickle.
//!
//! The layout is PyTorch's (`caffe2/serialize/inline_container.h`): `archive/data.pkl`, a pickle of protocol 2, and
//! `archive/data/N`, the bytes of tensor N. Beside them lie `archive/wo/*.json`. A `.pt` without these is another
//! program's pickle. Pickles can run code, so it is rejected.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom, Write};

use anyhow::{Context, ensure};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use wo_seal::METADATA;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::checkpoint::weights::bytes_of;

/// The folder inside the zip.
const ROOT: &str = "archive";
/// PyTorch aligns tensors so that they can be mapped into memory.
const ALIGNMENT: u16 = 64;
/// The entry that lists the tensors. It tells our file from another program's pickle.
pub(crate) const TENSORS: &str = "archive/wo/tensors.json";
/// The text with the seal.
pub(crate) const SEAL: &str = "seal";
/// The largest text that is read from a model; the tokenizer of a full-size CLIP is about 3.5 MB.
pub(crate) const MAX_TEXT: u64 = 64 * 1024 * 1024;

/// One entry of `wo/tensors.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    key: usize,
}

/// Writes `parameters` as 32-bit floats under `state_dict`, and each of `texts` as a string beside it.
pub(crate) fn write_pt<W: Write + Seek>(
    output: W,
    parameters: &BTreeMap<String, Tensor>,
    texts: &BTreeMap<&str, String>,
) -> anyhow::Result<W> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true)
        .with_alignment(ALIGNMENT);
    let mut zip = ZipWriter::new(output);
    let entries: Vec<Entry> = parameters
        .iter()
        .enumerate()
        .map(|(key, (name, parameter))| Entry {
            name: name.clone(),
            shape: parameter.size().iter().map(|&n| n as usize).collect(),
            key,
        })
        .collect();
    let mut add = |name: &str, content: &[u8]| -> anyhow::Result<()> {
        zip.start_file(format!("{ROOT}/{name}"), options)?;
        Ok(zip.write_all(content)?)
    };
    add("data.pkl", &pickle(&entries, texts))?;
    add("byteorder", b"little")?;
    for (entry, parameter) in entries.iter().zip(parameters.values()) {
        add(
            &format!("data/{}", entry.key),
            &bytes_of(parameter, Kind::Float).1,
        )?;
    }
    add("version", b"3\n")?;
    add("wo/tensors.json", &serde_json::to_vec(&entries)?)?;
    for (name, text) in texts {
        add(&format!("wo/{name}"), text.as_bytes())?;
    }
    Ok(zip.finish()?)
}

/// Reads what [`write_pt`] wrote: the weights as the bytes of a safetensors file, and the texts by name.
pub(crate) fn read_pt(
    mut input: impl Read + Seek,
) -> anyhow::Result<(Vec<u8>, BTreeMap<String, String>)> {
    // Nothing is compressed, so all tensors together are no longer than the file. A file that lists the same bytes
    // repeatedly would grow without limit.
    let mut n_left = input.seek(SeekFrom::End(0))?;
    input.rewind()?;
    let mut zip = ZipArchive::new(input).context("the zip file is damaged")?;
    let prefix = format!("{ROOT}/wo/");
    let mut names = Vec::new();
    for name in zip.file_names() {
        names.extend(name?.strip_prefix(&prefix).map(str::to_owned));
    }
    let mut texts = BTreeMap::new();
    for name in names {
        let bytes = entry(&mut zip, &format!("{prefix}{name}"), n_left.min(MAX_TEXT))?;
        n_left -= bytes.len() as u64;
        let text = String::from_utf8(bytes).with_context(|| format!("read wo/{name}"))?;
        texts.insert(name, text);
    }
    let entries = texts.remove("tensors.json").unwrap_or_default();
    let entries: Vec<Entry> = serde_json::from_str(&entries).context("read wo/tensors.json")?;
    let mut tensors = Vec::with_capacity(entries.len());
    let mut seen = BTreeSet::new();
    for Entry { name, shape, key } in entries {
        ensure!(seen.insert(name.clone()), "{name} is listed twice");
        let bytes = entry(&mut zip, &format!("{ROOT}/data/{key}"), n_left)
            .with_context(|| format!("read {name}"))?;
        n_left -= bytes.len() as u64;
        let n_bytes = shape
            .iter()
            .try_fold(size_of::<f32>(), |n, &side| n.checked_mul(side));
        ensure!(
            n_bytes == Some(bytes.len()),
            "{name} has {} bytes, which do not fit its shape {shape:?}",
            bytes.len()
        );
        tensors.push((name, shape, bytes));
    }
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<_, _>>()?;
    let seal = texts.remove(SEAL);
    let metadata = seal.map(|seal| [(METADATA.to_owned(), seal)].into());
    Ok((safetensors::serialize(views, metadata)?, texts))
}

/// The bytes of one entry, at most `limit`; verifies its checksum.
fn entry<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    name: &str,
    limit: u64,
) -> anyhow::Result<Vec<u8>> {
    let entry = zip.by_name(name).with_context(|| format!("find {name}"))?;
    ensure!(entry.size() <= limit, "{name} has more than {limit} bytes");
    let mut bytes = Vec::new();
    entry
        .take(limit)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {name}"))?;
    Ok(bytes)
}

/// The pickle of `{"state_dict": {name: tensor}, <text name>: text}`.
fn pickle(entries: &[Entry], texts: &BTreeMap<&str, String>) -> Vec<u8> {
    let mut out = Pickler(vec![0x80, 2]);
    out.op(b"}(").text("state_dict").op(b"}(");
    for entry in entries {
        out.text(&entry.name).tensor(entry);
    }
    out.op(b"u");
    for (name, text) in texts {
        out.text(name).text(text);
    }
    out.op(b"u.");
    out.0
}

/// Writes the few opcodes of Python's `pickletools` that a dictionary of tensors needs.
struct Pickler(Vec<u8>);

impl Pickler {
    fn op(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// BINUNICODE.
    fn text(&mut self, text: &str) -> &mut Self {
        let length = (text.len() as u32).to_le_bytes();
        self.op(b"X").op(&length).op(text.as_bytes())
    }

    /// LONG1, with a byte to spare so that the sign bit stays clear.
    fn int(&mut self, n: usize) -> &mut Self {
        self.op(b"\x8a\x09").op(&(n as u64).to_le_bytes()).op(b"\0")
    }

    fn tuple(&mut self, numbers: &[usize]) -> &mut Self {
        self.op(b"(");
        for &n in numbers {
            self.int(n);
        }
        self.op(b"t")
    }

    /// `torch._utils._rebuild_tensor_v2(storage, 0, shape, stride, False, OrderedDict())`.
    fn tensor(&mut self, entry: &Entry) -> &mut Self {
        let n: usize = entry.shape.iter().product();
        let mut stride = vec![1; entry.shape.len()];
        for i in (1..entry.shape.len()).rev() {
            stride[i - 1] = stride[i] * entry.shape[i];
        }
        self.op(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage")
            .op(b"ctorch\nFloatStorage\n")
            .text(&entry.key.to_string())
            .text("cpu")
            .int(n)
            .op(b"tQ");
        self.int(0)
            .tuple(&entry.shape)
            .tuple(&stride)
            .op(b"\x89ccollections\nOrderedDict\n)RtR")
    }
}
