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

pub(crate) use pool::Crew;
pub(crate) use replies::Replies;
pub use sandbox::Sandbox;
use sandbox::Walls;
pub use serve::serve;
