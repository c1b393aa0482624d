//! A model that is one file: a zip whose texts lie beside the tensors, once as they are and once in a pickle that
//! `torch.load` reads. No pickle is interpreted: a text in it is a letter, a length and the text.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Where the texts lie.
const MANIFEST: &str = "archive/wo/wo.json";
const SEAL: &str = "archive/wo/seal";
const PICKLE: &str = "archive/data.pkl";
/// As `wo-train` writes it: tensors can be mapped into memory.
const ALIGNMENT: u16 = 64;
/// The largest text that is read.
const MAX_TEXT: u64 = 64 << 20;

/// What a model knows of itself; `None` of a file that is no model of `wo-train`.
pub(crate) fn manifest(path: &Path) -> anyhow::Result<Option<String>> {
    let Some(mut zip) = opened(path)? else {
        return Ok(None);
    };
    text(&mut zip, MANIFEST).with_context(|| format!("read {}", path.display()))
}

/// Writes the file again with another manifest and its seal. The old file stays until the new one is whole.
pub(crate) fn rewrite(path: &Path, manifest: &str, seal: &str) -> anyhow::Result<()> {
    let writing = || format!("write {}", path.display());
    let mut zip = opened(path)?.with_context(writing)?;
    let old = text(&mut zip, MANIFEST)?.with_context(writing)?;
    let old_seal = text(&mut zip, SEAL)?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true)
        .with_alignment(ALIGNMENT);
    let mut new = ZipWriter::new(wo_folder::create(path)?);
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).with_context(writing)?;
        let name = entry.name().with_context(writing)?.into_owned();
        new.start_file(name.as_str(), options)
            .with_context(writing)?;
        match name.as_str() {
            MANIFEST => new.write_all(manifest.as_bytes())?,
            SEAL => new.write_all(seal.as_bytes())?,
            PICKLE => {
                let mut pickle = Vec::new();
                entry.read_to_end(&mut pickle).with_context(writing)?;
                let mut pickle = replaced(&pickle, &old, manifest).with_context(writing)?;
                if let Some(old_seal) = &old_seal {
                    pickle = replaced(&pickle, old_seal, seal).with_context(writing)?;
                }
                new.write_all(&pickle)?;
            }
            _ => drop(std::io::copy(&mut entry, &mut new).with_context(writing)?),
        }
    }
    let file = new.finish().with_context(writing)?;
    file.commit().with_context(writing)
}

fn opened(path: &Path) -> anyhow::Result<Option<ZipArchive<BufReader<File>>>> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    Ok(ZipArchive::new(BufReader::new(file)).ok())
}

fn text(zip: &mut ZipArchive<BufReader<File>>, name: &str) -> anyhow::Result<Option<String>> {
    let Ok(entry) = zip.by_name(name) else {
        return Ok(None);
    };
    ensure!(
        entry.size() <= MAX_TEXT,
        "{name} has more than {MAX_TEXT} bytes"
    );
    let mut text = String::new();
    entry
        .take(MAX_TEXT)
        .read_to_string(&mut text)
        .with_context(|| format!("read {name}"))?;
    Ok(Some(text))
}

/// A pickle with another text in the place of one.
fn replaced(pickle: &[u8], old: &str, new: &str) -> anyhow::Result<Vec<u8>> {
    let pickled = |text: &str| -> Vec<u8> {
        let length = (text.len() as u32).to_le_bytes();
        [b"X", length.as_slice(), text.as_bytes()].concat()
    };
    let old = pickled(old);
    let place = pickle.windows(old.len()).position(|it| it == old);
    let place = place.context("the text is not in its pickle")?;
    let (before, rest) = pickle.split_at(place);
    let after = rest.get(old.len()..).unwrap_or_default();
    Ok([before, &pickled(new), after].concat())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A file as `wo-train` writes it, with one tensor.
    fn write(path: &Path, manifest: &str, seal: &str) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .with_alignment(ALIGNMENT);
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        let pickled = |text: &str| {
            let length = (text.len() as u32).to_le_bytes();
            [b"X", length.as_slice(), text.as_bytes()].concat()
        };
        let pickle = [
            b"\x80\x02}(".to_vec(),
            pickled("seal"),
            pickled(seal),
            pickled(manifest),
            b"u.".to_vec(),
        ];
        let mut add = |name: &str, bytes: &[u8]| {
            zip.start_file(name, options).unwrap();
            zip.write_all(bytes).unwrap();
        };
        add(PICKLE, &pickle.concat());
        add("archive/data/0", &[7; 256]);
        add(MANIFEST, manifest.as_bytes());
        add(SEAL, seal.as_bytes());
        zip.finish().unwrap();
    }

    #[test]
    fn texts_are_replaced_and_tensors_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.pt");
        write(&path, r#"{"videos":["anna"]}"#, "aa");
        assert_eq!(
            manifest(&path).unwrap().as_deref(),
            Some(r#"{"videos":["anna"]}"#)
        );
        rewrite(&path, r#"{"videos":[]}"#, "bb").unwrap();
        let expected = dir.path().join("expected.pt");
        write(&expected, r#"{"videos":[]}"#, "bb");
        let mut zips = [&path, &expected].map(|it| opened(it).unwrap().unwrap());
        for place in 0..zips[1].len() {
            let [new, expected] = &mut zips;
            let (mut one, mut other) = (Vec::new(), Vec::new());
            let mut entry = new.by_index(place).unwrap();
            entry.read_to_end(&mut one).unwrap();
            assert_eq!(entry.data_start().unwrap() % u64::from(ALIGNMENT), 0);
            expected
                .by_index(place)
                .unwrap()
                .read_to_end(&mut other)
                .unwrap();
            assert_eq!(one, other, "{place}");
        }
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(4).any(|it| it == b"anna"));
    }

    #[test]
    fn another_file_is_no_model() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.pt");
        fs::write(&path, "no zip").unwrap();
        assert_eq!(manifest(&path).unwrap(), None);
    }
}
