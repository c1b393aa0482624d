//! Decodes files in separate processes that hold one open file and one socket, and may do nothing else.
//!
//! Decoders are large, written in C, and fed with files of strangers. One that crashes, hangs or is taken over costs its
//! file and nothing more: this side checks everything that a worker sends.

mod answer;
mod clock;
mod limits;
mod pool;
mod protocol;
mod replies;
mod sandbox;
mod serve;
mod watch;

pub(crate) use pool::{PoolConfig, WorkerPool};
pub use sandbox::Sandbox;
pub use serve::serve;
pub(crate) use watch::Limits;
