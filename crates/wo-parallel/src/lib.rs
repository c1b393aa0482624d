//! Threads that work on several things at once, and hand the results over in the order of the things.
//!
//! Few things wait at any time, so that memory does not grow with the input. A panic of a thread comes through to whoever
//! takes its result.

mod ordered_map;
mod ordered_pool;
mod queue;

pub use ordered_map::in_order;
pub use ordered_pool::OrderedPool;
