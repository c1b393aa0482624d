//! Tensors as open_clip names them, made of ours: the other way round than [`Naming::source`].

use std::collections::BTreeMap;

use tch::{Tensor, no_grad};

use crate::checkpoint::naming::Naming;
use crate::checkpoint::source::Part;
use crate::model::config::ModelConfig;

/// The tensors of a folder: with open_clip's names where only open_clip has the model.
pub(crate) fn of_folder(
    config: &ModelConfig,
    parameters: &BTreeMap<String, Tensor>,
) -> BTreeMap<String, Tensor> {
    let mut tensors = BTreeMap::new();
    let mut thirds: BTreeMap<String, Vec<(usize, &Tensor)>> = BTreeMap::new();
    for (name, parameter) in parameters {
        let naming = match config {
            ModelConfig::Timm(_) => Naming::OpenClipTimm,
            ModelConfig::Clip(_) | ModelConfig::Siglip(_) => Naming::HuggingFace,
        };
        let source = naming.source(name);
        match source.part {
            Part::Whole | Part::OnlyRow => {
                tensors.insert(source.tensor, parameter.shallow_clone());
            }
            Part::Transposed => {
                tensors.insert(source.tensor, parameter.tr());
            }
            Part::Third(third) => {
                let of_tensor = thirds.entry(source.tensor).or_default();
                of_tensor.push((third, parameter));
            }
        }
    }
    for (tensor, mut parts) in thirds {
        parts.sort_by_key(|(third, _)| *third);
        let rows: Vec<&Tensor> = parts.into_iter().map(|(_, part)| part).collect();
        tensors.insert(tensor, no_grad(|| Tensor::cat(&rows, 0)));
    }
    tensors
}
