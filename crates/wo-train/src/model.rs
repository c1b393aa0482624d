//! The model: what training starts from, which of its parameters move, and its features of frames.

pub(crate) mod base;
pub(crate) mod base_request;
pub(crate) mod download;
pub(crate) mod features;
pub(crate) mod init;
pub(crate) mod method;
pub(crate) mod parameters;
pub(crate) mod pose_head;
pub(crate) mod tiny;
pub(crate) mod wise_ft;
