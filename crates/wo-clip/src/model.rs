//! CLIP as in Hugging Face's `CLIPModel`: configuration, the two towers, adapters and pooling.

pub(crate) mod clip;
pub(crate) mod config;
pub(crate) mod encoder;
pub(crate) mod lora;
pub(crate) mod old_fields;
pub(crate) mod pooling;
pub(crate) mod scratch;
pub(crate) mod shapes;
pub(crate) mod text;
pub(crate) mod vision;
