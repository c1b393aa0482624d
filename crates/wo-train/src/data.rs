//! Records to labelled videos: which are used, how they are split, and the batches that training draws from them.

pub(crate) mod augment;
pub(crate) mod builder;
pub(crate) mod captions;
pub(crate) mod config;
pub(crate) mod dataset;
pub(crate) mod duplicates;
pub(crate) mod excluded;
pub(crate) mod fold_groups;
pub(crate) mod frame_cache;
pub(crate) mod frame_captions;
pub(crate) mod frame_location;
pub(crate) mod grouping;
pub(crate) mod joints;
pub(crate) mod labelled;
pub(crate) mod leakage;
pub(crate) mod mirror;
pub(crate) mod photographs;
pub(crate) mod rare_labels;
pub(crate) mod reader;
pub(crate) mod sampler;
pub(crate) mod split;
pub(crate) mod spool;
