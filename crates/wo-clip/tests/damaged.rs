//! Thousands of damaged models: each is refused with a reason or loads with finite values in the right shapes. A panic or
//! a crash fails the test.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_clip::fuzzing::small as small_config;
use wo_clip::tch::Device;
use wo_clip::{Checkpoint, read_checkpoint, set_threads, write_checkpoint};
use wo_input::{Tokenizer, train_clip_tokenizer};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const N_MUTATIONS: usize = 2000;

fn small() -> Checkpoint {
    let json = train_clip_tokenizer(&["squat good form", "squat bad form"], 4).unwrap();
    let tokenizer = Tokenizer::from_json(&json, 8).unwrap();
    let vocab_size = tokenizer.vocabulary_size() as i64;
    Checkpoint::fresh(small_config(vocab_size), tokenizer, 1)
}

fn write(path: &Path) {
    // Tensors this small are done before a second thread wakes up, and threads that wait cost other tests their turn.
    set_threads(1);
    let checkpoint = small();
    let (vs, _clip) = checkpoint.build(Device::Cpu).unwrap();
    write_checkpoint(path, &checkpoint, &vs, false).unwrap();
}

/// How mutations of one kind came out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    loaded: usize,
    refused: usize,
}

impl Outcome {
    /// Reads the model; `what` was done to it.
    fn count(&mut self, path: &Path, what: &str) {
        let read = || {
            let checkpoint = read_checkpoint(path)?;
            let (vs, _clip) = checkpoint.build(Device::Cpu)?;
            anyhow::Ok((checkpoint.config, vs))
        };
        let read = catch_unwind(AssertUnwindSafe(read));
        assert!(read.is_ok(), "{what}: panicked");
        match read.unwrap() {
            Ok((config, vs)) => {
                for (name, parameter) in vs.variables() {
                    let is_finite = parameter.isfinite().all().int64_value(&[]) == 1;
                    assert!(is_finite, "{what}: {name} is not finite");
                    if name == "text_model.embeddings.token_embedding.weight" {
                        let text = config.text();
                        assert_eq!(
                            parameter.size(),
                            [text.vocab_size, text.hidden_size],
                            "{what}"
                        );
                    }
                }
                self.loaded += 1;
            }
            Err(e) => {
                assert!(!format!("{e:#}").trim().is_empty(), "{what}: no reason");
                self.refused += 1;
            }
        }
    }
}

/// Does one thing or a few to `bytes`, mostly within the first `n_head` of them, and says what.
fn mutate(bytes: &mut Vec<u8>, n_head: usize, rng: &mut ChaCha8Rng) -> String {
    let place = |rng: &mut ChaCha8Rng, n: usize| {
        let end = if rng.random_bool(0.7) {
            n_head.min(n)
        } else {
            n
        };
        rng.random_range(0..end.max(1))
    };
    let n = bytes.len();
    match rng.random_range(0..6) {
        0 => {
            let n_flips = rng.random_range(1..4);
            for _ in 0..n_flips {
                let at = place(rng, n);
                bytes[at] ^= 1 << rng.random_range(0..8);
            }
            format!("{n_flips} bits flipped")
        }
        1 => {
            bytes.truncate(place(rng, n));
            format!("cut to {}", bytes.len())
        }
        2 => {
            // A length or an offset of eight bytes, as both formats have them.
            let at = place(rng, n.saturating_sub(8));
            let extreme = [
                0,
                1,
                u64::MAX,
                u64::MAX / 2,
                1 << 31,
                1 << 32,
                100_000_001,
                n as u64,
            ];
            let value = extreme[rng.random_range(0..extreme.len())];
            let end = (at + 8).min(n);
            bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
            format!("{value} at {at}")
        }
        3 => {
            let (at, length) = (place(rng, n), rng.random_range(1..40));
            let (from, to) = (place(rng, n), (at + length).min(n));
            let piece = bytes[at..to].to_vec();
            bytes.splice(from..from, piece);
            format!("{at}..{to} again at {from}")
        }
        4 => {
            let (at, length) = (place(rng, n), rng.random_range(1..40));
            bytes.drain(at..(at + length).min(n));
            format!("{length} gone at {at}")
        }
        _ => {
            let at = place(rng, n);
            bytes[at] = rng.random();
            format!("another byte at {at}")
        }
    }
}

