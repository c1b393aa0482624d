//! The binary, run on tiny videos that are made here and now.

mod harness;
mod odd;
mod out;
mod stream;
mod videos;
