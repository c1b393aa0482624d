//! Models with vision towers of timm as files: what is refused and with which way out, and what is written and read again.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::fs;
use std::path::PathBuf;

use safetensors::SafeTensors;
use serde_json::{Value, json};
use wo_clip::tch::{Device, Kind, no_grad};
use wo_clip::{Checkpoint, TextConfig, TimmConfig, TimmTower, read_checkpoint, write_checkpoint};
use wo_input::{Tokenizer, train_clip_tokenizer};

fn tokenizer() -> String {
    train_clip_tokenizer(&["squat good form", "squat bad form"], 4).unwrap()
}

/// A small text tower beside the smallest tower of timm that is known.
fn small() -> Checkpoint {
    let tokenizer = Tokenizer::from_json(&tokenizer(), 8).unwrap();
    let tower = "vit_pe_core_tiny_patch16_384";
    let config = TimmConfig {
        name: tower.to_owned(),
        vision: TimmTower::of_name(tower).unwrap(),
        image_size: 384,
        text_config: TextConfig {
            vocab_size: tokenizer.vocabulary_size() as i64,
            hidden_size: 8,
            intermediate_size: 32,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            max_position_embeddings: 8,
            eos_token_id: i64::from(tokenizer.end_of_text()),
            ..TextConfig::default()
        },
        is_causal: true,
        projection_dim: 10,
    };
    Checkpoint::fresh(config, tokenizer, 1)
}

#[test]
fn what_is_written_is_read_again_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = small();
    // open_clip has the exact unit where nothing is said.
    if let wo_clip::ModelConfig::Timm(config) = &mut checkpoint.config {
        config.text_config.hidden_act = wo_clip::Activation::Gelu;
    }
    let (vs, _clip) = checkpoint.build(Device::Cpu).unwrap();
    no_grad(|| {
        for (_, parameter) in vs.variables() {
            let noise = parameter.randn_like() * 0.1;
            drop(parameter.shallow_clone().g_add_(&noise));
        }
    });
    for name in ["model", "model.pt"] {
        let path = folder.path().join(name);
        write_checkpoint(&path, &checkpoint, &vs, false).unwrap();
        let again = read_checkpoint(&path).unwrap();
        assert_eq!(again.config, checkpoint.config, "{name}");
        let (other, _clip) = again.build(Device::Cpu).unwrap();
        let others = other.variables();
        assert_eq!(others.len(), vs.variables().len());
        for (parameter, tensor) in vs.variables() {
            assert_eq!(tensor, others[&parameter], "{name}, {parameter}");
        }
    }
    let bytes = fs::read(folder.path().join("model/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names = file.names();
    assert!(
        !names.iter().any(|name| name.starts_with("text_")),
        "{names:?}"
    );
    let joint = file
        .tensor("text.transformer.resblocks.1.attn.in_proj_weight")
        .unwrap();
    assert_eq!(joint.shape(), [24, 8]);
    let config = fs::read_to_string(folder.path().join("model/open_clip_config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["model_cfg"]["vision_cfg"]["timm_pool"], "map");
    assert_eq!(config["preprocess_cfg"]["resize_mode"], "shortest");
    // In 16 bits it is read as well.
    let half = folder.path().join("half");
    write_checkpoint(&half, &checkpoint, &vs, true).unwrap();
    let (other, _clip) = read_checkpoint(&half).unwrap().build(Device::Cpu).unwrap();
    let (whole, half) = (vs.variables(), other.variables());
    let name = "visual.trunk.blocks.3.attn.qkv.weight";
    let difference = (&whole[name] - &half[name]).abs().max();
    assert!(difference.to_kind(Kind::Float).double_value(&[]) < 1e-3);
}

#[test]
fn pickles_of_the_makers_are_refused_with_the_repository_that_has_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    for (name, repository) in [
        ("PE-Core-B16-224.pt", "--init timm/PE-Core-B-16 "),
        (
            "mobileclip_blt.pt",
            "--init apple/MobileCLIP-B-LT-OpenCLIP ",
        ),
        ("mobileclip_s0.pt", "--init timm/MobileCLIP2-S0-OpenCLIP "),
        ("mobileclip2_s4.pt", "--init timm/MobileCLIP2-S4-OpenCLIP "),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, b"\x80\x02}q\x00.").unwrap();
        let shown = wo_cli::message_of(&read_checkpoint(&path).unwrap_err()).shown();
        assert!(
            shown.contains("pickle") && shown.contains(repository),
            "{shown}"
        );
    }
}

/// An `open_clip_config.json` of a small text tower beside a tower of timm.
fn open_clip_config(tower: &str, image_size: i64, more: &[(&str, Value)]) -> String {
    let mut whole = json!({
        "model_cfg": {
            "embed_dim": 10,
            "vision_cfg": {"timm_model_name": tower, "timm_model_pretrained": false, "timm_pool": "map", "timm_proj": null,
                "image_size": image_size},
            "text_cfg": {"context_length": 8, "vocab_size": 300, "width": 8, "heads": 2, "layers": 1},
            "custom_text": true,
        },
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic",
            "resize_mode": "shortest"},
    });
    for (place, value) in more {
        let (table, name) = place.split_once('.').unwrap();
        let table = match table {
            "model_cfg" => &mut whole["model_cfg"],
            table => &mut whole["model_cfg"][table],
        };
        table[name] = value.clone();
    }
    whole.to_string()
}

