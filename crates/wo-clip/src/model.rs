//! Models: configuration, the two towers of each architecture, adapters and pooling.

mod blocks;
pub(crate) mod clip;
pub(crate) mod clip_config;
mod clip_text;
mod clip_vision;
pub(crate) mod config;
pub(crate) mod encoder;
pub(crate) mod lora;
mod mlp;
pub(crate) mod old_fields;
mod patches;
pub(crate) mod place;
pub(crate) mod pooling;
pub(crate) mod scratch;
pub(crate) mod shapes;
pub(crate) mod siglip_config;
mod siglip_text;
mod siglip_vision;
pub(crate) mod sizes;
pub(crate) mod text;
pub(crate) mod vision;
