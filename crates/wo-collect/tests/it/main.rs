//! The binary, with the real `yt-dlp` against a server on this machine's loopback, which serves a tiny video in each way that
//! the web has.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

mod begin;
mod changes;
mod fetch;
mod full;
mod killed;
mod local;
mod server;
mod told;
mod workspace;
