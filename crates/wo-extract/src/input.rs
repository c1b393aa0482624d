//! What a run reads: which files, what their folders and tables say of them, and what kind of file each is.

pub(crate) mod container;
pub(crate) mod copies;
mod folders;
pub(crate) mod foreign;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod labels;
pub(crate) mod media_file;
mod media_names;
mod notes;
pub(crate) mod paths;
mod playlist;
pub(crate) mod shards;
pub(crate) mod source;
pub(crate) mod sources;
pub(crate) mod turn;
mod unknown_folder;
mod vocabulary;
