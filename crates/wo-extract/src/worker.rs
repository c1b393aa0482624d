//! Where files are decoded: in processes of their own, which hold one open file and one socket and may do nothing else.
//!
//! Decoders are large, written in C, and fed by strangers. One that dies, hangs, or is taken over costs its file and
//! nothing more: this side believes no more of what it says than it checks.

mod answer;
mod clock;
mod pool;
mod protocol;
mod replies;
mod sandbox;
mod serve;
mod watch;

pub(crate) use pool::{Crew, PoolConfig};
pub use sandbox::Sandbox;
pub use serve::serve;
pub(crate) use watch::Limits;
