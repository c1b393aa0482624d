//! One frame as an image: its JPEG, and how good it is.

pub(crate) mod measured;
pub(crate) mod still;
