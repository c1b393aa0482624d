//! Models to disk and back, and what is refused.

// Longer than 400 lines: each test writes a model in another way and refuses it.
#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::fs;
use std::io::Write;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
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

/// A `.pt` with another `wo.json` in it.
fn pt_with(path: &Path, manifest: &str) {
    let mut old = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let edited = path.with_extension("edited");
    let mut new = zip::ZipWriter::new(fs::File::create(&edited).unwrap());
    for index in 0..old.len() {
        let entry = old.by_index_raw(index).unwrap();
        if entry.name().is_ok_and(|it| it.ends_with("wo/wo.json")) {
            let stored = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored);
            new.start_file("archive/wo/wo.json", stored).unwrap();
            new.write_all(manifest.as_bytes()).unwrap();
        } else {
            new.raw_copy_file(entry).unwrap();
        }
    }
    new.finish().unwrap();
    fs::rename(edited, path).unwrap();
}

#[test]
fn an_edited_list_of_videos_is_noticed_in_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = serde_json::json!({
        "version": "1", "init": "tiny", "classes": [], "prompts": [], "arguments": {}, "metrics": {},
        "videos": [{"video_id": "a", "group": "person:anna", "split": "train", "exercise": "squat", "label": "good_form",
            "duration_ms": 0.1}],
    });
    let mut checkpoint = small();
    checkpoint.manifest = Some(serde_json::from_value(manifest).unwrap());
    let (vs, _clip) = checkpoint.build(Device::Cpu).unwrap();
    let [model, pt] = ["model", "model.pt"].map(|name| folder.path().join(name));
    for path in [&model, &pt] {
        write_checkpoint(path, &checkpoint, &vs, false).unwrap();
        assert!(!read_checkpoint(path).unwrap().is_edited(), "{path:?}");
    }
    let whole = fs::read_to_string(model.join("wo.json")).unwrap();
    let same = whole.replace("\"version\": \"1\"", "\"version\":\"2\"");
    let cheat = whole.replace("train", "test");
    for (text, is_edited) in [(&same, false), (&cheat, true)] {
        assert_ne!(*text, whole);
        fs::write(model.join("wo.json"), text).unwrap();
        pt_with(&pt, text);
        for path in [&model, &pt] {
            let read = read_checkpoint(path).unwrap();
            assert_eq!(read.is_edited(), is_edited, "{path:?}");
            assert!(read.build(Device::Cpu).is_ok(), "its weights are whole");
        }
    }
    fs::remove_file(model.join("wo.json")).unwrap();
    assert!(read_checkpoint(&model).unwrap().is_edited());
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

#[test]
fn what_lies_beside_a_model_that_is_replaced_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let (_, first) = written(&path, false);
    for name in ["model.old", "model.part"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("mine.txt"), "mine").unwrap();
    }
    let (_, id) = written(&path, true);
    assert_ne!(id, first);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["model", "model.old", "model.part"]);
    for name in ["model.old", "model.part"] {
        let mine = folder.path().join(name).join("mine.txt");
        assert_eq!(fs::read_to_string(mine).unwrap(), "mine", "{name}");
    }
    read_checkpoint(&path).unwrap();
}

fn refused(path: &Path) -> String {
    let built = read_checkpoint(path).and_then(|c| c.build(Device::Cpu).map(drop));
    wo_cli::message_of(&built.expect_err("must be refused")).shown()
}

/// A zip with these empty entries.
fn zip_of(names: &[&str]) -> Vec<u8> {
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, options).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What is no model of ours, by content, and a word of the reason.
fn foreign() -> Vec<(Vec<u8>, &'static str)> {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let legacy = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
    let mut all = vec![
        (legacy.to_vec(), "PyTorch pickle of the old form"),
        (tar, "tar archive"),
        (
            zip_of(&["archive/data.pkl", "archive/data/0"]),
            "pickles can run code",
        ),
        (
            zip_of(&["model/data.pkl", "model/code/a.py", "model/constants.pkl"]),
            "TorchScript",
        ),
        (zip_of(&["weight.npy"]), "NumPy archive"),
        (zip_of(&["readme.txt"]), "without a model of wo-train"),
        (
            zip_of(&["archive/data.pkl"])[..40].to_vec(),
            "damaged or cut short",
        ),
    ];
    let short: [(&[u8], &str); 19] = [
        (b"", "empty file"),
        (b"\x80\x02}q\x00.", "Python pickle"),
        (
            b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}.",
            "Python pickle",
        ),
        (b"(dp0\nVa\np1\nI1\ns.", "pickle of an old protocol"),
        (b"cos\nsystem\n(S'id'\ntR.", "pickle of an old protocol"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "NumPy array"),
        (b"GGUF\x03\x00\x00\x00", "GGUF"),
        (b"lmgg\x01\x00\x00\x00", "GGML"),
        (b"\x89HDF\r\n\x1a\n\x00", "HDF5"),
        (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
        (b"\x84\xa6params\x81", "msgpack"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "Git LFS",
        ),
        (b"<!doctype html><html>", "web page"),
        (b"{\"a\": 1}", "JSON"),
        (b"squats and more", "begins with the bytes 73 71"),
        // A header of 2^40 bytes, and one of 100 MB and a byte.
        (b"\0\0\0\0\0\x01\0\0{\"a\":{}}", "safetensors"),
        (b"\x01\xe1\xf5\x05\0\0\0\0{\"a\":{}}", "safetensors"),
    ];
    all.extend(short.map(|(bytes, word)| (bytes.to_vec(), word)));
    all
}

