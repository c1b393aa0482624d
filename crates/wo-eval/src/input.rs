//! Where videos and predictions come from.

pub(crate) mod frame_looks;
pub(crate) mod predictions_file;
pub(crate) mod repeats;
pub(crate) mod source;
