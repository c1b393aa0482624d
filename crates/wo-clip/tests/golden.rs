//! The model against numbers that Python transformers and open_clip made (`scripts/dump_reference.py`, run by
//! `scripts/just golden`).

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use safetensors::SafeTensors;
use wo_clip::tch::{Device, Kind, Tensor, nn};
use wo_clip::{Checkpoint, Kernels, Output, read_checkpoint, sigmoid_loss};
use wo_input::{
    ImageProcessor, Preprocessor, TextStyle, Tokenizer, decode_image, train_clip_tokenizer,
};

/// What Python tokenized, in its order.
const TEXTS: [&str; 4] = [
    "squat bad form with knees collapsing inward",
    "deadlift good form with a flat back and the bar close to the legs",
    "Overhead Press!  l'épaule, 3 reps",
    "",
];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn golden(name: &str) -> HashMap<String, Tensor> {
    let bytes = fs::read(fixtures().join(name).join("golden.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(name, view)| {
            let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
            let kind = if view.dtype() == safetensors::Dtype::I64 {
                Kind::Int64
            } else {
                Kind::Float
            };
            (
                name,
                Tensor::from_data_size(view.data(), &shape, kind).copy(),
            )
        })
        .collect()
}

fn checkpoint(name: &str) -> Checkpoint {
    let text = |file: &str| fs::read_to_string(fixtures().join(file)).unwrap();
    Checkpoint::from_parts(
        &text(&format!("{name}/config.json")),
        &text("tokenizer.json"),
        &Preprocessor::clip(24)
            .to_config(ImageProcessor::Clip)
            .to_string(),
        None,
        Cow::Owned(fs::read(fixtures().join(name).join("model.safetensors")).unwrap()),
    )
    .unwrap()
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

#[test]
fn the_tokenizer_fixture_is_what_we_train() {
    let json = train_clip_tokenizer(&[TEXTS[0], TEXTS[1], TEXTS[0], TEXTS[1]], 60).unwrap();
    let path = fixtures().join("tokenizer.json");
    if std::env::var_os("WO_UPDATE").is_some() {
        fs::write(&path, &json).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), json);
}

#[test]
fn tokens_equal_those_of_transformers() {
    let tokenizer = Tokenizer::from_json(
        &fs::read_to_string(fixtures().join("tokenizer.json")).unwrap(),
        20,
    )
    .unwrap();
    let tokens = tokenizer.encode(&TEXTS).unwrap();
    let ids = Tensor::from_slice(&tokens.ids).view([tokens.n_texts as i64, tokens.length as i64]);
    assert_eq!(ids, golden("quick_gelu")["ids"]);
}

#[test]
fn pixels_equal_those_of_pillow() {
    let preprocessor = Preprocessor::clip(24);
    let golden = golden("quick_gelu");
    for i in 0..3 {
        let picture =
            decode_image(&fs::read(fixtures().join(format!("picture{i}.png"))).unwrap()).unwrap();
        let pixels = Tensor::from_slice(&preprocessor.pixels(&picture)).view([3, 24, 24]);
        // Coefficients are rounded a little differently, so a value may be one level of 255 off; in units of the
        // smallest standard deviation.
        let one_level = 1.0 / 255.0 / 0.26 + 1e-6;
        let off = (&pixels - golden["pixels"].get(i)).abs();
        assert!(
            off.max().double_value(&[]) <= one_level,
            "picture {i}: {:?}",
            off.max()
        );
    }
}

#[test]
fn features_logits_loss_and_gradients_equal_those_of_transformers() {
    for kernels in [Kernels::ONEDNN, Kernels::OWN] {
        kernels.apply().unwrap();
        for name in ["quick_gelu", "gelu"] {
            features_logits_loss_and_gradients(name);
        }
    }
}

