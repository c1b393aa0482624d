//! The ways to fit, what is printed beside them, and what a run is refused for.

use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::{SMALL, jpeg, records, tool, video};

/// Twelve persons with a good and a bad video each, and hashes that tell frames apart.
fn persons() -> Vec<String> {
    (0..24_u8)
        .flat_map(|n| {
            video(
                n,
                &format!("p{}", n / 2),
                ["good_form", "bad_form"][usize::from(n % 2)],
            )
        })
        .collect()
}

fn fit(output: &Path, lines: &[String], more: &[&str]) -> Run {
    tool()
        .args(SMALL)
        .args(["--epochs", "8", "--validation", "0.3", "--output"])
        .arg(output)
        .args(more)
        .stdin(stream(lines))
        .run()
}

fn metric(run: &Run, name: &str) -> f64 {
    let metrics = records(&run.stdout, "metric");
    metrics.last().expect("metrics")["values"][name]
        .as_f64()
        .expect(name)
}

#[test]
fn each_method_tells_red_from_blue() {
    let folder = tempdir().expect("a folder");
    let start = folder.path().join("start");
    let run = fit(&start, &persons(), &["--epochs", "1"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for (name, flags) in [
        ("probe", &["--method", "probe", "--lr", "1e-2"][..]),
        (
            "lora",
            &["--method", "lora", "--lr", "1e-2", "--lora-rank", "4"],
        ),
        (
            "full",
            &[
                "--method",
                "full",
                "--layer-decay",
                "0.8",
                "--freeze-blocks",
                "1",
                "--ema",
                "0.9",
            ],
        ),
        ("checkpointed", &["--method", "full", "--checkpoint-blocks"]),
        (
            "topk",
            &["--method", "full", "--pooling", "topk:0.5", "--wise", "0.8"],
        ),
        ("infonce", &["--method", "full", "--loss", "infonce"]),
    ] {
        let output = folder.path().join(name);
        let init = ["--init", start.to_str().expect("text")];
        let run = tool()
            .args(init)
            .args([
                "--epochs",
                "12",
                "--batch-size",
                "6",
                "--frames",
                "2",
                "-j1",
                "--lr",
                "1e-3",
                "--validation",
                "0.3",
            ])
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .arg("--output")
            .arg(&output)
            .args(flags)
            .stdin(stream(&persons()))
            .run();
        assert_eq!(run.status, 0, "{name}: {}", run.stderr);
        let scores = records(&run.stdout, "score");
        let of = |by: &str| {
            scores
                .iter()
                .find(|score| score["by"] == by)
                .map(|score| score["value"].clone())
        };
        assert_eq!(of("model"), Some(json!(1.0)), "{name}: {}", run.stderr);
        assert_eq!(of("majority"), Some(json!(0.5)), "{name}");
        for baseline in ["metadata_only", "zero_shot", "linear_probe"] {
            assert!(of(baseline).is_some(), "{name}: {baseline}");
        }
        for file in ["README.md", "model.safetensors", "wo.json"] {
            assert!(output.join(file).exists(), "{name}: {file}");
        }
        let card = std::fs::read_to_string(output.join("README.md")).expect("written");
        for words in [
            "## Limits",
            "| squat | bad form |",
            "Fingerprint of the data",
        ] {
            assert!(
                card.contains(words),
                "{name}: {words} is missing in\n{card}"
            );
        }
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(output.join("wo.json")).expect("written"))
                .expect("JSON");
        assert_eq!(manifest["head"].is_null(), name != "probe", "{name}");
    }
    assert!(
        folder
            .path()
            .join("cache/wo/features")
            .read_dir()
            .expect("a cache")
            .next()
            .is_some()
    );
}

#[test]
fn parts_of_a_step_add_up_to_the_step() {
    let folder = tempdir().expect("a folder");
    let loss = |name: &str, micro_batch: &str| {
        let run = fit(
            &folder.path().join(name),
            &persons(),
            &[
                "--epochs",
                "2",
                "--micro-batch",
                micro_batch,
                "--augment",
                "0",
            ],
        );
        assert_eq!(run.status, 0, "{}", run.stderr);
        metric(&run, "train_loss")
    };
    let (whole, parts) = (loss("whole", "4"), loss("parts", "1"));
    assert!((whole - parts).abs() < 1e-4 * whole, "{whole} {parts}");
}

/// Steps of a whole epoch each, so that the loss of each is printed.
fn losses_of_steps(output: &Path, more: &[&str]) -> Vec<f64> {
    let run = tool()
        .args(SMALL)
        .args(["--epochs", "5", "--batch-size", "24", "--augment", "0"])
        .args([
            "--validation",
            "0",
            "--test",
            "0",
            "--warmup",
            "0",
            "--output",
        ])
        .arg(output)
        .args(more)
        .stdin(stream(&persons()))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let metrics = records(&run.stdout, "metric");
    let loss = |it: &Value| it["values"]["train_loss"].as_f64().expect("a loss");
    metrics.iter().map(loss).collect()
}

#[test]
fn checkpointing_in_bfloat16_learns_the_same() {
    let folder = tempdir().expect("a folder");
    let bf16 = ["--precision", "bf16"];
    let both = ["--precision", "bf16", "--checkpoint-blocks"];
    let plain = losses_of_steps(&folder.path().join("plain"), &bf16);
    let checkpointed = losses_of_steps(&folder.path().join("checkpointed"), &both);
    assert_eq!(plain.len(), 5);
    assert_eq!(plain, checkpointed);
    assert!(plain[4] < plain[0], "{plain:?}");
}

#[test]
fn few_validation_videos_do_not_take_the_model_back_to_its_base() {
    let folder = tempdir().expect("a folder");
    let start = folder.path().join("start");
    let run = fit(&start, &persons(), &["--epochs", "1"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let wise = |name: &str, how: &str| {
        let init = start.to_str().expect("text");
        let more = [
            "--init", init, "--method", "full", "--epochs", "12", "--wise", how,
        ];
        let run = fit(&folder.path().join(name), &persons(), &more);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let path = folder.path().join(name).join("wo.json");
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(path).expect("written")).expect("JSON");
        (run, manifest["metrics"].clone())
    };
    let (run, auto) = wise("auto", "auto");
    let (_, off) = wise("off", "off");
    assert_eq!(auto["wise"], 1.0);
    assert_eq!(auto["validation_loss"], off["validation_loss"]);
    for words in [
        "kept the fine-tuned model as it is (WiSE-FT)",
        "too few to choose by",
        "; 50 % fine-tuned: loss ",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let (run, half) = wise("half", "0.5");
    assert_eq!(half["wise"], 0.5);
    assert!(
        run.stderr.contains("mixed 50 % of the fine-tuned model"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("requested; 100 % fine-tuned: loss "),
        "{}",
        run.stderr
    );
}

#[test]
fn folds_judge_each_video_by_a_model_that_has_not_seen_it() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let run = fit(
        &output,
        &persons(),
        &["--folds", "3", "--test", "0", "--epochs", "6"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let stream = std::fs::read_to_string(output.join("out_of_fold.ndjson")).expect("written");
    let predictions = records(&stream, "prediction");
    assert_eq!(predictions.len(), 24);
    let mut fold_of = std::collections::BTreeMap::new();
    for prediction in &predictions {
        let fold = prediction["fold"].as_u64().expect("a number");
        assert_eq!(
            *fold_of
                .entry(prediction["group"].to_string())
                .or_insert(fold),
            fold,
            "a person is in one fold"
        );
        let sum: f64 = prediction["labels"]
            .as_object()
            .expect("labels")
            .values()
            .filter_map(Value::as_f64)
            .sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
    let scores = records(&run.stdout, "score");
    assert!(scores.iter().any(|score| score["scope"] == "out_of_fold"
        && score["by"] == "model"
        && score["n"] == 24));
    let card = std::fs::read_to_string(output.join("README.md")).expect("written");
    assert!(card.contains("cross-validation"), "{card}");
}

#[test]
fn a_plan_is_printed_and_nothing_done() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let run = fit(&output, &persons(), &["--dry-run"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    for words in [
        "training: ",
        "squat/bad_form",
        "method full (the model is small)",
        "steps of 4 videos",
        "estimated memory: ",
        "chance",
        "too few to set an abstention threshold for a risk of 10 %, which takes 9: wo-eval will say unclear",
    ] {
        assert!(
            run.stderr.contains(words),
            "{words} is missing in\n{}",
            run.stderr
        );
    }
    for enough in [&["--folds", "3"][..], &["--risk", "0.2"]] {
        let run = fit(&output, &persons(), &[&["--dry-run"], enough].concat());
        assert!(!run.stderr.contains("threshold"), "{}", run.stderr);
    }
    assert_eq!(
        folder.path().read_dir().expect("read").count(),
        0,
        "nothing is left"
    );
}

#[test]
fn figures_go_to_tensorboard_and_a_curve_is_drawn() {
    let folder = tempdir().expect("a folder");
    let (output, logs) = (folder.path().join("model.pt"), folder.path().join("logs"));
    let run = fit(
        &output,
        &persons(),
        &["--tensorboard", logs.to_str().expect("text")],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let log = logs
        .read_dir()
        .expect("made")
        .next()
        .expect("one")
        .expect("read")
        .path();
    let bytes = std::fs::read(log).expect("read");
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    assert!(has(b"brain.Event:2") && has(b"validation_loss"));
    let curve =
        std::fs::read_to_string(folder.path().join("model.pt.learning_curve.svg")).expect("drawn");
    assert!(curve.starts_with("<svg"));
    assert!(folder.path().join("model.pt.README.md").exists());
}

#[test]
fn a_run_that_would_give_a_figure_that_is_too_nice_is_refused_by_name() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let refused = |lines: &[String], flags: &[&str], name: &str| {
        let run = fit(&output, lines, flags);
        assert_eq!(run.status, 6, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("{name}: ")), "{}", run.stderr);
        assert!(!output.exists());
    };
    // Three persons: one is left for validation.
    let few: Vec<String> = persons().into_iter().take(18).collect();
    refused(&few, &["--test", "0"], "too_few_groups");
    // The same picture with the same hash under many names and persons.
    let copies: Vec<String> = (0..24_u8).flat_map(|it| copy(it, "good_form")).collect();
    refused(
        &copies,
        &["--near-duplicates", "refuse"],
        "near_identical_frames",
    );
    refused(
        &persons(),
        &["--lr", "1e30", "--self-check", "off"],
        "not_finite",
    );
    refused(
        &persons(),
        &[
            "--self-check",
            "on",
            "--freeze-blocks",
            "6",
            "--lr",
            "1e-30",
            "--weight-decay",
            "0",
            "--augment",
            "0",
            "--loss",
            "infonce",
            "--captions-a-step",
            "1",
        ],
        "self_check",
    );
}

/// A video that is the same picture each time.
pub(crate) fn copy(number: u8, label: &str) -> Vec<String> {
    let id = format!("copy{number}");
    vec![
        json!({ "type": "video", "video_id": id, "path": format!("{id}.mp4"), "person_id": format!("p{}", number / 2) }).to_string(),
        json!({
            "type": "frame", "video_id": id, "index": 0, "exercise": "squat", "label": label, "faults": [],
            "image": { "inline": { "jpeg_base64": jpeg([90, 120, 60], 255, 0) } },
            "description": format!("squat seen from the side, {label}"),
            "quality": { "sharpness": 1.0, "brightness": 0.5, "contrast": 0.1, "perceptual_hash": "00ff00ff00ff00ff" },
        })
        .to_string(),
    ]
}
