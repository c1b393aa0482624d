//! The binary, run on tiny videos that are made here and now.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

mod behind;
mod breakout;
mod choice;
mod conflicts;
mod corpus;
mod damage;
mod edit_lists;
mod edits;
mod faults;
mod gone;
mod harness;
mod images;
mod layouts;
mod limits;
mod odd;
mod open_groups;
mod out;
mod persons;
mod probe;
mod resume;
mod returning;
mod sandbox;
mod shards;
mod stalls;
mod stream;
mod terminal;
mod tracks;
mod undone;
mod videos;
mod vocabulary;
