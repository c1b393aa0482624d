//! Settings of the trainer that do not change its result.

use std::time::Duration;

/// Settings of the trainer that do not change its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerConfig {
    pub(crate) resume: Resume,
    pub(crate) snapshot_every: Duration,
    pub(crate) self_check: SelfCheck,
}

/// Whether to resume a stopped run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// If there is a snapshot of the same flags and data.
    Auto,
    /// Never; existing snapshots are overwritten.
    Never,
}

/// Whether to check that the model can learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelfCheck {
    /// Before runs of a thousand steps or more.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
