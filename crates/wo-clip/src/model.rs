//! CLIP as in Hugging Face's `CLIPModel`: configuration, the two towers, adapters and pooling.

pub(crate) mod clip;
pub(crate) mod config;
pub(crate) mod encoder;
pub(crate) mod joint_products;
pub(crate) mod lora;
pub(crate) mod pass_size;
pub(crate) mod pooling;
pub(crate) mod scratch;
pub(crate) mod shapes;
pub(crate) mod text;
pub(crate) mod vision;
