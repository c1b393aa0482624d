//! An adapter of peft, and how it is merged into the weights of its base: as `merge_and_unload` does it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use safetensors::tensor::TensorView;
use tch::{Kind, Tensor, nn, no_grad};

use crate::checkpoint::adapter_config::AdapterConfig;
use crate::checkpoint::mapped_weights::MappedWeights;
use crate::checkpoint::weights::{Tensors, WeightsError, kind_of};
use crate::model::shapes::Shapes;

/// The file of an adapter's tensors.
pub(crate) const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";
/// Its settings.
pub(crate) const ADAPTER_CONFIG: &str = "adapter_config.json";
/// What peft puts before the names of the base model.
const PREFIX: &str = "base_model.model.";

/// An adapter on disk.
#[derive(Debug)]
pub(crate) struct Adapter {
    path: PathBuf,
    config: AdapterConfig,
}

/// What an adapter does to one parameter.
#[derive(Debug)]
enum Change<'a> {
    /// Adds `b a`, scaled, to the matrix.
    Product {
        a: &'a TensorView<'a>,
        b: &'a TensorView<'a>,
        rank: i64,
        scale: f64,
    },
    /// Replaces it, as for `modules_to_save`.
    Whole(&'a TensorView<'a>),
}

impl Adapter {
    pub(crate) fn new(path: PathBuf, config: AdapterConfig) -> Self {
        Self { path, config }
    }

    /// Checks the names, types and shapes of its tensors against those of the base.
    pub(crate) fn check(&self, shapes: &Shapes) -> anyhow::Result<()> {
        let maps = MappedWeights::open(std::slice::from_ref(&self.path))?;
        let tensors = maps.tensors()?;
        for (parameter, change) in self.changes(&tensors)? {
            let Some(shape) = shapes.get(&parameter) else {
                bail!(
                    "{ADAPTER_WEIGHTS}: it changes {parameter}, which its base model does not have"
                );
            };
            let fits = match &change {
                Change::Whole(whole) => is_shape(whole, shape),
                Change::Product { a, b, rank, .. } => match shape.as_slice() {
                    [n_out, n_in] => is_shape(a, &[*rank, *n_in]) && is_shape(b, &[*n_out, *rank]),
                    _ => false,
                },
            };
            ensure!(
                fits,
                "{ADAPTER_WEIGHTS}: what changes {parameter} does not fit its shape {shape:?} and the ranks of \
                 {ADAPTER_CONFIG}"
            );
        }
        Ok(())
    }

    /// Merges it into the parameters of the base.
    pub(crate) fn merge(&self, vs: &nn::VarStore) -> anyhow::Result<()> {
        let maps = MappedWeights::open(std::slice::from_ref(&self.path))?;
        let tensors = maps.tensors()?;
        let variables = vs.variables();
        for (name, change) in self.changes(&tensors)? {
            let parameter = variables.get(&name);
            let mut parameter = parameter
                .with_context(|| format!("{ADAPTER_WEIGHTS}: it changes {name}"))?
                .shallow_clone();
            match change {
                Change::Whole(whole) => {
                    let values = values_of(&name, whole)?;
                    no_grad(|| parameter.copy_(&values));
                }
                Change::Product { a, b, scale, .. } => {
                    let product = values_of(&name, b)?.matmul(&values_of(&name, a)?) * scale;
                    let product = product.to_device(parameter.device());
                    no_grad(|| drop(parameter.g_add_(&product)));
                }
            }
        }
        Ok(())
    }

    /// The changes by the parameter's name.
    fn changes<'a>(
        &self,
        tensors: &'a Tensors<'a>,
    ) -> anyhow::Result<BTreeMap<String, Change<'a>>> {
        let mut changes = BTreeMap::new();
        for (name, view) in tensors {
            let refused = || {
                format!(
                    "{ADAPTER_WEIGHTS}: it holds {name}, which is no part of a low-rank adapter"
                )
            };
            let base = name.strip_prefix(PREFIX).with_context(refused)?;
            if let Some(module) = base.strip_suffix(".lora_A.weight") {
                let other = format!("{PREFIX}{module}.lora_B.weight");
                let b = tensors.get(&other);
                let b = b.with_context(|| format!("{ADAPTER_WEIGHTS}: {other} is missing"))?;
                let change = Change::Product {
                    a: view,
                    b,
                    rank: self.config.rank_of(module),
                    scale: self.config.scale_of(module),
                };
                changes.insert(format!("{module}.weight"), change);
            } else if let Some(module) = base.strip_suffix(".lora_B.weight") {
                let other = format!("{PREFIX}{module}.lora_A.weight");
                ensure!(
                    tensors.contains_key(&other),
                    "{ADAPTER_WEIGHTS}: {other} is missing"
                );
            } else {
                ensure!(!base.contains("lora_"), refused());
                changes.insert(base.to_owned(), Change::Whole(view));
            }
        }
        ensure!(!changes.is_empty(), "{ADAPTER_WEIGHTS}: it changes nothing");
        Ok(changes)
    }
}

fn is_shape(view: &TensorView<'_>, shape: &[i64]) -> bool {
    view.shape()
        .iter()
        .map(|&n| n as i64)
        .eq(shape.iter().copied())
}

/// The values of a tensor as 32-bit floats.
fn values_of(name: &str, view: &TensorView<'_>) -> anyhow::Result<Tensor> {
    let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
    let kind = kind_of(name, view)?;
    let values = Tensor::from_data_size(view.data(), &shape, kind).to_kind(Kind::Float);
    if values.isfinite().all().int64_value(&[]) == 0 {
        let name = name.to_owned();
        return Err(WeightsError::NotFinite { name }.into());
    }
    Ok(values)
}
