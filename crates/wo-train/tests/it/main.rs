//! The binary as a user meets it, on videos of one colour each: red is good form, blue is bad form.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use wo_testkit::{BEGIN, Tool, end, stream, tempdir};

mod auto;
mod auto_named;
mod auto_stopped;
mod captions;
mod folds;
mod groups;
mod looks;
mod methods;
mod parts;
mod plan;
mod ranks;
mod ranks_faults;
mod ranks_network;
mod ranks_refused;
mod resume;
mod shards;
mod siglip;
mod told;

fn tool() -> Tool {
    Tool::new(env!("CARGO_BIN_EXE_wo-train"))
}

/// A frame in one colour, of a room of tiles that no other room has.
fn jpeg(colour: [u8; 3], room: u8, index: u8) -> String {
    let picture = RgbImage::from_fn(40, 40, |x, y| {
        let tile = u64::from(room) << 16 | u64::from(x / 8) << 8 | u64::from(y / 8);
        let mixed = tile.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let shade = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 58;
        Rgb(colour.map(|c| c.saturating_add(shade as u8 + 4 * index)))
    });
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg)
        .expect("encode");
    STANDARD.encode(bytes)
}

/// A video of a person with two frames.
fn video(number: u8, person: &str, label: &str) -> Vec<String> {
    let id = format!("video{number}");
    let (colour, description, faults) = match label {
        "good_form" => ([180, 20, 20], "squat with knees over the toes", vec![]),
        _ => (
            [20, 20, 180],
            "squat with knees collapsing inward",
            vec!["knees_cave"],
        ),
    };
    let mut lines = vec![
        json!({ "type": "video", "video_id": id, "path": format!("{id}.mp4"), "person_id": person, "duration_ms": 4000.0 })
            .to_string(),
    ];
    for index in 0..2_u8 {
        lines.push(
            json!({
                "type": "frame", "video_id": id, "index": index, "exercise": "squat", "label": label, "faults": faults,
                "image": { "inline": { "jpeg_base64": jpeg(colour, number, index) } },
                "description": description,
            })
            .to_string(),
        );
    }
    lines
}

/// Eight persons with a good and a bad video each.
fn colours() -> Vec<String> {
    (0..16_u8)
        .flat_map(|n| {
            video(
                n,
                &format!("p{}", n / 2),
                ["good_form", "bad_form"][usize::from(n % 2)],
            )
        })
        .collect()
}

const SMALL: [&str; 9] = [
    "--init",
    "scratch:tiny",
    "--batch-size",
    "4",
    "--frames",
    "2",
    "--lr",
    "1e-3",
    "-j1",
];

fn records(stdout: &str, kind: &str) -> Vec<Value> {
    let all = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("stdout is JSON lines"));
    all.filter(|record| record["type"] == kind).collect()
}

#[test]
fn help_names_the_flags_and_examples() {
    let run = tool().arg("--help").run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    for word in [
        "Usage: wo-train",
        "--data-dir",
        "--output",
        "--epochs",
        "--init",
        "--device",
        "--seed",
        "Examples:",
    ] {
        assert!(
            run.stdout.contains(word),
            "{word} is missing in\n{}",
            run.stdout
        );
    }
}

#[test]
fn wrong_flags_are_usage_errors() {
    for args in [
        &["--epochs", "0"][..],
        &["--validation", "0.6", "--test", "0.6"],
        &["--lr", "-1"],
        &["--init", "scratch:huge"],
        &["--half", "--output", "x.pt"],
        &["--device", "gpu"],
        &["--no-such-flag"],
    ] {
        let run = tool().args(args).run();
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (2, ""),
            "{args:?}: {}",
            run.stderr
        );
    }
    for (args, words) in [
        (["--device", "cuda:99"], "cuda:99: "),
        (
            ["--precision", "tf32"],
            "tf32 needs a GPU of compute capability 8.0",
        ),
    ] {
        let run = tool().args(["--device", "cpu"]).args(args).run();
        assert_eq!(run.status, 4, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
    }
}

#[test]
fn bad_input_says_where_and_leaves_no_model() {
    let folder = tempdir().expect("a temporary folder");
    let model = folder.path().join("model");
    let refused = |input: &str, status: i32, words: &[&str]| {
        let run = tool()
            .args(SMALL)
            .arg("--output")
            .arg(&model)
            .stdin(input)
            .run();
        assert_eq!(run.status, status, "{}", run.stderr);
        for word in words {
            assert!(
                run.stderr.contains(word),
                "{word} is missing in {}",
                run.stderr
            );
        }
        assert!(!model.exists());
    };
    refused("", 6, &["<stdin>", "cut"]);
    refused(
        &format!("{BEGIN}\nno json\n{}\n", end(0, 0, 0)),
        6,
        &["line 2 (byte"],
    );
    refused(
        &stream::<&str>(&[]),
        6,
        &["no labelled and described video", "hint: "],
    );
    refused(
        &stream(&video(1, "p", "good_form")),
        6,
        &["cannot be split", "--validation 0 --test 0"],
    );
}

#[test]
fn a_model_of_one_class_is_refused() {
    let lines: Vec<String> = (0..8)
        .flat_map(|n| video(n, &format!("p{n}"), "good_form"))
        .collect();
    let run = tool()
        .args(SMALL)
        .args(["--output", "/nonexistent/x"])
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 6);
    assert!(run.stderr.contains("one class"), "{}", run.stderr);
}

