//! What is done with tensors that all processes have, and what it costs.

use std::time::Duration;

/// What is done with a tensor that all processes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// All get the sum.
    Sum,
    /// All get that of the first process.
    Broadcast,
}

/// What was exchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Bytes of this process's part in sums and broadcasts. How many of them go over a network depends on how a sum is made:
    /// in a ring about twice as many, whatever the number of processes.
    pub n_bytes: u64,
    /// The time that it took, with waiting for slower processes.
    pub time: Duration,
}
