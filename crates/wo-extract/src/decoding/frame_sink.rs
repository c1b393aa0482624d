//! Where frames go that were decoded.

use std::fmt::Debug;

use image::RgbImage;

use crate::error::ExtractError;

/// What a decoder tells while it takes the frames of a file.
pub(crate) trait FrameSink: Debug {
    /// Says that the file gets on; often enough to be called at every step.
    fn beat(&self) -> Result<(), ExtractError>;

    /// Hands an upright image over, shown at `time_ns`.
    fn still(&self, time_ns: u64, image: &RgbImage) -> Result<(), ExtractError>;
}
