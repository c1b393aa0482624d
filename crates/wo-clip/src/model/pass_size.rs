//! How much memory a frame takes on its way through the vision tower.

use crate::model::config::ClipConfig;

/// Bytes of a float.
const FLOAT: i64 = 4;

/// Bytes that a frame takes in a forward pass that keeps nothing for the way back: its pixels as bytes, places and floats,
/// and what one block holds at once, about eight numbers of the width and two of the inner width per token.
pub fn bytes_of_frame(config: &ClipConfig) -> f64 {
    let vision = &config.vision_config;
    let n_pixels = vision.num_channels * vision.image_size.pow(2);
    let n_tokens = (vision.image_size / vision.patch_size).pow(2) + 1;
    let of_token = 8 * vision.hidden_size + 2 * vision.intermediate_size;
    (n_pixels * (1 + 2 * FLOAT) + n_tokens * of_token * FLOAT) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_vit_b_32_takes_a_few_megabytes() {
        let mib = bytes_of_frame(&ClipConfig::default()) / f64::from(1 << 20);
        assert!((2.0..6.0).contains(&mib), "{mib}");
    }
}
