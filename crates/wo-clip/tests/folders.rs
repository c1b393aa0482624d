//! Model folders as people have them: several files of weights, older and newer files beside them, adapters.

// Longer than 400 lines: each test writes a folder in another way.
#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use wo_clip::tch::{Device, Kind, Tensor, no_grad};
use wo_clip::{Checkpoint, read_checkpoint};
use wo_input::{Fit, ImageProcessor, Preprocessor, Tokenizer, clip_tokenizer_json};

const INDEX: &str = "model.safetensors.index.json";

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A folder with the small model of the golden numbers.
fn model() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("quick_gelu/config.json", "config.json"),
        ("quick_gelu/model.safetensors", "model.safetensors"),
        ("tokenizer.json", "tokenizer.json"),
    ] {
        fs::copy(fixtures().join(from), folder.path().join(to)).unwrap();
    }
    put(&folder, "preprocessor_config.json", &preprocessing());
    folder
}

fn preprocessing() -> Value {
    Preprocessor::clip(24).to_config(ImageProcessor::Clip)
}

fn put(folder: &TempDir, name: &str, value: &Value) {
    fs::write(folder.path().join(name), value.to_string()).unwrap();
}

fn json_at(folder: &TempDir, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.path().join(name)).unwrap()).unwrap()
}

fn remove(folder: &TempDir, name: &str) {
    fs::remove_file(folder.path().join(name)).unwrap();
}

/// The message and the hints of a folder that is refused.
fn refused(folder: &Path) -> String {
    wo_cli::message_of(&read_checkpoint(folder).expect_err("refused")).shown()
}

fn golden(file: &str) -> BTreeMap<String, Tensor> {
    let tensors = Tensor::read_safetensors(fixtures().join(file)).unwrap();
    tensors.into_iter().collect()
}

