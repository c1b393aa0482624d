//! `data/sources.csv`: which videos to fetch, and what is said of each.

pub(crate) mod address;
mod cells;
mod columns;
mod section;
mod table;

pub(crate) use address::Address;
pub(crate) use columns::TEMPLATE;
pub(crate) use section::Section;
pub(crate) use table::{BadRow, Row, SourcesTable};
