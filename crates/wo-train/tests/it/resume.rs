//! A run that is stopped or killed ends, when it is started again, as one that never was.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use wo_testkit::{stream, tempdir};

use crate::{SMALL, colours, records, siglip, tool};

const EPOCHS: [&str; 2] = ["--epochs", "6"];

/// Starts a run that writes a snapshot before each step.
fn start(output: &Path, more: &[&str]) -> Child {
    start_as(Command::new(env!("CARGO_BIN_EXE_wo-train")), output, more)
}

fn start_as(mut command: Command, output: &Path, more: &[&str]) -> Child {
    let mut child = command
        .args(SMALL)
        .args(EPOCHS)
        .args(["--snapshot-every", "0", "--output"])
        .arg(output)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = stream(&colours());
    std::thread::spawn(move || {
        // A run that was killed does not read to the end.
        let _ = stdin.write_all(input.as_bytes());
    });
    child
}

/// Runs to the end and gives the hash of weights and optimiser, and that of the weights that were written.
fn finish(output: &Path, more: &[&str]) -> (String, String) {
    let done = start(output, more).wait_with_output().expect("it ends");
    made(&done, output)
}

/// The same of a run that has ended.
fn made(done: &Output, output: &Path) -> (String, String) {
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{stderr}");
    let model = records(&String::from_utf8_lossy(&done.stdout), "model");
    let manifest = std::fs::read(output.join("wo.json")).expect("written");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    assert!(!beside(output).exists(), "no snapshots are left");
    (text(&manifest["run_hash"]), text(&model[0]["model_id"]))
}

/// Starts a run with these kernels, or those that the machine chooses.
fn start_with(kernels: Option<&str>, output: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wo-train"));
    command.env_remove("WO_KERNELS");
    if let Some(kernels) = kernels {
        command.env("WO_KERNELS", kernels);
    }
    start_as(command, output, &[])
}

fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

fn beside(output: &Path) -> std::path::PathBuf {
    let mut name = output.file_name().expect("a name").to_owned();
    name.push(".training");
    output.with_file_name(name)
}

/// Waits until a snapshot of step `n` or later is there.
fn wait_for_step(child: &mut Child, output: &Path, n: u64) {
    let since = Instant::now();
    let is_there = || {
        let steps = std::fs::read_dir(beside(output).join("seed-0")).ok();
        steps.into_iter().flatten().flatten().any(|entry| {
            let name = entry.file_name().into_string().unwrap_or_default();
            name.strip_prefix("step-")
                .and_then(|n| n.parse::<u64>().ok())
                .is_some_and(|step| step >= n)
        })
    };
    while !is_there() {
        assert!(
            since.elapsed() < Duration::from_mins(2),
            "no step {n} in two minutes"
        );
        if child.try_wait().expect("asked").is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_that_is_asked_to_end_goes_on_to_the_same_bytes() {
    // With an average and a moving optimiser there is most to lose.
    goes_on_to_the_same_bytes(&["--ema", "0.9", "--micro-batch", "2"]);
}

#[test]
fn a_run_in_bfloat16_with_checkpoints_goes_on_to_the_same_bytes() {
    goes_on_to_the_same_bytes(&["--precision", "bf16", "--checkpoint-blocks"]);
}

#[test]
fn a_siglip_that_is_asked_to_end_goes_on_to_the_same_bytes() {
    for method in [
        &["--method", "full", "--wise", "0.5"][..],
        &["--method", "lora"],
    ] {
        let base = siglip::base("siglip");
        goes_on_from(&[5], &[&["--init", &base], method].concat());
    }
}

fn goes_on_to_the_same_bytes(more: &[&str]) {
    goes_on_from(&[2, 5, 9], more);
}

/// Asks a run to end at each of these steps; in the long form at twenty others.
fn goes_on_from(steps: &[u64], more: &[&str]) {
    let folder = tempdir().expect("a folder");
    let expected = finish(&folder.path().join("undisturbed"), more);
    let output = folder.path().join("stopped");
    let steps = if is_full() {
        (0..20).map(|number| 1 + 5 * number % 12).collect()
    } else {
        steps.to_vec()
    };
    for step in steps {
        let mut child = start(&output, more);
        wait_for_step(&mut child, &output, step);
        let pid = child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill is there");
        let done = child.wait_with_output().expect("it ends");
        if done.status.code() == Some(0) {
            // It was asked too late.
            assert_eq!(made(&done, &output), expected);
            std::fs::remove_dir_all(&output).expect("removed");
            continue;
        }
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(75), "{stderr}");
        assert!(
            stderr.contains("the same command resumes from there"),
            "{stderr}"
        );
        assert!(!output.exists(), "no model yet");
    }
    assert_eq!(finish(&output, more), expected);
}

#[test]
fn a_run_that_is_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let folder = tempdir().expect("a folder");
    let expected = finish(&folder.path().join("undisturbed"), &[]);
    let output = folder.path().join("killed");
    let n_kills = if is_full() { 200 } else { 20 };
    let mut state = 7_u64;
    for number in 0..n_kills {
        let mut child = start(&output, &[]);
        // After each step there may be more; the run does not end before the last kill.
        wait_for_step(&mut child, &output, 1 + number % 12);
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        std::thread::sleep(Duration::from_millis((state >> 33) % 60));
        child.kill().expect("killed");
        let done = child.wait_with_output().expect("it ends");
        if done.status.code() == Some(0) {
            assert_eq!(made(&done, &output), expected);
            std::fs::remove_dir_all(&output).expect("removed");
        }
    }
    assert_eq!(finish(&output, &[]), expected);
}

