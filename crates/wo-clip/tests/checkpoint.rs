//! Models to disk and back, and what is refused.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::fs;
use std::path::Path;

use wo_clip::tch::{Device, Tensor, no_grad};
use wo_clip::{
    Checkpoint, Clip, ClipConfig, TextConfig, VisionConfig, read_checkpoint, write_checkpoint,
};
use wo_input::{Tokenizer, train_clip_tokenizer};

fn small() -> Checkpoint {
    let json = train_clip_tokenizer(&["squat good form", "squat bad form"], 20).unwrap();
    let tokenizer = Tokenizer::from_json(&json, 16).unwrap();
    let vocab_size = tokenizer.vocabulary_size() as i64;
    let config = ClipConfig {
        text_config: TextConfig {
            vocab_size,
            hidden_size: 16,
            intermediate_size: 16,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            max_position_embeddings: 16,
            eos_token_id: vocab_size - 1,
            ..TextConfig::default()
        },
        vision_config: VisionConfig {
            hidden_size: 16,
            intermediate_size: 16,
            num_hidden_layers: 1,
            num_attention_heads: 2,
            image_size: 16,
            patch_size: 8,
            ..VisionConfig::default()
        },
        projection_dim: 8,
        ..ClipConfig::default()
    };
    Checkpoint::fresh(config, tokenizer, 1)
}

/// What a model read from disk says of a fixed picture and two texts.
fn logits(checkpoint: &Checkpoint) -> Tensor {
    let (_vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    logits_of(checkpoint, &clip)
}

fn logits_of(checkpoint: &Checkpoint, clip: &Clip) -> Tensor {
    let pixels = Tensor::linspace(-1.0, 1.0, 3 * 16 * 16, (tch::Kind::Float, Device::Cpu))
        .view([1, 3, 16, 16]);
    let tokens = checkpoint
        .tokenizer
        .encode(&["squat good form", "squat bad form"])
        .unwrap();
    no_grad(|| clip.forward(&pixels, &tokens).logits)
}

fn written(path: &Path, half: bool) -> (Tensor, String) {
    let checkpoint = small();
    let (vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    let id = write_checkpoint(path, &checkpoint, &vs, half).unwrap();
    (logits_of(&checkpoint, &clip), id)
}

#[test]
fn both_forms_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for name in ["model", "deep/er/model.pt"] {
        let path = folder.path().join(name);
        let (before, id) = written(&path, false);
        ids.push(id);
        assert_eq!(logits(&read_checkpoint(&path).unwrap()), before, "{name}");
    }
    assert_eq!(
        ids[0], ids[1],
        "the same weights have the same id in both forms"
    );
    let path = folder.path().join("half");
    let (before, _) = written(&path, true);
    let difference = (logits(&read_checkpoint(&path).unwrap()) - before)
        .abs()
        .max()
        .double_value(&[]);
    assert!(difference < 0.05, "{difference}");
}

#[test]
fn a_folder_is_replaced_only_where_it_holds_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let _ = written(&path, false);
    let _ = written(&path, false);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left over"
    );
    let thesis = folder.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter1.txt"), "years of work").unwrap();
    let checkpoint = small();
    let (vs, _clip) = checkpoint.build(Device::Cpu).unwrap();
    let message = format!(
        "{:#}",
        write_checkpoint(&thesis, &checkpoint, &vs, false).expect_err("not a model")
    );
    assert!(message.contains("is not replaced"), "{message}");
    assert!(thesis.join("chapter1.txt").exists());
}

fn refused(path: &Path) -> String {
    format!(
        "{:#}",
        read_checkpoint(path)
            .and_then(|c| c.build(Device::Cpu).map(drop))
            .expect_err("must be refused")
    )
}

#[test]
fn what_is_not_ours_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], reason: &str| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let message = refused(&path);
        assert!(
            message.contains(reason) && message.contains(name),
            "{message}"
        );
    };
    check("pickle.pt", b"\x80\x02}q\x00.", "no zip file");
    check("empty.pt", b"", "no zip file");
    // A zip without our entries, as torch.save writes it.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(
        "archive/data.pkl",
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
    )
    .unwrap();
    check(
        "torch.pt",
        &zip.finish().unwrap().into_inner(),
        "pickles can run code",
    );
    assert!(refused(&folder.path().join("nothing")).contains("nothing"));
}

#[test]
fn weights_of_another_model_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let _ = written(&path, false);
    let config = path.join("config.json");
    let original = fs::read_to_string(&config).unwrap();
    let deeper = original.replacen("\"num_hidden_layers\": 1", "\"num_hidden_layers\": 2", 1);
    assert_ne!(deeper, original);
    fs::write(&config, deeper).unwrap();
    assert!(refused(&path).contains("layers.1"), "{}", refused(&path));
    fs::write(
        &config,
        original.replace("\"projection_dim\": 8", "\"projection_dim\": 9"),
    )
    .unwrap();
    assert!(refused(&path).contains("shape"), "{}", refused(&path));
    fs::write(&config, original).unwrap();

    let weights = path.join("model.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() - 10]).unwrap();
    assert!(refused(&path).contains("safetensors"), "{}", refused(&path));
    let mut with_nan = whole.clone();
    let n = with_nan.len();
    with_nan[n - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&weights, with_nan).unwrap();
    assert!(refused(&path).contains("not finite"), "{}", refused(&path));
}
