//! The format of a weights file, recognized by its content and never by its name.
//!
//! Only two formats are opened: safetensors, and the `.pt` of `wo-train`. Others are rejected with their name, above
//! all pickles, which can run code.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::bail;
use wo_cli::{Error, Hint};
use zip::ZipArchive;

use crate::checkpoint::pt_file::TENSORS;
use crate::checkpoint::published::published_elsewhere;

/// The supported formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A safetensors file, judged by its first bytes.
    Safetensors,
    /// A zip with the entries that `wo-train` writes.
    Pt,
}

/// An unsupported format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Foreign {
    /// What the file is.
    what: &'static str,
    /// What the user can do about it.
    hint: &'static str,
}

impl From<Foreign> for Error {
    fn from(foreign: Foreign) -> Self {
        Self::msg(foreign.what).hint(foreign.hint)
    }
}

/// The bytes that are inspected; the magic of a tar lies 257 bytes in.
const N_HEAD: u64 = 512;

const PICKLE_HINT: &str = "only safetensors are read; in Python, save_pretrained(folder) of the loaded model writes \
                           model.safetensors, and so does safetensors.torch.save_file";
const EXPORT_HINT: &str =
    "only safetensors are read; take the model as transformers or open_clip publish it";
const FETCH_HINT: &str = "the weights were not fetched; fetch the file again";

/// Recognizes the format of a file, or rejects it with a reason.
pub(crate) fn format_of(path: &Path) -> anyhow::Result<Format> {
    recognized(path).hint_with(|| published_elsewhere(path))
}

fn recognized(path: &Path) -> anyhow::Result<Format> {
    // Reading a pipe or a device could block or never end.
    if !fs::metadata(path)?.is_file() {
        bail!("neither a folder nor a regular file");
    }
    let mut file = wo_cli::open_file(path)?;
    let mut head = Vec::new();
    (&mut file).take(N_HEAD).read_to_end(&mut head)?;
    if is_safetensors(&head) {
        return Ok(Format::Safetensors);
    }
    if head.starts_with(b"PK") {
        file.rewind()?;
        return Ok(format_of_zip(file).map_err(Error::from)?);
    }
    if let Some(foreign) = foreign(&head, last_byte(&mut file)?) {
        return Err(Error::from(foreign).into());
    }
    // The length before the brace is too large; the safetensors reader says so.
    if head.get(8) == Some(&b'{') {
        return Ok(Format::Safetensors);
    }
    let start: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let message = format!(
        "neither safetensors nor a .pt of wo-train: it begins with the bytes {}",
        start.join(" ")
    );
    Err(Error::msg(message).hint(EXPORT_HINT).into())
}

/// The length of the header in eight bytes, then its brace. A length of 640 looks like a pickle, hence both are asked.
fn is_safetensors(head: &[u8]) -> bool {
    head.get(4..9) == Some(b"\0\0\0\0{")
}

fn last_byte(file: &mut File) -> io::Result<Option<u8>> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(Some(byte[0]))
}

fn format_of_zip(file: File) -> Result<Format, Foreign> {
    let damaged = Foreign {
        what: "a zip file that is damaged or cut short",
        hint: "copy or fetch the file again",
    };
    let zip = ZipArchive::new(io::BufReader::new(file)).map_err(|_| damaged)?;
    let names: Vec<String> = zip
        .file_names()
        .filter_map(|name| Some(name.ok()?.into()))
        .collect();
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    let (what, hint) = if any(&|name| name == TENSORS) {
        return Ok(Format::Pt);
    } else if any(&|name| name.ends_with("/constants.pkl")) {
        ("a TorchScript program, which runs code", PICKLE_HINT)
    } else if any(&|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        (
            "a PyTorch pickle that wo-train did not write; pickles can run code, so it is not opened",
            PICKLE_HINT,
        )
    } else if any(&|name| name.rsplit('.').next() == Some("npy")) {
        (
            "a NumPy archive (.npz), which can hold pickles",
            PICKLE_HINT,
        )
    } else {
        ("a zip file without a model of wo-train in it", EXPORT_HINT)
    };
    Err(Foreign { what, hint })
}

/// Formats by their magic bytes.
const MAGIC: &[(usize, &[u8], &str, &str)] = &[
    (
        0,
        // The number that torch.save wrote before PyTorch 1.6.
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
        "a PyTorch pickle of the old form; pickles can run code, so it is not opened",
        PICKLE_HINT,
    ),
    (
        257,
        b"ustar",
        "a tar archive, perhaps of a very old torch.save",
        PICKLE_HINT,
    ),
    (
        0,
        b"\x1f\x8b",
        "a gzip archive",
        "unpack it and give the folder with the model",
    ),
    (
        0,
        b"\x93NUMPY",
        "a NumPy array (.npy), which can hold pickles",
        PICKLE_HINT,
    ),
    (0, b"GGUF", "a GGUF file", EXPORT_HINT),
    (0, b"lmgg", "a GGML file", EXPORT_HINT),
    (0, b"tjgg", "a GGML file", EXPORT_HINT),
    (
        0,
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file, as Keras writes them",
        EXPORT_HINT,
    ),
    (4, b"TFL3", "a TensorFlow Lite model", EXPORT_HINT),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS and not the weights themselves",
        FETCH_HINT,
    ),
    (0, b"<!DOCTYPE", "a web page", FETCH_HINT),
    (0, b"<html", "a web page", FETCH_HINT),
    (0, b"{", "a JSON file", "give the folder with the model"),
];

fn foreign(head: &[u8], last: Option<u8>) -> Option<Foreign> {
    if head.is_empty() {
        return Some(Foreign {
            what: "an empty file",
            hint: FETCH_HINT,
        });
    }
    for &(offset, magic, what, hint) in MAGIC {
        let begins = |bytes: &[u8]| {
            bytes
                .get(..magic.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(magic))
        };
        if head.get(offset..).is_some_and(begins) {
            return Some(Foreign { what, hint });
        }
    }
    let (what, hint) = match head {
        // PROTO; and in protocols 0 and 1 one of the opcodes that dictionaries, lists and objects begin with.
        [0x80, 2..=5, ..] => (
            "a Python pickle; pickles can run code, so it is not opened",
            PICKLE_HINT,
        ),
        [b'(' | b'}' | b']' | b'c', ..] if last == Some(b'.') => (
            "a Python pickle of an old protocol; pickles can run code, so it is not opened",
            PICKLE_HINT,
        ),
        // A map of up to 15 entries whose first key is a string.
        [0x80..=0x8f, 0xa0..=0xbf | 0xd9, ..] => {
            ("a msgpack file, as Flax writes them", EXPORT_HINT)
        }
        // ONNX is a protocol buffer without a magic: the version of the format, then the producer or the graph.
        [0x08, 1..=20, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..] => ("an ONNX model", EXPORT_HINT),
        _ => return None,
    };
    Some(Foreign { what, hint })
}
