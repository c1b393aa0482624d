//! How a fit goes, apart from what it learns.

use std::time::Duration;

/// The settings of a fit that change nothing about its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerConfig {
    pub(crate) resume: Resume,
    pub(crate) snapshot_every: Duration,
    pub(crate) self_check: SelfCheck,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Resume {
    /// Where there is a snapshot of the same flags and data
    Auto,
    /// Never; snapshots that are there are overwritten
    Never,
}

/// Whether to check that the model can learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SelfCheck {
    /// Before runs of a thousand steps or more
    Auto,
    /// Always
    On,
    /// Never
    Off,
}
