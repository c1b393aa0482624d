//! Tasks of Label Studio: written with what holds now, read back as reviews.

mod address;
mod answers;
mod frames;
mod import;
mod labels;
mod mended;
mod news;
mod pieces;
mod questions;
mod quote;
mod role;
mod task;
mod tasks;
mod troubles;

pub(crate) use self::import::import;
pub(crate) use self::tasks::write_tasks;
