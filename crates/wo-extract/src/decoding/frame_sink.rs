//! Where frames go that were decoded.

use std::fmt::Debug;

use image::RgbImage;

use crate::error::Fault;

/// What a decoder tells while it takes the frames of a file.
pub(crate) trait FrameSink: Debug {
    /// Says that the file gets on; often enough to be called at every step.
    fn beat(&self) -> Result<(), Fault>;

    /// Hands an upright picture over, shown at `time_ns`.
    fn still(&self, time_ns: u64, picture: &RgbImage) -> Result<(), Fault>;
}
