//! The only use of GStreamer: the frames of a file, one after the other, with their true times.
//!
//! Broken files can make GStreamer wait forever: decodebin may end up without a video pad and report neither an error nor
//! the end, or an error may come on the bus while the sink stays silent. This module detects such states where it can; for
//! the rest, the tool watches the process. It decodes in software only and follows no playlist.

mod colours;
mod damage;
mod decoded;
mod elements;
mod errors;
mod hdr;
pub(crate) mod nal;
mod packets;
mod player;
mod plugins;
mod retime;
mod scale;
mod sei;
mod source;
mod streams;
mod thumb;
mod tune;
mod wiring;
mod words;

use gstreamer as gst;

use anyhow::Context;

pub(crate) use decoded::{DecodedFrame, Look};
pub(crate) use packets::{Mark, Packet, Wanted};
pub(crate) use player::Player;
pub(crate) use plugins::PluginSet;
pub(crate) use thumb::Thumbs;

/// Starts GStreamer, with the plugins that are to be used and no others.
pub(crate) fn init() -> anyhow::Result<()> {
    // GLib would print what its libraries think of broken files to stderr.
    gst::glib::log_set_default_handler(|domain, _, message| {
        wo_cli::info!("{}: {message}", domain.unwrap_or("glib"));
    });
    gst::init().context("start GStreamer")?;
    damage::listen();
    plugins::load()
}
