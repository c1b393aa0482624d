//! The vision tower of a model with a tower of timm.

use tch::{Tensor, nn};

use crate::model::blocks::Blocks;
use crate::model::fastvit::{FastVit, FastVitConfig};
use crate::model::lora::{LoraConfig, Projection};
use crate::model::params::Params;
use crate::model::timm_config::{TimmConfig, TimmTower};
use crate::model::timm_vit::TimmVit;

/// Where open_clip has the tower.
pub(crate) const TRUNK: &str = "visual.trunk";

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct TimmVision {
    tower: Tower,
    /// The places of the layers that adapters can sit on, from the input.
    places: Vec<String>,
    /// The number of blocks until the end of each stage; a stage of a vision transformer is a block.
    stage_ends: Vec<usize>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a model has a handful of them")]
enum Tower {
    Vit(TimmVit),
    FastVit(FastVit),
}

impl TimmVision {
    /// The tower of `params`, which is where the whole model is.
    pub(crate) fn new(params: &Params<'_>, config: &TimmConfig) -> Self {
        let (params, width) = (params.at(TRUNK), config.projection_dim);
        match &config.vision {
            TimmTower::Vit(vit) => Self {
                tower: Tower::Vit(TimmVit::new(&params, vit, width)),
                places: (0..vit.n_blocks)
                    .map(|i| format!("blocks.{i}.attn.qkv"))
                    .collect(),
                stage_ends: (1..=vit.n_blocks).collect(),
            },
            TimmTower::FastVit(fastvit) => Self {
                tower: Tower::FastVit(FastVit::new(&params, fastvit, width)),
                places: attending_places(fastvit),
                stage_ends: fastvit
                    .starts()
                    .skip(1)
                    .chain([fastvit.n_blocks()])
                    .collect(),
            },
        }
    }

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not normalized.
    pub(crate) fn forward(&self, pixels: &Tensor) -> Tensor {
        self.forward_with_patches(pixels).0
    }

    /// As [`TimmVision::forward`], and the last hidden state of each patch, `[n, patches, hidden]`.
    pub(crate) fn forward_with_patches(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        match &self.tower {
            Tower::Vit(tower) => tower.forward(pixels),
            Tower::FastVit(tower) => tower.forward(pixels),
        }
    }

    fn projections(&mut self) -> Vec<&mut Projection> {
        match &mut self.tower {
            Tower::Vit(tower) => tower.projections().collect(),
            Tower::FastVit(tower) => tower.projections().collect(),
        }
    }
}

/// The places of the joint projections of queries, keys and values.
fn attending_places(config: &FastVitConfig) -> Vec<String> {
    let stages = config.stages.iter().enumerate();
    stages
        .filter(|(_, stage)| stage.attends)
        .flat_map(|(i, stage)| {
            (0..stage.n_blocks)
                .map(move |block| format!("stages.{i}.blocks.{block}.token_mixer.qkv"))
        })
        .collect()
}

impl Blocks for TimmVision {
    fn freeze(&mut self, n_frozen: usize) {
        let stages = n_frozen.min(self.stage_ends.len());
        let n_blocks = stages
            .checked_sub(1)
            .map_or(0, |last| self.stage_ends[last]);
        match &mut self.tower {
            Tower::Vit(tower) => tower.blocks.freeze(n_blocks),
            Tower::FastVit(tower) => tower.blocks.freeze(n_blocks),
        }
    }

    // A bool, as in the setters of PyTorch.
    fn set_checkpointing(&mut self, is_checkpointing: bool) {
        match &mut self.tower {
            Tower::Vit(tower) => tower.blocks.set_checkpointing(is_checkpointing),
            Tower::FastVit(tower) => tower.blocks.set_checkpointing(is_checkpointing),
        }
    }

    fn add_lora(&mut self, adapters: &nn::Path<'_>, config: &LoraConfig) {
        let n_frozen = match &self.tower {
            Tower::Vit(tower) => tower.blocks.n_frozen(),
            Tower::FastVit(tower) => tower.frozen_projections(),
        };
        let places = self.places.clone();
        let moving = self.projections().into_iter().zip(places).skip(n_frozen);
        for (projection, place) in moving {
            let path = format!("{TRUNK}.{place}");
            let place = path
                .split('.')
                .fold(adapters.clone(), |path, level| path / level);
            projection.add_adapter(&place, config);
        }
    }

    fn merge_lora(&mut self) {
        self.projections()
            .into_iter()
            .for_each(Projection::merge_adapter);
    }

    // A bool, as in the setters of PyTorch.
    fn set_training(&mut self, is_training: bool) {
        for projection in self.projections() {
            projection.set_training(is_training);
        }
    }
}