/// What a model makes of the golden pixels and ids.
fn features(checkpoint: &Checkpoint) -> [Tensor; 2] {
    let golden = golden("quick_gelu/golden.safetensors");
    let (_vs, clip) = checkpoint.build(Device::Cpu).unwrap();
    let texts: Value =
        serde_json::from_str(&fs::read_to_string(fixtures().join("versions.json")).unwrap())
            .unwrap();
    let texts: Vec<&str> = texts["texts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let tokens = checkpoint.tokenizer.encode(&texts).unwrap();
    let output = no_grad(|| clip.forward(&golden["pixels"], &tokens));
    [output.image_features, output.text_features]
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

/// The tensors of the small model, each in a kind of its own.
fn weights(kind_of: impl Fn(usize) -> Kind) -> Vec<(String, Dtype, Vec<usize>, Vec<u8>)> {
    let tensors = golden("quick_gelu/model.safetensors");
    let entries = tensors.into_iter().enumerate();
    entries
        .map(|(index, (name, tensor))| {
            let kind = kind_of(index);
            let tensor = tensor.to_kind(kind).contiguous();
            let mut bytes = vec![0; tensor.numel() * kind.elt_size_in_bytes()];
            tensor.copy_data_u8(&mut bytes, tensor.numel());
            let shape = tensor.size().iter().map(|&n| n as usize).collect();
            let dtype = match kind {
                Kind::Half => Dtype::F16,
                Kind::BFloat16 => Dtype::BF16,
                _ => Dtype::F32,
            };
            (name, dtype, shape, bytes)
        })
        .collect()
}

fn write_weights(path: &Path, weights: &[(String, Dtype, Vec<usize>, Vec<u8>)]) {
    let views = weights.iter().map(|(name, dtype, shape, bytes)| {
        (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// The small model in two files with an index.
fn sharded() -> TempDir {
    let folder = model();
    remove(&folder, "model.safetensors");
    let all = weights(|_| Kind::Float);
    let mut map = serde_json::Map::new();
    for (number, part) in all.chunks(all.len().div_ceil(2)).enumerate() {
        let name = format!("model-{:05}-of-00002.safetensors", number + 1);
        write_weights(&folder.path().join(&name), part);
        map.extend(
            part.iter()
                .map(|(tensor, ..)| (tensor.clone(), json!(name))),
        );
    }
    put(
        &folder,
        INDEX,
        &json!({"metadata": {"total_size": 1}, "weight_map": map}),
    );
    folder
}

#[test]
fn weights_in_several_files_are_those_of_one() {
    let whole = features(&read_checkpoint(model().path()).unwrap());
    let sharded = sharded();
    let parts = features(&read_checkpoint(sharded.path()).unwrap());
    assert_eq!(whole, parts);
}

#[test]
fn what_an_index_and_its_files_do_not_agree_on_is_named() {
    let with = |change: &dyn Fn(&mut Value)| {
        let folder = sharded();
        let mut index = json_at(&folder, INDEX);
        change(&mut index);
        put(&folder, INDEX, &index);
        refused(folder.path())
    };
    let missing =
        with(&|index| index["weight_map"]["more"] = json!("model-00001-of-00002.safetensors"));
    assert!(
        missing.contains("model-00001-of-00002.safetensors: "),
        "{missing}"
    );
    assert!(
        missing.contains("says that it holds more, and it does not"),
        "{missing}"
    );
    let extra = with(&|index| {
        index["weight_map"]
            .as_object_mut()
            .unwrap()
            .remove("logit_scale");
    });
    assert!(extra.contains("it holds logit_scale, and"), "{extra}");
    let outside = with(&|index| index["weight_map"]["logit_scale"] = json!("../model.safetensors"));
    assert!(
        outside.contains("it names the file \"../model.safetensors\""),
        "{outside}"
    );
    let gone = with(&|index| {
        index["weight_map"]["logit_scale"] = json!("model-00003-of-00003.safetensors");
    });
    assert!(
        gone.contains("model-00003-of-00003.safetensors cannot be read"),
        "{gone}"
    );
    assert!(
        gone.contains("with all the files that the index names"),
        "{gone}"
    );
    // A pickle does not come in by the index either.
    let folder = sharded();
    fs::write(
        folder.path().join("model-00002-of-00002.safetensors"),
        b"\x80\x02}q\x00.",
    )
    .unwrap();
    assert!(refused(folder.path()).contains("pickle"));
    // A tensor in both files.
    let folder = sharded();
    let part = folder.path().join("model-00002-of-00002.safetensors");
    write_weights(&part, &weights(|_| Kind::Float));
    assert!(refused(folder.path()).contains("it holds "));
}

#[test]
fn sixteen_bits_of_both_kinds_in_one_file_are_read() {
    let whole = features(&read_checkpoint(model().path()).unwrap());
    for kinds in [
        [Kind::Half; 3],
        [Kind::BFloat16; 3],
        [Kind::Half, Kind::BFloat16, Kind::Float],
    ] {
        let folder = model();
        let mixed = weights(|index| kinds[index % 3]);
        write_weights(&folder.path().join("model.safetensors"), &mixed);
        let read = features(&read_checkpoint(folder.path()).unwrap());
        for (a, b) in read.iter().zip(&whole) {
            let off = difference(a, b);
            assert!(off > 0.0 && off < 0.05, "{kinds:?}: {off}");
        }
    }
}

#[derive(Deserialize)]
struct Golden {
    text: String,
    ids: Vec<i64>,
}

#[test]
fn a_vocabulary_with_merges_makes_the_tokens_of_transformers() {
    let at = |name: &str| fs::read_to_string(fixtures().join("vocabulary").join(name)).unwrap();
    let json = clip_tokenizer_json(&at("vocab.json"), &at("merges.txt")).unwrap();
    let tokenizer = Tokenizer::from_json(&json, 20).unwrap();
    let golden: Vec<Golden> = serde_json::from_str(&at("tokens.json")).unwrap();
    assert!(golden.len() > 10);
    for Golden { text, ids } in golden {
        assert_eq!(tokenizer.encode(&[&text]).unwrap().ids, ids, "{text}");
    }
    let folder = model();
    remove(&folder, "tokenizer.json");
    assert!(refused(folder.path()).contains("nor vocab.json with merges.txt"));
    for name in ["vocab.json", "merges.txt"] {
        fs::copy(
            fixtures().join("vocabulary").join(name),
            folder.path().join(name),
        )
        .unwrap();
    }
    let whole = features(&read_checkpoint(model().path()).unwrap());
    assert_eq!(features(&read_checkpoint(folder.path()).unwrap()), whole);
    put(&folder, "added_tokens.json", &json!({"<x>": 1}));
    assert!(refused(folder.path()).contains("added_tokens.json is there without"));
}

#[test]
fn a_vocabulary_that_is_none_is_named() {
    let vocabulary = r#"{"a":0,"<|startoftext|>":1,"<|endoftext|>":2}"#;
    for (vocabulary, merges, expected) in [
        ("{}", "", "the vocabulary lacks <|startoftext|>"),
        ("[]", "", "it is [], and an object"),
        (
            vocabulary,
            "#version: 0.2\na b\na\n",
            "line 3 of the merges is \"a\"",
        ),
        (r#"{"<|startoftext|>":-1}"#, "", "<|startoftext|> is -1"),
    ] {
        let why = clip_tokenizer_json(vocabulary, merges).unwrap_err();
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn what_transformers_5_writes_is_read_first() {
    let folder = model();
    remove(&folder, "preprocessor_config.json");
    let hint = refused(folder.path());
    assert!(
        hint.contains("preprocessor_config.json is not there"),
        "{hint}"
    );
    assert!(
        hint.contains("hint: copy the file from the model"),
        "{hint}"
    );
    put(
        &folder,
        "processor_config.json",
        &json!({"processor_class": "CLIPProcessor"}),
    );
    assert!(refused(folder.path()).contains("preprocessor_config.json is not there"));
    let squash = json!({"size": {"height": 24, "width": 24}, "do_center_crop": false});
    put(
        &folder,
        "processor_config.json",
        &json!({"image_processor": squash}),
    );
    let read = read_checkpoint(folder.path()).unwrap();
    assert_eq!(read.preprocessor.fit, Fit::Squash);
    // Both: the nested one counts.
    put(&folder, "preprocessor_config.json", &preprocessing());
    let read = read_checkpoint(folder.path()).unwrap();
    assert_eq!(read.preprocessor.fit, Fit::Squash);
    put(
        &folder,
        "processor_config.json",
        &json!({"image_processor": {"do_resize": false}}),
    );
    let refused = refused(folder.path());
    assert!(
        refused.contains("processor_config.json: image_processor: do_resize is false"),
        "{refused}"
    );
}

#[test]
fn images_have_the_side_of_the_tower() {
    let folder = model();
    put(
        &folder,
        "preprocessor_config.json",
        &json!({"size": 30, "crop_size": 30}),
    );
    let refused = refused(folder.path());
    assert!(
        refused.contains("it makes images of 30 pixels a side, and the 24 of"),
        "{refused}"
    );
    assert!(
        refused.contains("hint: set crop_size, or size where nothing is cropped, to 24"),
        "{refused}"
    );
}

#[test]
fn fields_of_older_and_newer_versions_are_read() {
    let whole = features(&read_checkpoint(model().path()).unwrap());
    let folder = model();
    let mut config = json_at(&folder, "config.json");
    config["text_config_dict"] = config["text_config"].clone();
    config["text_config"] = json!({"hidden_size": 7});
    config["vision_config_dict"] = Value::Null;
    config["dtype"] = json!("bfloat16");
    config["torch_dtype"] = json!("float16");
    config["text_config_dict"]["bos_token_id"] = Value::Null;
    config["text_config_dict"]["pad_token_id"] = Value::Null;
    put(&folder, "config.json", &config);
    assert_eq!(features(&read_checkpoint(folder.path()).unwrap()), whole);
    // Null is as absent: 49407, which is another end than that of this tokenizer.
    config["text_config_dict"]["eos_token_id"] = Value::Null;
    put(&folder, "config.json", &config);
    let refused = refused(folder.path());
    assert!(
        refused.contains("text_config.eos_token_id is 49407, and 569 is expected"),
        "{refused}"
    );
}

#[test]
fn other_kinds_of_models_are_refused_with_a_way_out() {
    for (kind, what, hint) in [
        (
            "clip_vision_model",
            "a vision tower without its text tower",
            "start from the whole model",
        ),
        (
            "clip_text_model",
            "a text tower without its vision tower",
            "start from the whole model",
        ),
        ("clipseg", "CLIPSeg", "models/README.md lists"),
    ] {
        let folder = model();
        let mut config = json_at(&folder, "config.json");
        config["model_type"] = json!(kind);
        put(&folder, "config.json", &config);
        let refused = refused(folder.path());
        assert!(
            refused.contains(what) && refused.contains(hint),
            "{refused}"
        );
    }
    let folder = model();
    let mut config = json_at(&folder, "config.json");
    config["quantization_config"] = json!({"quant_method": "bitsandbytes"});
    put(&folder, "config.json", &config);
    assert!(refused(folder.path()).contains("hint: take the model as it was before"));
}

#[test]
fn a_pickle_of_open_clip_has_its_command() {
    let folder = model();
    remove(&folder, "model.safetensors");
    fs::write(
        folder.path().join("open_clip_pytorch_model.bin"),
        b"PK\x03\x04",
    )
    .unwrap();
    let refused = refused(folder.path());
    assert!(
        refused.contains("only open_clip_pytorch_model.bin, a pickle"),
        "{refused}"
    );
    for part in [
        "weights_only=True",
        "save_file(",
        "'open_clip_model.safetensors'",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
}

/// The golden adapter on a copy of its base.
fn adapted(base: &TempDir) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = fixtures().join("adapter");
    fs::copy(
        from.join("adapter_model.safetensors"),
        folder.path().join("adapter_model.safetensors"),
    )
    .unwrap();
    let text = fs::read_to_string(from.join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["base_model_name_or_path"] = json!(base.path());
    put(&folder, "adapter_config.json", &config);
    folder
}

#[test]
fn an_adapter_is_merged_as_peft_does_it() {
    let (base, golden) = (model(), golden("adapter/golden.safetensors"));
    let folder = adapted(&base);
    let [image, text] = features(&read_checkpoint(folder.path()).unwrap());
    assert!(difference(&image, &golden["image_features"]) < 1e-5);
    assert!(difference(&text, &golden["text_features"]) < 1e-5);
    let [plain, _] = features(&read_checkpoint(base.path()).unwrap());
    assert!(difference(&image, &plain) > 0.01);
}

#[test]
fn a_printed_command_names_the_folder_as_a_shell_reads_it() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("anna's \"model\" $HOME");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("config.json"), "{}").unwrap();
    fs::write(folder.join("pytorch_model.bin"), b"PK\x03\x04").unwrap();
    let said = refused(&folder);
    let command = &said[said.find("python3 -c ").expect("a command")..];
    // Python's place is taken by what prints its last argument.
    let script = format!("python3() {{ printf %s \"$3\"; }}; {command}");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        folder.to_string_lossy(),
        "{said}"
    );
}

#[test]
fn an_adapter_that_cannot_be_merged_has_the_command_of_peft() {
    let base = model();
    let with = |field: &str, value: Value| {
        let folder = adapted(&base);
        let mut config = json_at(&folder, "adapter_config.json");
        config[field] = value;
        put(&folder, "adapter_config.json", &config);
        refused(folder.path())
    };
    let dora = with("use_dora", json!(true));
    assert!(
        dora.contains("adapter_config.json: use_dora is true"),
        "{dora}"
    );
    assert!(
        dora.contains("merge_and_unload()") && dora.contains("save_pretrained('merged')"),
        "{dora}"
    );
    let rank = with("r", json!(5));
    assert!(
        rank.contains("does not fit its shape") && rank.contains("merge_and_unload"),
        "{rank}"
    );
    let gone = with("base_model_name_or_path", json!("nobody/has-it"));
    assert!(gone.contains("there is no folder nobody/has-it"), "{gone}");
    assert!(gone.contains("hint: set base_model_name_or_path"), "{gone}");
    let folder = adapted(&base);
    let itself = json!(folder.path());
    let mut config = json_at(&folder, "adapter_config.json");
    config["base_model_name_or_path"] = itself;
    put(&folder, "adapter_config.json", &config);
    assert!(refused(folder.path()).contains("which is an adapter too"));
    // Tensors of another method.
    let folder = adapted(&base);
    let bytes = fs::read(fixtures().join("adapter/adapter_model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let renamed = tensors
        .tensors()
        .into_iter()
        .map(|(name, view)| (name.replace("lora_A.weight", "lora_embedding_A"), view));
    let renamed = safetensors::serialize(renamed, None).unwrap();
    fs::write(folder.path().join("adapter_model.safetensors"), renamed).unwrap();
    let other = refused(folder.path());
    assert!(other.contains("lora_"), "{other}");
}
