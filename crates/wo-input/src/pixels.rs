//! Images to model input: how a square is made of an image, and which file of a model says so.

pub(crate) mod hugging_face;
pub(crate) mod open_clip;
pub(crate) mod preprocessor;
pub(crate) mod resize;
mod settings;
