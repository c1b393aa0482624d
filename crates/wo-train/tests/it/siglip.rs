//! Training a SigLIP and a SigLIP 2, from the small ones that transformers wrote.

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

#[test]
fn each_method_trains_a_siglip_and_writes_a_siglip() {
    let folder = tempdir().expect("a folder");
    for name in ["siglip", "siglip2"] {
        let base = base(name);
        for (how, flags) in [
            ("full", &["--method", "full"][..]),
            ("wise", &["--method", "full", "--wise", "0.5"]),
            ("lora", &["--method", "lora", "--lora-rank", "2"]),
            ("probe", &["--method", "probe"]),
        ] {
            let output = folder.path().join(format!("{name}-{how}"));
            let run = tool()
                .args(SMALL)
                .args(["--init", &base, "--epochs", "1", "--output"])
                .arg(&output)
                .args(flags)
                .env("XDG_CACHE_HOME", folder.path().join("cache"))
                .stdin(stream(&colours()))
                .run();
            assert_eq!(run.status, 0, "{name} {how}: {}", run.stderr);
            let config = json(&output.join("config.json"));
            assert_eq!(config["model_type"], "siglip", "{name} {how}");
            let metrics = records(&run.stdout, "metric");
            let losses = metrics
                .iter()
                .filter_map(|it| it["values"]["train_loss"].as_f64());
            let losses: Vec<f64> = losses.collect();
            assert!(losses.iter().all(|it| it.is_finite()), "{name} {how}");
            let weights = std::fs::read(output.join("model.safetensors")).expect("written");
            let before = std::fs::read(Path::new(&base).join("model.safetensors")).expect("there");
            assert!(how == "probe" || weights != before, "{name} {how}");
            // What is written is a base model again.
            let run = tool()
                .args(SMALL)
                .args(["--dry-run", "--init"])
                .arg(&output)
                .stdin(stream(&colours()))
                .run();
            assert_eq!(run.status, 0, "{name} {how}: {}", run.stderr);
        }
    }
}
