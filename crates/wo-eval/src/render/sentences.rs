//! The sentences that the terminal and the page share, one subject a file.

pub(crate) mod audit;
pub(crate) mod base_model;
pub(crate) mod comparison;
pub(crate) mod excluded;
pub(crate) mod independence;
pub(crate) mod learning;
pub(crate) mod risk;
pub(crate) mod verdict;
pub(crate) mod weak_spots;
