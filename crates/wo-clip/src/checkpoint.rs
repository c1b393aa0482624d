//! Models on disk: their parts, formats, reader and writer.

pub(crate) mod adapter;
pub(crate) mod adapter_config;
pub(crate) mod contents;
mod foreign_models;
pub(crate) mod format;
pub(crate) mod manifest;
mod manifest_check;
pub(crate) mod mapped_weights;
pub(crate) mod model_folder;
pub(crate) mod naming;
pub(crate) mod open_clip_config;
mod open_clip_names;
pub(crate) mod open_clip_shapes;
mod open_clip_siglip;
mod open_clip_table;
mod preprocessor_files;
pub(crate) mod pt_file;
pub(crate) mod reader;
mod shards;
mod side_files;
mod source;
mod text_file;
mod tokenizer_files;
pub(crate) mod weights;
mod weights_files;
pub(crate) mod writer;
