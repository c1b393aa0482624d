//! The binary, with the real `yt-dlp` against a server on this machine's loopback, which serves a tiny video in each way that
//! the web has.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]
#![expect(
    clippy::format_push_string,
    reason = "tables of a few lines are easier to read that way"
)]

mod begin;
mod changes;
mod check;
mod fetch;
mod forget;
mod forget_ends;
mod forget_models;
mod full;
mod gym;
mod gym_ledger;
mod killed;
mod local;
mod names;
mod parts;
mod server;
mod told;
mod workspace;

fn tool() -> wo_testkit::Tool {
    wo_testkit::Tool::new(env!("CARGO_BIN_EXE_wo-collect"))
}
