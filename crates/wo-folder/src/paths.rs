//! Paths as people write them, and the files that they mean.

pub(crate) mod base_folder;
pub(crate) mod files;
pub(crate) mod nearest;
