//! Training: losses, optimizers, and snapshots to resume from.

pub(crate) mod kernels;
pub(crate) mod loss;
pub(crate) mod muon;
pub(crate) mod optimizer;
pub(crate) mod snapshot;
