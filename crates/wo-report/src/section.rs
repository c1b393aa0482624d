//! The sections of the page: of each its data and its markup.

pub(crate) mod audit;
pub(crate) mod calibration;
pub(crate) mod card;
pub(crate) mod collection_hints;
pub(crate) mod conclusion;
pub(crate) mod confusion;
pub(crate) mod guide;
pub(crate) mod learning;
pub(crate) mod metrics;
pub(crate) mod outcome;
pub(crate) mod robustness;
pub(crate) mod selective;
pub(crate) mod slices;
pub(crate) mod suspects;
pub(crate) mod worst;