fn features_logits_loss_and_gradients(name: &str) {
    let checkpoint = checkpoint(name);
    let golden = golden(name);
    let (vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    let tokens = checkpoint.tokenizer.encode(&TEXTS).unwrap();
    let output = clip.forward(&golden["pixels"], &tokens);
    check_output(name, &output, &golden);
    let loss = output
        .logits
        .cross_entropy_for_logits(&Tensor::from_slice(&[0_i64, 1, 2]));
    assert!(
        (loss.double_value(&[]) - golden["loss"].double_value(&[0])).abs() < 1e-4,
        "{name} loss"
    );
    loss.backward();
    check_gradients(name, &vs, &golden);
}

/// Features and logits beside those of transformers.
fn check_output(name: &str, output: &Output, golden: &HashMap<String, Tensor>) {
    for (what, ours) in [
        ("image_features", &output.image_features),
        ("text_features", &output.text_features),
        ("logits", &output.logits),
    ] {
        let difference = difference(ours, &golden[what]);
        assert!(difference < 1e-4, "{name} {what}: {difference}");
    }
}

/// The gradients of all parameters beside those of transformers.
fn check_gradients(name: &str, vs: &nn::VarStore, golden: &HashMap<String, Tensor>) {
    let variables = vs.variables();
    assert_eq!(
        variables.len(),
        golden.keys().filter(|key| key.starts_with("grad.")).count()
    );
    for (parameter_name, parameter) in variables {
        let wanted = &golden[&format!("grad.{parameter_name}")];
        let difference = difference(&parameter.grad(), wanted);
        assert!(
            difference < 1e-4,
            "{name} gradient of {parameter_name}: {difference}"
        );
    }
}

/// A SigLIP as transformers writes it.
fn siglip(name: &str) -> Checkpoint {
    let text = |file: &str| fs::read_to_string(fixtures().join(name).join(file)).unwrap();
    Checkpoint::from_parts(
        &text("config.json"),
        &text("tokenizer.json"),
        &text("preprocessor_config.json"),
        None,
        Cow::Owned(fs::read(fixtures().join(name).join("model.safetensors")).unwrap()),
    )
    .unwrap()
}

fn ids_of(tokenizer: &Tokenizer, texts: &[impl AsRef<str>]) -> Tensor {
    let tokens = tokenizer.encode(texts).unwrap();
    Tensor::from_slice(&tokens.ids).view([tokens.n_texts as i64, tokens.length as i64])
}

#[test]
fn tokens_of_siglip_equal_those_of_transformers() {
    for name in ["siglip", "siglip2"] {
        let golden = golden(name);
        assert_eq!(ids_of(&siglip(name).tokenizer, &TEXTS), golden["ids"]);
        let text = |file: &str| fs::read_to_string(fixtures().join(name).join(file)).unwrap();
        let hard: Vec<String> = serde_json::from_str(&text("texts.json")).unwrap();
        let tokenizer =
            Tokenizer::with_style(&text("tokenizer.json"), 64, TextStyle::Siglip).unwrap();
        let ours = ids_of(&tokenizer, &hard);
        for (i, text) in hard.iter().enumerate() {
            let (ours, wanted) = (ours.get(i as i64), golden["hard_ids"].get(i as i64));
            assert_eq!(ours, wanted, "{name}: {text:?}");
        }
        // What is written is read the same.
        let again = Tokenizer::with_style(tokenizer.json(), 64, TextStyle::Siglip).unwrap();
        assert_eq!(again.json(), tokenizer.json());
        assert_eq!(ids_of(&again, &hard), ours);
    }
}

#[test]
fn siglip_equals_that_of_transformers() {
    for kernels in [Kernels::ONEDNN, Kernels::OWN] {
        kernels.apply().unwrap();
        for name in ["siglip", "siglip2"] {
            features_loss_and_gradients_of_siglip(name);
        }
    }
}

fn features_loss_and_gradients_of_siglip(name: &str) {
    let checkpoint = siglip(name);
    let golden = golden(name);
    for i in 0..3 {
        let file = fixtures().join(format!("picture{i}.png"));
        let picture = decode_image(&fs::read(file).unwrap()).unwrap();
        let pixels = checkpoint.preprocessor.pixels(&picture);
        let off = difference(
            &Tensor::from_slice(&pixels).view([3, 24, 24]),
            &golden["pixels"].get(i),
        );
        assert!(off <= 2.0 / 255.0 + 1e-6, "{name} picture {i}: {off}");
    }
    let (vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    let tokens = checkpoint.tokenizer.encode(&TEXTS).unwrap();
    let output = clip.forward(&golden["pixels"], &tokens);
    check_output(name, &output, &golden);
    // transformers wants as many texts as images.
    let loss = sigmoid_loss(
        &output.logits.narrow(1, 0, 3),
        &Tensor::eye(3, (Kind::Float, Device::Cpu)),
        None,
    );
    let difference = (loss.double_value(&[]) - golden["loss"].double_value(&[0])).abs();
    assert!(difference < 1e-4, "{name} loss: {difference}");
    loss.backward();
    check_gradients(name, &vs, &golden);
}

#[test]
fn features_and_logits_equal_those_of_open_clip() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "open_clip/open_clip_pytorch_model.safetensors",
        "open_clip/open_clip_config.json",
        "tokenizer.json",
    ] {
        let source = fixtures().join(file);
        fs::copy(&source, folder.path().join(source.file_name().unwrap())).unwrap();
    }
    let checkpoint = read_checkpoint(folder.path()).unwrap();
    assert_eq!(checkpoint.preprocessor.side, 24);
    let (_vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    let tokens = checkpoint.tokenizer.encode(&TEXTS).unwrap();
    let output = clip.forward(&golden("quick_gelu")["pixels"], &tokens);
    let golden = golden("open_clip");
    for (what, ours) in [
        ("image_features", &output.image_features),
        ("text_features", &output.text_features),
        ("logits", &output.logits),
    ] {
        let difference = difference(ours, &golden[what]);
        assert!(difference < 1e-4, "{what}: {difference}");
    }
}
