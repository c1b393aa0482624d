//! Training a SigLIP and a SigLIP 2, from the small ones that transformers wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use wo_testkit::{stream, tempdir};

use crate::{SMALL, colours, records, tool};

/// Where `scripts/golden` puts what transformers writes.
pub(crate) fn base(name: &str) -> String {
    let fixtures = "../wo-clip/tests/fixtures";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(fixtures);
    path.join(name).to_str().expect("text").to_owned()
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).expect("written");
    serde_json::from_slice(&text).expect("JSON")
}

/// The bytes of each tensor of a safetensors file.
fn tensors(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = std::fs::read(folder.join("model.safetensors")).expect("written");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("8 bytes")) as usize;
    let (header, data) = rest.split_at(length);
    let header: BTreeMap<String, Value> = serde_json::from_slice(header).expect("JSON");
    let tensors = header
        .into_iter()
        .filter(|(name, _)| name != "__metadata__");
    let bytes_of = |value: &Value| {
        let [start, end] = [0, 1].map(|at| value["data_offsets"][at].as_u64().expect("a number"));
        data[start as usize..end as usize].to_vec()
    };
    tensors
        .map(|(name, value)| (name, bytes_of(&value)))
        .collect()
}

/// Trains for an epoch, and gives the names of the tensors that changed.
fn changed(base: &str, output: &Path, flags: &[&str]) -> BTreeSet<String> {
    let run = tool()
        .args(SMALL)
        .args(["--init", base, "--epochs", "1", "--output"])
        .arg(output)
        .args(flags)
        .stdin(stream(&colours()))
        .run();
    assert_eq!(run.status, 0, "{flags:?}: {}", run.stderr);
    let config = json(&output.join("config.json"));
    assert_eq!(config["model_type"], "siglip", "{flags:?}");
    let metrics = records(&run.stdout, "metric");
    let losses = metrics
        .iter()
        .filter_map(|it| it["values"]["train_loss"].as_f64());
    let losses: Vec<f64> = losses.collect();
    assert!(!losses.is_empty(), "{flags:?}: {}", run.stdout);
    assert!(losses.iter().all(|it| it.is_finite()), "{losses:?}");
    let (before, after) = (tensors(Path::new(base)), tensors(output));
    assert!(before.keys().eq(after.keys()), "{flags:?}");
    let differs = |name: &String| before[name] != after[name];
    before.keys().filter(|it| differs(it)).cloned().collect()
}

/// Whether anything of these names changed: of the tower of images, of that of texts, and the bias of the logits.
fn parts(changed: &BTreeSet<String>) -> [bool; 3] {
    ["vision_model.", "text_model.", "logit_bias"]
        .map(|part| changed.iter().any(|name| name.starts_with(part)))
}

#[test]
fn all_of_a_siglip_is_trained_and_what_is_written_is_a_base_again() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("full");
    let changed = changed(&base("siglip"), &output, &["--method", "full"]);
    assert_eq!(parts(&changed), [true; 3], "{changed:?}");
    let run = tool()
        .args(SMALL)
        .args(["--dry-run", "--init"])
        .arg(&output)
        .stdin(stream(&colours()))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn all_of_a_siglip_2_is_trained_and_mixed_with_its_base() {
    let folder = tempdir().expect("a folder");
    let flags = ["--method", "full", "--wise", "0.5"];
    let changed = changed(&base("siglip2"), &folder.path().join("wise"), &flags);
    assert_eq!(parts(&changed), [true; 3], "{changed:?}");
}

#[test]
fn an_adapter_changes_a_siglip() {
    let folder = tempdir().expect("a folder");
    let flags = ["--method", "lora", "--lora-rank", "2"];
    let changed = changed(&base("siglip"), &folder.path().join("lora"), &flags);
    assert!(parts(&changed)[0], "{changed:?}");
}

#[test]
fn a_probe_leaves_the_towers_of_a_siglip_2_as_they_are() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("probe");
    let changed = changed(&base("siglip2"), &output, &["--method", "probe"]);
    assert_eq!(parts(&changed)[..2], [false; 2], "{changed:?}");
}
