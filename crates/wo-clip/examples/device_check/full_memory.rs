//! Running out of memory on purpose.

use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use wo_clip::tch::{Device, Kind, Tensor};
use wo_clip::{OutOfMemory, halving, or_out_of_memory};

use crate::options::Options;
use crate::parity::largest;
use crate::setting::Setting;

const MIB: i64 = 1 << 20;

/// A tensor that fits nowhere: an error in words, and the device goes on.
pub(crate) fn too_much(options: &Options) -> Value {
    let device = options.device;
    let allocated = or_out_of_memory(|| Tensor::zeros([1 << 50], (Kind::Uint8, device)));
    let after = || Tensor::ones([64, 64], (Kind::Float, device));
    json!({
        "message": allocated.err().map(|error| error.to_string()),
        "product_after": after().matmul(&after()).sum(Kind::Float).double_value(&[]),
    })
}

/// Fills the memory of a GPU until not even `left=` MiB can be had, in pieces that halve.
fn fill(device: Device, left: i64) -> Vec<Tensor> {
    let mut held = Vec::new();
    let mut piece = 64 * 1024 * MIB;
    while piece >= left.max(1) * MIB {
        match or_out_of_memory(|| Tensor::zeros([piece], (Kind::Uint8, device))) {
            Ok(tensor) => held.push(tensor),
            Err(_) => piece /= 2,
        }
    }
    held
}

/// The first product of a process whose GPU is full: cuBLAS cannot have what it needs.
pub(crate) fn cublas(options: &Options) -> anyhow::Result<Value> {
    let device = options.device;
    if device == Device::Cpu {
        bail!("there is no cuBLAS on a CPU");
    }
    let matrices = || Tensor::ones([256, 256], (Kind::Float, device));
    let (a, b) = (matrices(), matrices());
    let held = fill(device, 1);
    let n_bytes: i64 = held.iter().map(|it| it.numel() as i64).sum();
    let product = catch_unwind(AssertUnwindSafe(|| a.matmul(&b)));
    let message = product.err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.unwrap_or_else(|| "a panic without a text".to_owned())
    });
    let is_known = message.as_deref().map(|it| OutOfMemory::of(it).is_some());
    drop(held);
    let after = or_out_of_memory(|| a.matmul(&b).sum(Kind::Float).double_value(&[]));
    Ok(json!({
        "filled_bytes": n_bytes,
        "message": message,
        "is_known_as_lack_of_memory": is_known,
        "product_after": after.map_err(|error| error.to_string()).ok(),
    }))
}

/// A pass of training that does not fit is halved until it does, and gives the loss that it gives with room. On a GPU the
/// memory is filled but for `room=` MiB; on a CPU whoever started this sets a limit between `ready` and `go`.
pub(crate) fn halves(options: &Options) -> anyhow::Result<Value> {
    let setting = Setting::new(options, options.device, options.precision)?;
    let total = setting.pixels.size()[0];
    // One frame alone shows the device's libraries their work space.
    setting.loss_of(1)?.backward();
    let held = match options.device {
        Device::Cpu => {
            wait_for_go()?;
            Vec::new()
        }
        device => fill_but(device, options.count("room", 2048)?),
    };
    let mut n_at_once = total as usize;
    let mut tried = Vec::new();
    let work = || {
        halving(&mut n_at_once, |n| {
            tried.push(n);
            for (_, parameter) in setting.trained() {
                let mut grad = parameter.grad();
                if grad.defined() {
                    let _ = grad.zero_();
                }
            }
            let loss = setting.loss_of(n as i64).expect("no error of its own");
            loss.backward();
            loss.double_value(&[])
        })
    };
    let done = or_out_of_memory(work).and_then(|it| it);
    drop(held);
    let features = |n: i64| setting.image_features(&setting.pixels.narrow(0, 0, n));
    Ok(json!({
        "tried": tried,
        "message": done.as_ref().err().map(ToString::to_string),
        "loss": done.ok(),
        "features_after": largest(&features(2)?.narrow(0, 0, 1), &features(1)?),
    }))
}

/// Fills all but `room` MiB.
fn fill_but(device: Device, room: i64) -> Vec<Tensor> {
    let spared = Tensor::zeros([room * MIB], (Kind::Uint8, device));
    let held = fill(device, 16);
    drop(spared);
    held
}

#[expect(clippy::print_stdout, reason = "it speaks with a script")]
fn wait_for_go() -> anyhow::Result<()> {
    println!("ready");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    (line.trim() == "go").then_some(()).context("no go")
}
