//! The model as Hugging Face's `CLIPModel` has it: its shape, its two towers, and what joins them.

pub(crate) mod clip;
pub(crate) mod config;
pub(crate) mod encoder;
pub(crate) mod lora;
pub(crate) mod pooling;
pub(crate) mod scratch;
pub(crate) mod shapes;
pub(crate) mod text;
pub(crate) mod vision;
