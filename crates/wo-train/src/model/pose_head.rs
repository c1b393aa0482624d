//! A head that predicts joints from patches, for pre-training on drawn frames, whose joints are known.
//!
//! A label is one word about a frame; its joints are forty numbers. Each patch predicts how likely each joint is in it,
//! and where (heat maps with offsets: Papandreou et al. 2017, arXiv 1701.01779; the mean over the map: Sun et al. 2018,
//! arXiv 1711.08229). So the patches learn what they show, and the class token can attend to it.

use wo_clip::ModelConfig;
use wo_clip::tch::nn::{self, Module};
use wo_clip::tch::{Device, Kind, Reduction, Tensor};

use crate::data::joints::COORDINATES;

/// Numbers per patch and joint: a logit, and the offsets to the right and down from the patch's centre.
const VOTES: i64 = 3;
/// Standard deviation of the target heat map, as a fraction of the image: about a third of a patch of 16 at 96 pixels.
const SPREAD: f64 = 0.06;
/// Weight of the map loss beside that of the position loss.
const MAP_WEIGHT: f64 = 0.3;
/// Positions are compared in tenths of the image. Smooth L1 squares errors below one.
const POSITION_SCALE: f64 = 10.0;

/// Predicts joints from patches. It is dropped after the run.
#[derive(Debug)]
pub(crate) struct JointHead {
    norm: nn::LayerNorm,
    votes: nn::Linear,
    n_joints: i64,
    /// `[patches, 2]`: the centre of each patch, as fractions of the image.
    centres: Tensor,
    patch: f64,
    // Owns the parameters.
    store: nn::VarStore,
}

impl JointHead {
    /// Its parameters by name.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (String, Tensor)> {
        self.store.variables().into_iter()
    }

    /// A head with random weights for the patches of a vision tower.
    pub(crate) fn new(n_joints: usize, config: &ModelConfig, seed: u64, device: Device) -> Self {
        let vision = config.vision();
        let store = nn::VarStore::new(device);
        let vs = &(store.root() / "joint_head");
        wo_clip::tch::manual_seed(seed.cast_signed());
        let n_joints = n_joints as i64;
        let (hidden_size, side) = (vision.hidden_size, vision.patches_a_side);
        let centres: Vec<f32> = (0..side * side)
            .flat_map(|patch| [patch % side, patch / side])
            .map(|place| (place as f32 + 0.5) / side as f32)
            .collect();
        Self {
            norm: nn::layer_norm(
                vs / "norm",
                vec![hidden_size],
                nn::LayerNormConfig::default(),
            ),
            votes: nn::linear(
                vs / "votes",
                hidden_size,
                n_joints * VOTES,
                nn::LinearConfig::default(),
            ),
            n_joints,
            centres: Tensor::from_slice(&centres)
                .view([side * side, COORDINATES as i64])
                .to_device(device),
            patch: 1.0 / side as f64,
            store,
        }
    }

    /// The loss of `patches` `[n, patches, hidden]` whose joints are at `targets` `[n, joints, 2]`.
    pub(crate) fn loss(&self, patches: &Tensor, targets: &Tensor) -> Tensor {
        let (n, n_patches, _) = patches.size3().expect("[n, patches, hidden]");
        // [n, joints, patches, votes]
        let votes = self
            .votes
            .forward(&self.norm.forward(patches))
            .view([n, n_patches, self.n_joints, VOTES])
            .transpose(1, 2);
        let map = votes.select(-1, 0);
        let offsets = votes.narrow(-1, 1, COORDINATES as i64) * self.patch;
        let distances = (targets.unsqueeze(2) - &self.centres)
            .square()
            .sum_dim_intlist([-1_i64].as_slice(), false, Kind::Float);
        let target_map = (distances / (-2.0 * SPREAD * SPREAD)).softmax(-1, Kind::Float);
        let map_loss = wo_clip::soft_cross_entropy(&map, &target_map);
        let predicted = (map.softmax(-1, Kind::Float).unsqueeze(-1) * (offsets + &self.centres))
            .sum_dim_intlist([2_i64].as_slice(), false, Kind::Float);
        let position_loss = (predicted * POSITION_SCALE).smooth_l1_loss(
            &(targets * POSITION_SCALE),
            Reduction::Mean,
            1.0,
        );
        map_loss * MAP_WEIGHT + position_loss
    }
}
