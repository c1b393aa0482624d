//! Looks at what libtorch does on a device, for `scripts/gpu-check`: `device_check TASK DEVICE [NAME=VALUE]...` prints
//! one JSON object of numbers. It judges nothing: what may differ by how much is written in `scripts/gpu_check.py`.
//!
//! Tasks: `device`, `parity`, `checkpointing`, `training`, `lora`, `average`, `not_finite`, `too_much`, `cublas`,
//! `halving`, `speed`. Options: `model=` a folder (without it a ViT-B/32 of random weights), `precision=`, `frames=`,
//! and those that a task names.

mod full_memory;
mod options;
mod parity;
mod setting;
mod speed;
mod steps;

use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use wo_clip::find_device;

use options::Options;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a script, not a tool"
)]
fn main() -> ExitCode {
    match run() {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("device_check: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<Value> {
    let mut args = std::env::args().skip(1);
    let task = args.next().context("no task")?;
    let name = args.next().context("no device")?;
    let found = find_device(&name)?;
    let options = Options::of(args, found.device)?;
    Ok(match task.as_str() {
        "device" => json!({
            "device": found.to_string(),
            "is_gpu": found.gpu.is_some(),
            "why_cpu": found.why_cpu,
            "is_ampere": found.gpu.as_ref().is_some_and(wo_clip::Gpu::is_ampere),
            "capability": found.gpu.as_ref().map(|gpu| gpu.capability),
            "total": found.gpu.as_ref().map(|gpu| gpu.total),
            "cpu_has_bfloat16": wo_clip::Processor::of_machine().has_bfloat16(),
        }),
        "parity" => parity::parity(&options)?,
        "checkpointing" => steps::checkpointing(&options)?,
        "training" => steps::training(&options)?,
        "lora" => steps::lora(&options)?,
        "average" => steps::average(&options)?,
        "not_finite" => steps::not_finite(&options)?,
        "too_much" => full_memory::too_much(&options),
        "cublas" => full_memory::cublas(&options)?,
        "halving" => full_memory::halves(&options)?,
        "speed" => speed::speed(&options)?,
        other => bail!("no task is called {other}"),
    })
}
