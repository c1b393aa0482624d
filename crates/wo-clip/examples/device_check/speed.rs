//! Frames a second, for judging and for training.

use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use wo_clip::tch::{Cuda, Device, no_grad};
use wo_clip::{AdamWConfig, Kernels, Optimizer, Rule, Share, or_out_of_memory};

use crate::options::Options;
use crate::setting::Setting;

/// `work=judging` or `work=training`, with `frames=` a pass, for at least `seconds=` after one pass that warms up.
pub(crate) fn speed(options: &Options) -> anyhow::Result<Value> {
    if options.device == Device::Cpu {
        Kernels::of_machine().apply()?;
    }
    let n = options.count("frames", 64)?;
    let n_seconds = options.number("seconds", 3.0)?;
    let work = options.word("work").context("no work")?;
    let measured = or_out_of_memory(|| -> anyhow::Result<(usize, f64)> {
        let setting = Setting::new(options, options.device, options.precision)?;
        match work {
            "judging" => timed(options.device, n_seconds, || {
                setting.image_features(&setting.pixels).map(drop)
            }),
            "training" => {
                let share = |_: &str| Share {
                    lr_factor: 1.0,
                    rule: Rule::AdamW,
                };
                let mut optimizer =
                    Optimizer::new(setting.trained(), AdamWConfig::default(), share);
                timed(options.device, n_seconds, || {
                    setting.loss()?.backward();
                    let _norm = no_grad(|| optimizer.clipped_step(1e-5, 1.0));
                    optimizer.zero_grad();
                    Ok(())
                })
            }
            other => bail!("no work is called {other}"),
        }
    });
    Ok(match measured {
        Ok(done) => {
            let (n_passes, seconds) = done?;
            json!({
                "frames_a_second": (n_passes as f64) * (n as f64) / seconds,
                "passes": n_passes,
                "seconds": seconds,
            })
        }
        Err(error) => json!({"out_of_memory": error.to_string()}),
    })
}

/// The number of passes and the seconds that they took.
fn timed(
    device: Device,
    n_seconds: f64,
    mut pass: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<(usize, f64)> {
    let wait = || {
        if let Device::Cuda(index) = device {
            Cuda::synchronize(index as i64);
        }
    };
    pass()?;
    wait();
    let started = Instant::now();
    let mut n_passes = 0;
    loop {
        pass()?;
        n_passes += 1;
        wait();
        let seconds = started.elapsed().as_secs_f64();
        if seconds >= n_seconds {
            return Ok((n_passes, seconds));
        }
    }
}
