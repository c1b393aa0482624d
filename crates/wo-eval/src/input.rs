//! Where videos and predictions come from.

pub(crate) mod predictions_file;
pub(crate) mod repeats;
pub(crate) mod source;
