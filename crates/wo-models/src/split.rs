//! `wo-models split`: the records of one side.

mod assign;
mod due_set;
mod index;
mod stream;
mod summary;
mod support;
mod videos;

#[cfg(test)]
pub(crate) use self::assign::{Place, place};
#[cfg(test)]
pub(crate) use self::due_set::due_set;
pub(crate) use self::stream::split;
pub(crate) use self::support::Support;
pub(crate) use self::videos::Videos;
#[cfg(test)]
pub(crate) use self::videos::tests::line_of;
