//! Named tensors of a safetensors file to the parameters of a model, all or nothing.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Kind, Tensor, nn, no_grad};

/// Why weights do not fit a model.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The bytes are no safetensors file.
    #[error("no safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Parameters are missing, or tensors are left over.
    #[error("the weights are of another model: missing {missing:?}, not expected {unexpected:?}")]
    Names {
        /// Parameters of the model that the file does not have.
        missing: Vec<String>,
        /// Tensors of the file that the model does not have.
        unexpected: Vec<String>,
    },
    /// A tensor has the wrong shape.
    #[error("{name} has the shape {found:?}, the configuration asks for {wanted:?}")]
    Shape {
        /// The parameter.
        name: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the model.
        wanted: Vec<i64>,
    },
    /// A tensor is not of 16- or 32-bit floats.
    #[error("{name} is of {found:?}; F32, F16 and BF16 can be read")]
    Kind {
        /// The parameter.
        name: String,
        /// Its type in the file.
        found: Dtype,
    },
    /// A tensor holds NaN or infinity.
    #[error("{name} holds values that are not finite")]
    NotFinite {
        /// The parameter.
        name: String,
    },
}

/// How many names a message lists; a wrong model would otherwise fill the screen.
const NAMES_IN_MESSAGE: usize = 4;

/// Fills all parameters of `vs` from the bytes of a safetensors file. Parameters keep their 32 bits.
pub fn load_weights(vs: &nn::VarStore, bytes: &[u8]) -> Result<(), WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let tensors: HashMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let variables = vs.variables();
    check_names(&variables, &tensors)?;
    for (name, view) in &tensors {
        let Some(parameter) = variables.get(name) else {
            continue;
        };
        fill(name, parameter, view)?;
    }
    Ok(())
}

fn check_names(
    variables: &HashMap<String, Tensor>,
    tensors: &HashMap<String, TensorView<'_>>,
) -> Result<(), WeightsError> {
    let mut missing: Vec<String> = variables
        .keys()
        .filter(|name| !tensors.contains_key(*name))
        .cloned()
        .collect();
    // Old files carry the numbers 0, 1, 2, … of the positions as if they were weights.
    let mut unexpected: Vec<String> = tensors
        .keys()
        .filter(|name| !variables.contains_key(*name) && !name.ends_with(".position_ids"))
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

fn fill(name: &str, parameter: &Tensor, view: &TensorView<'_>) -> Result<(), WeightsError> {
    let kind = match view.dtype() {
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        found => {
            return Err(WeightsError::Kind {
                name: name.to_owned(),
                found,
            });
        }
    };
    let wanted = parameter.size();
    // A file may write a single number as a list of one.
    let same_shape = view
        .shape()
        .iter()
        .map(|&n| n as i64)
        .eq(wanted.iter().copied())
        || (wanted.is_empty() && view.shape() == [1]);
    if !same_shape {
        return Err(WeightsError::Shape {
            name: name.to_owned(),
            found: view.shape().to_vec(),
            wanted,
        });
    }
    let source = Tensor::from_data_size(view.data(), &wanted, kind);
    if source.isfinite().all().int64_value(&[]) == 0 {
        return Err(WeightsError::NotFinite {
            name: name.to_owned(),
        });
    }
    no_grad(|| parameter.shallow_clone().copy_(&source));
    Ok(())
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