#[test]
fn a_run_goes_on_with_the_kernels_of_its_snapshot() {
    let folder = tempdir().expect("a folder");
    let end = |kernels: Option<&str>, output: &Path| {
        let run = start_with(kernels, output);
        run.wait_with_output().expect("it ends")
    };
    let undisturbed = folder.path().join("undisturbed");
    let expected = made(&end(Some("onednn"), &undisturbed), &undisturbed);
    for (name, kernels) in [("resumed", None), ("moved", Some("own"))] {
        let output = folder.path().join(name);
        let mut child = start_with(Some("onednn"), &output);
        wait_for_step(&mut child, &output, 4);
        child.kill().expect("killed");
        child.wait().expect("it ends");
        let done = end(kernels, &output);
        let (result, stderr) = (made(&done, &output), String::from_utf8_lossy(&done.stderr));
        assert!(stderr.contains("resuming at step"), "{stderr}");
        let is_other = stderr.contains("does not end with the same bits as one that was never");
        assert_eq!(is_other, kernels.is_some(), "{stderr}");
        if kernels.is_none() {
            assert!(stderr.contains("arithmetic: fp32, oneDNN, "), "{stderr}");
            assert_eq!(result, expected);
        }
    }
}

#[test]
fn bfloat16_on_a_processor_without_it_is_taken_with_a_warning() {
    let folder = tempdir().expect("a folder");
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").expect("there");
    let has_it = cpuinfo.contains("avx512_bf16") || cpuinfo.contains("amx_bf16");
    for (precision, is_slow) in [("bf16", !has_it), ("fp32", false)] {
        let more = ["--precision", precision, "--dry-run"];
        let done = start(&folder.path().join("model"), &more).wait_with_output();
        let stderr = String::from_utf8_lossy(&done.expect("it ends").stderr).into_owned();
        assert!(
            stderr.contains(&format!("arithmetic: {precision}, ")),
            "{stderr}"
        );
        assert_eq!(
            stderr.contains("does not multiply in bfloat16: "),
            is_slow,
            "{stderr}"
        );
    }
}

#[test]
fn other_flags_start_anew_and_two_runs_do_not_meet() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let mut child = start(&output, &[]);
    wait_for_step(&mut child, &output, 1);
    let second = tool()
        .args(SMALL)
        .arg("--output")
        .arg(&output)
        .stdin(stream(&colours()))
        .run();
    assert_eq!(second.status, 75, "{}", second.stderr);
    assert!(
        second.stderr.contains("another run is training"),
        "{}",
        second.stderr
    );
    child.kill().expect("killed");
    child.wait().expect("it ends");
    let other = tool()
        .args(SMALL)
        .args(["--epochs", "1", "--seed", "9", "--output"])
        .arg(&output)
        .stdin(stream(&colours()))
        .run();
    assert_eq!(other.status, 0, "{}", other.stderr);
    assert!(
        other.stderr.contains("are of other flags or data"),
        "{}",
        other.stderr
    );
}

#[test]
fn a_snapshot_that_cannot_be_written_is_an_io_error_and_the_one_before_stays() {
    let folder = tempdir().expect("a folder");
    let output = folder.path().join("model");
    let mut child = start(&output, &[]);
    wait_for_step(&mut child, &output, 3);
    child.kill().expect("killed");
    child.wait().expect("it ends");
    // No file may be larger than two megabytes: as on a full disk, the write of a snapshot fails in the middle.
    let mut limited = Command::new("sh");
    limited.args([
        "-c",
        "ulimit -f 4096; trap '' XFSZ; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_wo-train"),
    ]);
    let full = start_as(limited, &output, &[])
        .wait_with_output()
        .expect("it ends");
    let stderr = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(5), "{stderr}");
    assert!(
        stderr.contains("write a snapshot into") && stderr.contains("resuming at step"),
        "{stderr}"
    );
    let expected = finish(&folder.path().join("undisturbed"), &[]);
    assert_eq!(finish(&output, &[]), expected);
}
