//! What a run reads: which files, what their folders and tables say of them, and what kind of file each is.

pub(crate) mod container;
pub(crate) mod copies;
pub(crate) mod foreign;
pub(crate) mod groups;
pub(crate) mod labels;
pub(crate) mod media_file;
pub(crate) mod notes;
pub(crate) mod playlist;
pub(crate) mod sources;
pub(crate) mod turn;
pub(crate) mod vocabulary;