/// What is said of a folder with this configuration and weights of another model.
fn said(config: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("open_clip_config.json"), config).unwrap();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/towers");
    let weights = fs::read(fixtures.join("pe_core/weights.safetensors")).unwrap();
    fs::write(folder.path().join("open_clip_model.safetensors"), weights).unwrap();
    fs::write(folder.path().join("tokenizer.json"), tokenizer()).unwrap();
    wo_cli::message_of(&read_checkpoint(folder.path()).unwrap_err()).shown()
}

/// Each of `cases` is a tower, a field with its value, and what is said of it.
fn check(cases: &[(&str, &str, Value, &str)]) {
    for (tower, place, value, expected) in cases {
        let shown = said(&open_clip_config(tower, 384, &[(*place, value.clone())]));
        assert!(shown.contains(*expected), "{tower} {place}: {shown}");
    }
}

const TINY: &str = "vit_pe_core_tiny_patch16_384";

#[test]
fn a_tower_that_is_not_known_is_refused_with_a_way_out() {
    let instead = "take a vision transformer instead";
    let avg = || json!("avg");
    check(&[
        ("convnext_base", "vision_cfg.timm_pool", avg(), instead),
        (
            "eva02_base_patch16_clip_224",
            "vision_cfg.timm_pool",
            avg(),
            instead,
        ),
        ("resnet50", "vision_cfg.timm_pool", avg(), instead),
        (
            "vit_pe_core_gigantic_patch14_448",
            "vision_cfg.timm_pool",
            avg(),
            "timm/PE-Core-L-14-336",
        ),
        ("mobilenetv4", "vision_cfg.timm_pool", avg(), "fastvit_mci0"),
        (
            TINY,
            "vision_cfg.timm_model_name",
            json!(7),
            "timm_model_name is 7",
        ),
    ]);
}

#[test]
fn a_field_that_does_not_fit_the_tower_is_refused_by_name() {
    check(&[
        (
            TINY,
            "vision_cfg.timm_pool",
            json!("avg"),
            "timm_pool is \"avg\", and \"map\" is expected",
        ),
        (
            TINY,
            "vision_cfg.timm_proj",
            json!("linear"),
            "timm_proj is \"linear\"",
        ),
        (
            TINY,
            "vision_cfg.image_size",
            json!(224),
            "image_size is 224, and the 384",
        ),
        (
            TINY,
            "vision_cfg.image_size",
            json!(-1),
            "vision_cfg.image_size is -1",
        ),
        (
            TINY,
            "text_cfg.no_causal_mask",
            json!("yes"),
            "no_causal_mask is \"yes\"",
        ),
        (TINY, "text_cfg.embed_cls", json!(true), "embed_cls is true"),
        (
            TINY,
            "text_cfg.context_length",
            json!(1),
            "context_length is 1",
        ),
        (
            TINY,
            "text_cfg.layers",
            json!(1_000_000),
            "more blocks (1000012)",
        ),
        (TINY, "text_cfg.width", json!(1e300), "text_cfg.width is 1e"),
        (TINY, "text_cfg.heads", json!(3), "a multiple of heads"),
        (TINY, "model_cfg.embed_dim", json!(0), "embed_dim is 0"),
        (
            TINY,
            "model_cfg.multimodal_cfg",
            json!({"width": 8}),
            "multimodal_cfg is",
        ),
        // All numbers are fine, and the weights are of another model.
        (
            TINY,
            "text_cfg.width",
            json!(8),
            "the weights are of another model",
        ),
    ]);
    for size in [0, 63, 100, 2048, 1_000_001] {
        let more = [("vision_cfg.timm_pool", json!("avg"))];
        let shown = said(&open_clip_config("fastvit_mci0", size, &more));
        assert!(shown.contains("image_size is"), "{size}: {shown}");
    }
}
