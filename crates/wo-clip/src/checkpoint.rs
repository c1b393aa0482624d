//! Models on disk: their parts, formats, reader and writer.

pub(crate) mod contents;
pub(crate) mod format;
pub(crate) mod manifest;
mod manifest_check;
pub(crate) mod model_folder;
pub(crate) mod naming;
pub(crate) mod open_clip_config;
mod open_clip_names;
pub(crate) mod open_clip_shapes;
mod open_clip_siglip;
mod open_clip_table;
mod open_clip_tensors;
mod open_clip_timm;
pub(crate) mod pt_file;
mod published;
pub(crate) mod reader;
mod side_files;
mod source;
pub(crate) mod weights;
pub(crate) mod writer;
