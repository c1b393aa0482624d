//! Points of the picture.

/// A point in the picture.
pub(crate) type Pixel = (f32, f32);
