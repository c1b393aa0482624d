//! Label Studio tasks: written with effective labels, read as reviews.

mod address;
mod answers;
mod frame_lookup;
mod import;
mod import_report;
mod labels;
mod pending_reviews;
mod questions;
mod quote;
mod repair;
pub(crate) mod role;
mod task;
mod task_splitter;
mod tasks;

pub(crate) use self::import::import;
pub(crate) use self::tasks::write_tasks;
