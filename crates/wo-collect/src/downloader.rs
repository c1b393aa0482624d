//! `yt-dlp`, the program that fetches: where it is, how it is called, what it answers, and what it complains of.

mod answer;
mod command;
mod complaint;
mod ffmpeg;
pub(crate) mod guard;
mod limits;
mod part;
mod process;
mod program;

pub(crate) use answer::{Answer, Listed, VideoInfo};
pub(crate) use complaint::{FetchError, SourceError};
pub(crate) use limits::Limits;
pub(crate) use part::Part;
pub(crate) use program::Downloader;
