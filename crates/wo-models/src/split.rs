//! `wo-models split`: the records of one side.

mod assign;
mod stream;
mod summary;
mod support;
mod videos;

pub(crate) use self::stream::split;
pub(crate) use self::support::Support;
pub(crate) use self::videos::Videos;
