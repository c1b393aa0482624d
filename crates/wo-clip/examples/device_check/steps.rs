//! Five steps of training, told apart by how they are computed.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};
use wo_clip::tch::{Device, Kind, Tensor, manual_seed, no_grad};
use wo_clip::{AdamWConfig, Optimizer, Precision, Rule, Share, lerp_all};

use crate::options::Options;
use crate::parity::{largest, norm};
use crate::setting::Setting;

const N_STEPS: usize = 5;
const LR: f64 = 1e-5;
const MAX_NORM: f64 = 1.0;
const FRACTION: f64 = 0.1;

/// What five steps end with.
struct Ended {
    losses: Vec<f64>,
    /// Weights that were trained, and their averages, on the CPU.
    weights: BTreeMap<String, Tensor>,
    averages: BTreeMap<String, Tensor>,
}

fn optimizer(setting: &Setting) -> Optimizer {
    let share = |_: &str| Share {
        lr_factor: 1.0,
        rule: Rule::AdamW,
    };
    Optimizer::new(setting.trained(), AdamWConfig::default(), share)
}

/// Takes five steps. `after` sees the weights after each.
fn five_steps(setting: &Setting, mut after: impl FnMut(&[Tensor])) -> anyhow::Result<Ended> {
    // Dropout of adapters draws from the generator of the device.
    manual_seed(5);
    let mut optimizer = optimizer(setting);
    let trained = setting.trained();
    let parameters: Vec<Tensor> = trained.iter().map(|(_, it)| it.shallow_clone()).collect();
    let averages: Vec<Tensor> = parameters.iter().map(|it| it.detach().copy()).collect();
    let mut losses = Vec::new();
    for _ in 0..N_STEPS {
        let loss = setting.loss()?;
        loss.backward();
        let grad_norm = optimizer.clipped_step(LR, MAX_NORM).double_value(&[]);
        optimizer.settle(grad_norm);
        optimizer.zero_grad();
        no_grad(|| lerp_all(averages.iter().zip(&parameters), FRACTION))?;
        losses.push(loss.double_value(&[]));
        after(&parameters);
    }
    let on_cpu = |tensors: &[Tensor]| {
        let tensors = tensors.iter().map(|it| it.detach().to_device(Device::Cpu));
        let names = trained.iter().map(|(name, _)| name.clone());
        names.zip(tensors).collect()
    };
    Ok(Ended {
        losses,
        weights: on_cpu(&parameters),
        averages: on_cpu(&averages),
    })
}

fn largest_of_losses(a: &Ended, b: &Ended) -> f64 {
    let pairs = a.losses.iter().zip(&b.losses);
    // A NaN is the largest.
    let relative = pairs.map(|(a, b)| (a - b).abs() / b.abs());
    relative.fold(0.0, |most, it| if it <= most { most } else { it })
}

/// How far the weights are apart, beside how far they have moved.
fn apart(a: &Ended, b: &Ended, start: &BTreeMap<String, Tensor>) -> f64 {
    let squares = |one: &BTreeMap<String, Tensor>, other: &BTreeMap<String, Tensor>| -> f64 {
        let of_pair = |(name, it): (&String, &Tensor)| norm(&(it - &other[name])).powi(2);
        one.iter().map(of_pair).sum()
    };
    (squares(&a.weights, &b.weights) / squares(&b.weights, start)).sqrt()
}

fn weights_of(setting: &Setting) -> BTreeMap<String, Tensor> {
    let copied = |(name, it): (String, Tensor)| (name, it.detach().to_device(Device::Cpu).copy());
    setting.trained().into_iter().map(copied).collect()
}

/// With and without gradient checkpointing; `dropout=` adds adapters with it.
pub(crate) fn checkpointing(options: &Options) -> anyhow::Result<Value> {
    let dropout = options.number("dropout", -1.0)?;
    let mut start = BTreeMap::new();
    let mut ended = Vec::new();
    for is_checkpointing in [false, true] {
        let mut setting = Setting::new(options, options.device, options.precision)?;
        if dropout >= 0.0 {
            setting.add_lora(dropout);
        }
        setting.clip.set_checkpointing(is_checkpointing);
        start = weights_of(&setting);
        ended.push(five_steps(&setting, |_| ())?);
    }
    let (off, on) = (&ended[0], &ended[1]);
    Ok(json!({
        "losses": largest_of_losses(on, off),
        "weights": apart(on, off, &start),
        "is_same_bits": on.losses == off.losses && on.weights.iter().all(|(name, it)| *it == off.weights[name]),
        "losses_off": off.losses,
        "losses_on": on.losses,
    }))
}

