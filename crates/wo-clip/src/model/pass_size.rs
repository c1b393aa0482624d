//! How much memory a frame takes on its way through the vision tower.

use crate::model::config::ModelConfig;
use crate::model::timm_config::{TimmConfig, TimmTower};

/// Bytes of a float.
const FLOAT: i64 = 4;
/// Channels of an image.
const N_CHANNELS: i64 = 3;

/// Bytes that a frame takes in a forward pass that keeps nothing for the way back: its pixels as bytes, places and floats,
/// and what one block holds at once, about eight numbers of the width and two of the inner width per token.
pub fn bytes_of_frame(config: &ModelConfig) -> f64 {
    let vision = config.vision();
    let n_pixels = N_CHANNELS * vision.image_size.pow(2);
    let n_numbers = match config {
        ModelConfig::Timm(TimmConfig {
            vision: TimmTower::FastVit(fastvit),
            ..
        }) => fastvit.numbers_at_once(vision.image_size),
        _ => vision.n_positions * (8 * vision.hidden_size + 2 * vision.intermediate_size),
    };
    (n_pixels * (1 + 2 * FLOAT) + n_numbers * FLOAT) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clip_config::ClipConfig;

    #[test]
    fn a_frame_of_vit_b_32_takes_a_few_megabytes() {
        let mib = bytes_of_frame(&ClipConfig::default().into()) / f64::from(1 << 20);
        assert!((2.0..6.0).contains(&mib), "{mib}");
    }
}
