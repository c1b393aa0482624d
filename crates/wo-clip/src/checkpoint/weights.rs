//! Loads the tensors of a safetensors file into the parameters of a model, all or nothing.

use std::collections::{BTreeSet, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Kind, Tensor, nn, no_grad};

use crate::checkpoint::naming::Naming;
use crate::checkpoint::source::{Part, Source};
use crate::model::config::ModelConfig;
use crate::model::shapes::{Shapes, parameter_shapes};

/// Why weights do not fit a model.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The bytes are no safetensors file.
    #[error("no safetensors file")]
    Format(#[from] safetensors::SafeTensorError),
    /// The configuration asks for more blocks than there are tensors.
    #[error(
        "the configuration asks for more blocks ({wanted}) than the weights have tensors for ({found})"
    )]
    Depth {
        /// Blocks of both towers.
        wanted: i64,
        /// Tensors of the file.
        found: usize,
    },
    /// Tensors are missing or unexpected.
    #[error("the weights are of another model: missing {missing:?}, not expected {unexpected:?}")]
    Names {
        /// Tensors that the file lacks.
        missing: Vec<String>,
        /// Tensors that the model lacks.
        unexpected: Vec<String>,
    },
    /// A tensor has the wrong shape.
    #[error("{name} has the shape {found:?}, the configuration asks for {wanted:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the model.
        wanted: Vec<i64>,
    },
    /// A tensor is not of 16- or 32-bit floats.
    #[error("{name} is of {found:?}; F32, F16 and BF16 can be read")]
    Kind {
        /// The tensor.
        name: String,
        /// Its type in the file.
        found: Dtype,
    },
    /// A tensor holds NaN or infinity.
    #[error("{name} holds values that are not finite")]
    NotFinite {
        /// The tensor.
        name: String,
    },
}

/// The names that a message lists, so that a wrong model does not fill the screen.
const NAMES_IN_MESSAGE: usize = 4;

/// The tensors of a model by their names.
pub(crate) type Tensors<'a> = HashMap<String, TensorView<'a>>;

/// The tensors of a safetensors file.
pub(crate) fn tensors_of(bytes: &[u8]) -> Result<Tensors<'_>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    Ok(file.tensors().into_iter().collect())
}

/// Fills all parameters of `vs` from the bytes of a safetensors file with Hugging Face's or open_clip's names.
/// Parameters keep their 32 bits.
pub fn load_weights(vs: &nn::VarStore, bytes: &[u8]) -> Result<(), WeightsError> {
    load_tensors(vs, &tensors_of(bytes)?)
}

/// The same from tensors, which may come from several files.
pub(crate) fn load_tensors(vs: &nn::VarStore, tensors: &Tensors<'_>) -> Result<(), WeightsError> {
    let variables = vs.variables();
    let wanted = variables
        .iter()
        .map(|(name, parameter)| (name.clone(), parameter.size()))
        .collect();
    for (name, source) in sources(&wanted, tensors)? {
        if let Some(parameter) = variables.get(&name) {
            fill(parameter, &source, tensors)?;
        }
    }
    Ok(())
}

/// Checks tensors against `config`: names, types and shapes. Values are checked when they are loaded.
pub(crate) fn check_weights(
    config: &ModelConfig,
    tensors: &Tensors<'_>,
) -> Result<(), WeightsError> {
    let n_blocks = config.text().n_blocks + config.vision().n_blocks;
    // Checked first, so that a million blocks are not listed by name.
    if n_blocks > tensors.len() as i64 {
        return Err(WeightsError::Depth {
            wanted: n_blocks,
            found: tensors.len(),
        });
    }
    sources(&parameter_shapes(config), tensors).map(drop)
}

/// The source of each wanted parameter, with types and shapes checked.
fn sources(wanted: &Shapes, tensors: &Tensors<'_>) -> Result<Vec<(String, Source)>, WeightsError> {
    let naming = Naming::of(tensors.keys().map(String::as_str));
    let sources: Vec<(String, Source)> = wanted
        .keys()
        .map(|name| (name.clone(), naming.source(name)))
        .collect();
    check_names(&sources, tensors)?;
    for (name, source) in &sources {
        if let Some(shape) = wanted.get(name) {
            for (source, shape) in parts(source, shape) {
                let view = &tensors[&source.tensor];
                kind_of(&source.tensor, view)?;
                check_shape(&source, &shape, view)?;
            }
        }
    }
    Ok(sources)
}

