//! What moves a model: losses, optimisers, and snapshots to go on from.

pub(crate) mod loss;
pub(crate) mod muon;
pub(crate) mod optimizer;
pub(crate) mod snapshot;
