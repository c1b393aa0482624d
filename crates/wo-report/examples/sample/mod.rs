//! What the sample is made of; the tests use it as well.

mod drawing;
mod figures;
pub(crate) mod pages;
