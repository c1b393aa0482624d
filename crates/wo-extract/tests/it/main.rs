//! The binary, run on tiny videos that are made here and now.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

mod choice;
mod corpus;
mod faults;
mod harness;
mod odd;
mod out;
mod resume;
mod sandbox;
mod stream;
mod videos;
