//! Which frames of a video to take, and which of those to keep.

pub(crate) mod film;
pub(crate) mod frame_filter;
pub(crate) mod repetitions;
pub(crate) mod sample;
pub(crate) mod select;