fn check_names(sources: &[(String, Source)], tensors: &Tensors<'_>) -> Result<(), WeightsError> {
    let names: BTreeSet<&str> = sources
        .iter()
        .flat_map(|(_, source)| [Some(&source.tensor), source.below.as_ref()])
        .flatten()
        .map(String::as_str)
        .collect();
    let mut missing: Vec<String> = names
        .iter()
        .filter(|name| !tensors.contains_key(**name))
        .map(|name| (*name).to_owned())
        .collect();
    let mut unexpected: Vec<String> = tensors
        .keys()
        .filter(|name| !names.contains(name.as_str()) && !is_no_weight(name))
        .cloned()
        .collect();
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    for names in [&mut missing, &mut unexpected] {
        names.sort();
        let n_more = names.len().saturating_sub(NAMES_IN_MESSAGE);
        names.truncate(NAMES_IN_MESSAGE);
        if n_more > 0 {
            names.push(format!("and {n_more} more"));
        }
    }
    Err(WeightsError::Names {
        missing,
        unexpected,
    })
}

/// Tensors that are no weights: in old files the position ids 0, 1, 2, …, and OpenAI's three settings; counters of batch
/// norms, whose statistics stay.
fn is_no_weight(name: &str) -> bool {
    name.ends_with(".position_ids")
        || name.ends_with(".num_batches_tracked")
        || ["input_resolution", "context_length", "vocab_size"].contains(&name)
}

fn check_shape(
    source: &Source,
    parameter: &[i64],
    view: &TensorView<'_>,
) -> Result<(), WeightsError> {
    let wanted = source.part.whole_shape(parameter);
    let is_same = view
        .shape()
        .iter()
        .map(|&n| n as i64)
        .eq(wanted.iter().copied());
    // A file may store a number as a list of one, and the other way round.
    let is_number = |shape: &[i64]| shape.is_empty() || shape == [1];
    if is_same || is_number(&wanted) && (view.shape().is_empty() || view.shape() == [1]) {
        return Ok(());
    }
    Err(WeightsError::Shape {
        name: source.tensor.clone(),
        found: view.shape().to_vec(),
        wanted,
    })
}

pub(crate) fn kind_of(name: &str, view: &TensorView<'_>) -> Result<Kind, WeightsError> {
    match view.dtype() {
        Dtype::F32 => Ok(Kind::Float),
        Dtype::F16 => Ok(Kind::Half),
        Dtype::BF16 => Ok(Kind::BFloat16),
        found => Err(WeightsError::Kind {
            name: name.to_owned(),
            found,
        }),
    }
}

/// The tensors that a parameter of this shape is made of, one below the other, with the shape of each. One is all of it,
/// or as high as the parameter is wide and the next has the other rows.
fn parts(source: &Source, shape: &[i64]) -> Vec<(Source, Vec<i64>)> {
    let Some(below) = &source.below else {
        return vec![(source.clone(), shape.to_vec())];
    };
    // Queries above, keys and values below.
    let with_rows = |tensor: &str, n_thirds: i64| {
        let mut shape = shape.to_vec();
        shape
            .iter_mut()
            .take(1)
            .for_each(|rows| *rows = *rows / 3 * n_thirds);
        (Source::new(tensor.to_owned(), source.part), shape)
    };
    vec![with_rows(&source.tensor, 1), with_rows(below, 2)]
}

fn fill(parameter: &Tensor, source: &Source, tensors: &Tensors<'_>) -> Result<(), WeightsError> {
    let mut first_row = 0;
    for (source, shape) in parts(source, &parameter.size()) {
        let values = values_of(&source, &shape, &tensors[&source.tensor])?;
        let n_rows = shape.first().copied();
        no_grad(|| match n_rows {
            Some(n_rows) => parameter.narrow(0, first_row, n_rows).copy_(&values),
            None => parameter.shallow_clone().copy_(&values),
        });
        first_row += n_rows.unwrap_or_default();
    }
    Ok(())
}

/// The values of a tensor of a file as the shape of the parameter has them.
fn values_of(
    source: &Source,
    shape: &[i64],
    view: &TensorView<'_>,
) -> Result<Tensor, WeightsError> {
    let kind = kind_of(&source.tensor, view)?;
    let data = view.data();
    let values = match source.part {
        // A list of one may be written as a number, and the other way round.
        Part::Whole | Part::OnlyRow => Tensor::from_data_size(data, shape, kind),
        Part::Transposed => {
            Tensor::from_data_size(data, &source.part.whole_shape(shape), kind).tr()
        }
        Part::Third(third) => {
            let n_bytes = data.len() / 3;
            Tensor::from_data_size(&data[third * n_bytes..][..n_bytes], shape, kind)
        }
    };
    if values.isfinite().all().int64_value(&[]) == 0 {
        return Err(WeightsError::NotFinite {
            name: source.tensor.clone(),
        });
    }
    Ok(values)
}

/// A parameter as the bytes of a file: its shape and its values in `kind`, little-endian.
pub(crate) fn bytes_of(parameter: &Tensor, kind: Kind) -> (Vec<usize>, Vec<u8>) {
    let tensor = no_grad(|| {
        parameter
            .detach()
            .to_kind(kind)
            .to_device(tch::Device::Cpu)
            .contiguous()
    });
    let shape = tensor.size().iter().map(|&n| n as usize).collect();
    let mut bytes = vec![0; tensor.numel() * kind.elt_size_in_bytes()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    (shape, bytes)
}
