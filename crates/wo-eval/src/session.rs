//! One run over all videos: from what is read to what is found.

pub(crate) mod finished;
pub(crate) mod judging;
pub(crate) mod log;
pub(crate) mod merged;
pub(crate) mod parts;
pub(crate) mod predictions;
mod settled;
