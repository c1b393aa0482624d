//! From an open file to frames, inside the worker.

pub(crate) mod animation_file;
pub(crate) mod damage;
pub(crate) mod full_decode;
pub(crate) mod image_file;
pub(crate) mod jpeg;
pub(crate) mod pipeline;
pub(crate) mod seek_decode;
pub(crate) mod video_file;