#[test]
fn a_skipped_line_and_a_broken_picture_make_the_run_partial() {
    let folder = tempdir().expect("a temporary folder");
    let mut lines = colours();
    lines.insert(2, "no json".to_owned());
    lines[1] = lines[1].replacen("jpeg_base64\":\"", "jpeg_base64\":\"AAAA", 1);
    let run = tool()
        .args(SMALL)
        .args(["--epochs", "1", "--on-error", "skip", "--output"])
        .arg(folder.path().join("model.pt"))
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(folder.path().join("model.pt").exists());
    let errors = records(&run.stdout, "error");
    assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!("bad_image")));
}

#[test]
fn red_and_blue_are_told_apart_and_the_seed_decides() {
    let folder = tempdir().expect("a temporary folder");
    let train = |name: &str| {
        let run = tool()
            .args(SMALL)
            .args([
                "--epochs",
                "12",
                "--seed",
                "5",
                "--validation",
                "0.25",
                "--test",
                "0.25",
                "--output",
            ])
            .arg(folder.path().join(name))
            .stdin(stream(&colours()))
            .run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    let stdout = train("a");
    let metrics = records(&stdout, "metric");
    assert_eq!(metrics.len(), 12);
    let last = &metrics[11]["values"];
    assert!(
        last["validation_balanced_accuracy"].as_f64() == Some(1.0),
        "{last}"
    );
    assert!(last["train_loss"].as_f64() < metrics[0]["values"]["train_loss"].as_f64());
    let model_id = |stdout: &str| records(stdout, "model")[0]["model_id"].clone();
    assert_eq!(
        model_id(&stdout),
        model_id(&train("b")),
        "the same seed and one thread give the same weights"
    );

    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("a/wo.json")).expect("written"))
            .expect("JSON");
    let mut splits: std::collections::BTreeMap<String, std::collections::BTreeSet<String>> =
        std::collections::BTreeMap::default();
    for video in manifest["videos"].as_array().expect("a list") {
        splits
            .entry(video["group"].to_string())
            .or_default()
            .insert(video["split"].to_string());
    }
    assert_eq!(splits.len(), 8);
    assert!(
        splits.values().all(|of_group| of_group.len() == 1),
        "a person is on one side: {splits:?}"
    );
}

#[test]
fn the_model_in_the_binary_is_a_start() {
    let folder = tempdir().expect("a temporary folder");
    let model = folder.path().join("tuned");
    let run = tool()
        .args(["--init", "tiny", "--epochs", "1", "--output"])
        .arg(&model)
        .stdin(stream(&colours()))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(records(&run.stdout, "model")[0]["init"], "tiny");
    assert!(model.join("model.safetensors").exists());
}

#[test]
fn a_model_of_the_hub_is_pinned_and_checked_before_it_is_read() {
    let folder = tempdir().expect("a temporary folder");
    let snapshot = folder
        .path()
        .join("cache/models--some--clip/snapshots")
        .join("0a".repeat(20));
    let refs = folder.path().join("cache/models--some--clip/refs");
    let train = || {
        tool()
            .args(["--init", "some/clip", "--offline", "--epochs", "1"])
            .args(["--output", "out"])
            .env("HF_HUB_CACHE", folder.path().join("cache"))
            .env("HF_TOKEN", "hf_canary")
            .current_dir(folder.path())
            .stdin(stream(&colours()))
            .run()
    };
    let run = train();
    assert_eq!((run.status, run.stdout.as_str()), (4, ""), "{}", run.stderr);
    let start =
        "wo-train: there is no folder some/clip, and config.json of some/clip is not in the cache ";
    assert!(run.stderr.starts_with(start), "{}", run.stderr);
    assert!(run.stderr.contains("hf download some/clip config.json"));
    assert!(!run.stderr.contains("hf_canary"));

    std::fs::create_dir_all(&snapshot).expect("a snapshot");
    std::fs::create_dir_all(&refs).expect("a folder for refs");
    std::fs::write(refs.join("main"), "0a".repeat(20)).expect("a ref");
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/tiny");
    for name in [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "preprocessor_config.json",
    ] {
        std::fs::copy(format!("{tiny}/{name}"), snapshot.join(name)).expect("a copy");
    }
    let run = train();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("pinned some/clip to commit 0a0a"));
    assert_eq!(records(&run.stdout, "model")[0]["init"], "some/clip");
    assert!(folder.path().join("models/models.lock").exists());

    let mut config = std::fs::read(snapshot.join("config.json")).expect("a file");
    config.push(b'\n');
    std::fs::write(snapshot.join("config.json"), config).expect("a file");
    let run = train();
    assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("config.json is not the file it should be")
    );
}

#[test]
fn a_full_disk_is_an_error_and_a_reader_that_left_is_none() {
    let folder = tempdir().expect("a temporary folder");
    let run = tool()
        .args(SMALL)
        .arg("--output")
        .arg(folder.path().join("m"))
        .stdin(stream(&colours()))
        .into_dev_full();
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(!run.stderr.contains("panicked"));
    let run = tool()
        .args(SMALL)
        .args(["--epochs", "2", "--quiet", "--output"])
        .arg(folder.path().join("m"))
        .stdin(stream(&colours()))
        .into_closed_pipe();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    // The model is what the run is for; it is there all the same.
    assert!(folder.path().join("m/model.safetensors").exists());
}
