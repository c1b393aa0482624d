//! What the sample is made of; the tests use it as well.

mod drawing;
mod metrics;
pub(crate) mod pages;
