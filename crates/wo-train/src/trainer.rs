//! Training by gradient steps: losses, gradients, learning rate, snapshots, and the loop.

pub(crate) mod arithmetic;
pub(crate) mod config;
pub(crate) mod gradients;
pub(crate) mod losses;
pub(crate) mod of_videos;
pub(crate) mod precision;
pub(crate) mod precision_check;
pub(crate) mod schedule;
pub(crate) mod self_check;
pub(crate) mod shared_step;
pub(crate) mod snapshot;
pub(crate) mod step_input;
pub(crate) mod steps;
pub(crate) mod throughput;
pub(crate) mod train_loop;