/// Changes JSON so that it mostly stays JSON: numbers become others, or two numbers or words change places.
fn mutate_json(text: &str, rng: &mut ChaCha8Rng) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut words: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|before| is_part(before) != is_part(c)) {
            words.push(&text[start..at]);
            start = at;
        }
    }
    words.push(&text[start..]);
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let numbers: Vec<usize> = (0..words.len()).filter(|&i| is_number(words[i])).collect();
    let names: Vec<usize> = (0..words.len())
        .filter(|&i| words[i].starts_with(is_part) && !is_number(words[i]))
        .collect();
    let others = [
        "0",
        "1",
        "2",
        "3",
        "-1",
        "1e9",
        "4294967296",
        "18446744073709551615",
        "1000000",
        "9223372036854775807",
        "0.5",
        "null",
        "[]",
        "\"a\"",
    ];
    for _ in 0..rng.random_range(1..3) {
        let places = if rng.random_bool(0.8) || names.is_empty() {
            &numbers
        } else {
            &names
        };
        let (a, b) = (
            places[rng.random_range(0..places.len())],
            places[rng.random_range(0..places.len())],
        );
        if rng.random_bool(0.5) {
            words.swap(a, b);
        } else if is_number(words[a]) {
            words[a] = others[rng.random_range(0..others.len())];
        } else {
            words[a] = words[b];
        }
    }
    words.concat()
}

#[test]
fn damaged_safetensors_load_right_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    write(&path);
    let weights = path.join("model.safetensors");
    let whole = fs::read(&weights).unwrap();
    let n_header = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(whole[8..8 + n_header].to_vec()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut bytes_changed, mut header_changed) = (Outcome::default(), Outcome::default());
    for i in 0..N_MUTATIONS {
        if i % 2 == 0 {
            let mut bytes = whole.clone();
            let what = mutate(&mut bytes, 8 + n_header, &mut rng);
            fs::write(&weights, bytes).unwrap();
            bytes_changed.count(&path, &format!("safetensors {i}: {what}"));
        } else {
            let header = mutate_json(&header, &mut rng);
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header.as_bytes());
            bytes.extend(&whole[8 + n_header..]);
            fs::write(&weights, bytes).unwrap();
            header_changed.count(&path, &format!("safetensors {i}: header {header}"));
        }
    }
    assert!(
        bytes_changed.loaded > 0 && bytes_changed.refused > N_MUTATIONS / 4,
        "{bytes_changed:?}"
    );
    assert!(
        header_changed.refused > N_MUTATIONS / 4,
        "{header_changed:?}"
    );
}

#[test]
fn damaged_pt_files_load_right_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    write(&path);
    let whole = fs::read(&path).unwrap();
    let entries = entries_of(&whole);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut bytes_changed, mut lists_changed) = (Outcome::default(), Outcome::default());
    for i in 0..N_MUTATIONS {
        if i % 2 == 0 {
            let mut bytes = whole.clone();
            let n_bytes = bytes.len();
            // The directory of a zip lies at its end.
            bytes.reverse();
            let what = mutate(&mut bytes, n_bytes / 8, &mut rng);
            bytes.reverse();
            fs::write(&path, bytes).unwrap();
            bytes_changed.count(&path, &format!("pt {i}: {what}"));
        } else {
            // With checksums that are right, so that what is inside is read.
            let mut entries = entries.clone();
            let texts = ["archive/wo/tensors.json", "archive/wo/config.json"];
            let (name, what);
            if rng.random_bool(0.7) {
                name = texts[rng.random_range(0..texts.len())];
                let text = String::from_utf8(entries[name].clone()).unwrap();
                what = mutate_json(&text, &mut rng);
                entries.insert(name.to_owned(), what.clone().into_bytes());
            } else {
                name = "archive/data/3";
                what = mutate(entries.get_mut(name).unwrap(), usize::MAX, &mut rng);
            }
            fs::write(&path, zip_of(&entries)).unwrap();
            lists_changed.count(&path, &format!("pt {i}: {name} {what}"));
        }
    }
    assert!(bytes_changed.refused > N_MUTATIONS / 4, "{bytes_changed:?}");
    assert!(
        lists_changed.loaded > 0 && lists_changed.refused > N_MUTATIONS / 4,
        "{lists_changed:?}"
    );
}

#[test]
fn a_pt_file_that_names_the_same_bytes_again_and_again_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    write(&path);
    let mut entries = entries_of(&fs::read(&path).unwrap());
    let bomb: Vec<String> = (0..100_000)
        .map(|i| format!("{{\"name\":\"{i}\",\"shape\":[1048576],\"key\":0}}"))
        .collect();
    entries.insert(
        "archive/wo/tensors.json".to_owned(),
        format!("[{}]", bomb.join(",")).into_bytes(),
    );
    entries.insert("archive/data/0".to_owned(), vec![0; 4 << 20]);
    fs::write(&path, zip_of(&entries)).unwrap();
    let message = format!("{:#}", read_checkpoint(&path).expect_err("too much"));
    assert!(message.contains("bytes"), "{message}");
}

fn entries_of(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = BTreeMap::new();
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        entries.insert(
            String::from_utf8(entry.name_raw().to_vec()).unwrap(),
            content,
        );
    }
    entries
}

fn zip_of(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