/// The same steps on the device and on the CPU in 32 bits.
pub(crate) fn training(options: &Options) -> anyhow::Result<Value> {
    let on_device = Setting::new(options, options.device, options.precision)?;
    let found = five_steps(&on_device, |_| ())?;
    drop(on_device);
    Precision::Fp32.apply()?;
    let on_cpu = Setting::new(options, Device::Cpu, Precision::Fp32)?;
    let start = weights_of(&on_cpu);
    let wanted = five_steps(&on_cpu, |_| ())?;
    Ok(json!({
        "losses": largest_of_losses(&found, &wanted),
        "weights": apart(&found, &wanted, &start),
        "losses_of_device": found.losses,
        "losses_of_cpu": wanted.losses,
    }))
}

/// Adapters: the same losses on the device and on the CPU, a base that stays as it is, and features that stay when the
/// adapters are merged.
pub(crate) fn lora(options: &Options) -> anyhow::Result<Value> {
    let mut setting = Setting::new(options, options.device, options.precision)?;
    let base: Vec<Tensor> = weights_of(&setting).into_values().collect();
    setting.add_lora(0.0);
    let found = five_steps(&setting, |_| ())?;
    let now = sorted_base(&setting);
    let base_moved = now.iter().zip(&base).map(|(a, b)| largest(a, b));
    let base_moved = base_moved.fold(0.0, f64::max);
    let apart_of_merge = {
        let adapted = setting.image_features(&setting.pixels)?;
        setting.clip.merge_lora();
        largest(&setting.image_features(&setting.pixels)?, &adapted)
    };
    Precision::Fp32.apply()?;
    let mut on_cpu = Setting::new(options, Device::Cpu, Precision::Fp32)?;
    on_cpu.add_lora(0.0);
    let wanted = five_steps(&on_cpu, |_| ())?;
    Ok(json!({
        "losses": largest_of_losses(&found, &wanted),
        "base_moved": base_moved,
        "merged": apart_of_merge,
        "n_trained": found.weights.len(),
        "losses_of_device": found.losses,
        "losses_of_cpu": wanted.losses,
    }))
}

fn sorted_base(setting: &Setting) -> Vec<Tensor> {
    let mut variables: Vec<_> = setting.vs.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    let on_cpu = |(_, it): (String, Tensor)| it.detach().to_device(Device::Cpu);
    variables.into_iter().map(on_cpu).collect()
}

/// The moving average beside the same in 64 bits on the CPU.
pub(crate) fn average(options: &Options) -> anyhow::Result<Value> {
    let setting = Setting::new(options, options.device, options.precision)?;
    let wide = |it: &Tensor| it.detach().to_device(Device::Cpu).to_kind(Kind::Double);
    let mut wanted: Vec<Tensor> = setting.trained().iter().map(|(_, it)| wide(it)).collect();
    let ended = five_steps(&setting, |parameters| {
        for (average, parameter) in wanted.iter_mut().zip(parameters) {
            *average = &*average + (wide(parameter) - &*average) * FRACTION;
        }
    })?;
    let pairs = ended.averages.values().zip(&wanted);
    let difference = pairs.map(|(found, wanted)| largest(&wide(found), wanted));
    let lag = ended.averages.iter();
    let lag = lag.map(|(name, it)| largest(it, &ended.weights[name]));
    Ok(json!({
        "averages": difference.fold(0.0, f64::max),
        "lag_behind_weights": lag.fold(0.0, f64::max),
    }))
}

/// A step whose gradients are not finite changes nothing, and the next one is taken as if it had not been.
pub(crate) fn not_finite(options: &Options) -> anyhow::Result<Value> {
    let setting = Setting::new(options, options.device, options.precision)?;
    let mut optimizer = optimizer(&setting);
    let before = weights_of(&setting);
    setting.loss()?.backward();
    let (_, parameter) = setting.trained().into_iter().next().context("none")?;
    let _ = parameter.grad().fill_(f64::INFINITY);
    let grad_norm = optimizer.clipped_step(LR, MAX_NORM).double_value(&[]);
    let is_counted = optimizer.settle(grad_norm);
    optimizer.zero_grad();
    let moved = |then: &BTreeMap<String, Tensor>| {
        let now = weights_of(&setting);
        let moved = now.iter().map(|(name, it)| largest(it, &then[name]));
        moved.fold(0.0, f64::max)
    };
    let by_infinity = moved(&before);
    setting.loss()?.backward();
    let grad_norm = optimizer.clipped_step(LR, MAX_NORM).double_value(&[]);
    Ok(json!({
        "moved": by_infinity,
        "is_counted": is_counted,
        "moved_after": moved(&before),
        "norm_after_is_finite": optimizer.settle(grad_norm),
    }))
}