#[test]
fn what_is_not_ours_is_refused_by_content_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    let _ = written(&model, false);
    for (bytes, word) in foreign() {
        for name in [
            "model.pt",
            "model.bin",
            "model.safetensors",
            "model/model.safetensors",
        ] {
            let path = folder.path().join(name);
            fs::write(&path, &bytes).unwrap();
            let path = if name.contains('/') { &model } else { &path };
            let message = refused(path);
            assert!(
                message.contains(word),
                "{name}: {message:?} has no {word:?}"
            );
            assert!(
                message.contains("hint:") || word == "safetensors",
                "{message}"
            );
            assert!(
                message.contains(name.rsplit('/').next().unwrap()),
                "{message}"
            );
        }
    }
    assert!(refused(&folder.path().join("nothing")).contains("nothing"));
    assert!(refused(Path::new("/dev/zero")).contains("regular file"));
}

#[test]
fn a_folder_without_safetensors_says_what_there_is_instead() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], words: [&str; 2]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let message = refused(folder.path());
        for word in words {
            assert!(message.contains(word), "{message:?} has no {word:?}");
        }
        fs::remove_file(path).unwrap();
    };
    let message = refused(folder.path());
    assert!(
        message.contains("model.safetensors is not there"),
        "{message}"
    );
    let pickle = zip_of(&["archive/data.pkl"]);
    check(
        "pytorch_model.bin",
        &pickle,
        ["only pytorch_model.bin", "pickles can run code"],
    );
    check(
        "open_clip_pytorch_model.bin",
        &pickle,
        ["only open_clip_pytorch_model.bin", "save_file"],
    );
    check(
        "model.safetensors.index.json",
        b"{}",
        ["model.safetensors.index.json: ", "weight_map"],
    );
    let pt = folder.path().join("tuned.pt");
    let _ = written(&pt, false);
    let bytes = fs::read(&pt).unwrap();
    fs::remove_file(pt).unwrap();
    check("model.safetensors", &bytes, [".pt of wo-train", "hint"]);
}

#[test]
fn bfloat16_is_read_and_integers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let (before, _) = written(&path, false);
    let weights = path.join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let save = |dtype: Dtype, convert: &dyn Fn(f32) -> Vec<u8>| {
        let tensors: Vec<_> = file
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let floats = view
                    .data()
                    .chunks(4)
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                (
                    name,
                    view.shape().to_vec(),
                    floats.flat_map(convert).collect::<Vec<u8>>(),
                )
            })
            .collect();
        let views = tensors.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(dtype, shape.clone(), bytes).unwrap())
        });
        fs::write(&weights, safetensors::serialize(views, None).unwrap()).unwrap();
    };
    save(Dtype::BF16, &|x| x.to_le_bytes()[2..].to_vec());
    let difference = (logits(&read_checkpoint(&path).unwrap()) - before)
        .abs()
        .max();
    assert!(difference.double_value(&[]) < 0.3, "{difference:?}");
    save(Dtype::I32, &|x| x.to_le_bytes().to_vec());
    let message = refused(&path);
    assert!(
        message.contains("I32") && message.contains("BF16 can be read"),
        "{message}"
    );
}

#[test]
fn a_configuration_with_huge_numbers_costs_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let _ = written(&path, false);
    let config = path.join("config.json");
    let original = fs::read_to_string(&config).unwrap();
    for (from, to, word) in [
        (
            "\"num_hidden_layers\": 1",
            "\"num_hidden_layers\": 1000000",
            "blocks",
        ),
        ("\"hidden_size\": 16", "\"hidden_size\": 1000000", "shape"),
        ("\"image_size\": 16", "\"image_size\": 999992", "shape"),
    ] {
        let huge = original.replace(from, to);
        assert_ne!(huge, original);
        fs::write(&config, huge).unwrap();
        let message = refused(&path);
        assert!(message.contains(word), "{message}");
    }
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
