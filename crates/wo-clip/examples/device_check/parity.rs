//! What a device makes of the same weights and frames, beside what the CPU makes of them in 32 bits.

use serde_json::{Value, json};
use wo_clip::tch::{Device, Kind, Tensor, no_grad};
use wo_clip::{Kernels, Precision};

use crate::options::Options;
use crate::setting::Setting;

/// What a model makes of frames and captions, on the CPU.
struct Seen {
    images: Tensor,
    texts: Tensor,
    loss: f64,
    /// All gradients as one vector.
    gradients: Tensor,
}

/// Differences of features, cosines, loss and gradients. `change=` is added to one weight of the device's model, to show
/// that it is noticed. On a CPU the other side multiplies with oneDNN, which sums in another order.
pub(crate) fn parity(options: &Options) -> anyhow::Result<Value> {
    Precision::Fp32.apply()?;
    Kernels::OWN.apply()?;
    let wanted = seen(&Setting::new(options, Device::Cpu, Precision::Fp32)?)?;
    options.precision.apply()?;
    if options.device == Device::Cpu && options.precision == Precision::Fp32 {
        Kernels::ONEDNN.apply()?;
    }
    let setting = Setting::new(options, options.device, options.precision)?;
    change_a_weight(&setting, options.number("change", 0.0)?);
    let found = seen(&setting)?;
    let cosines = |it: &Seen| it.images.matmul(&it.texts.tr());
    Ok(json!({
        "image_features": largest(&found.images, &wanted.images),
        "text_features": largest(&found.texts, &wanted.texts),
        "cosines": largest(&cosines(&found), &cosines(&wanted)),
        "loss": (found.loss - wanted.loss).abs() / wanted.loss.abs(),
        "gradients": norm(&(&found.gradients - &wanted.gradients)) / norm(&wanted.gradients),
        "loss_of_cpu": wanted.loss,
        "other_side": match (options.device, options.precision) {
            (Device::Cpu, Precision::Fp32) => "oneDNN on the CPU".to_owned(),
            (device, precision) => format!("{device:?} in {precision}"),
        },
    }))
}

fn seen(setting: &Setting) -> anyhow::Result<Seen> {
    let loss = setting.loss()?;
    loss.backward();
    let flat = |(_, it): (String, Tensor)| {
        let grad = it.grad();
        let grad = if grad.defined() {
            grad
        } else {
            it.zeros_like()
        };
        grad.to_device(Device::Cpu).view([-1])
    };
    let gradients: Vec<Tensor> = setting.trained().into_iter().map(flat).collect();
    Ok(Seen {
        images: setting
            .image_features(&setting.pixels)?
            .to_device(Device::Cpu),
        texts: setting.text_features()?.to_device(Device::Cpu),
        loss: loss.double_value(&[]),
        gradients: Tensor::cat(&gradients, 0),
    })
}

/// Adds to one weight of the largest matrix of the vision tower.
fn change_a_weight(setting: &Setting, by: f64) {
    if by == 0.0 {
        return;
    }
    let trained = setting.trained();
    let matrices = trained
        .iter()
        .filter(|(name, it)| name.contains("vision") && it.dim() == 2);
    if let Some((_, weight)) = matrices.max_by_key(|(_, it)| it.numel()) {
        no_grad(|| {
            let mut one = weight.view([-1]).narrow(0, 0, 1);
            let _ = one.g_add_scalar_(by);
        });
    }
}

/// The largest difference of two numbers at one place. NaN where there is one.
pub(crate) fn largest(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

pub(crate) fn norm(tensor: &Tensor) -> f64 {
    tensor.to_kind(Kind::Double).norm().double_value(&[])
}
