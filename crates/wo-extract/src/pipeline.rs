//! The only door to GStreamer: a file's frames, one after the other, with their true times.
//!
//! Nothing here waits without a limit, because broken files make GStreamer wait for ever without a word: decodebin
//! may end up with no video pad and neither report an error nor the end, and an error may come on the bus while the
//! sink stays silent. It decodes in software only and follows no playlist.

mod colours;
mod decoded;
mod nal;
mod packets;
mod player;
mod streams;
mod tune;
mod words;

use gstreamer as gst;
use gstreamer::prelude::*;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};

pub(crate) use decoded::{DecodedFrame, Look};
pub(crate) use packets::{Packet, Wanted};
pub(crate) use player::{Patience, Player};

/// What a pipeline cannot do without; both come with GStreamer itself, the plugins may be missing.
const NEEDED: [(&str, &str); 4] = [
    ("filesrc", "libgstreamer1.0-0"),
    ("decodebin", "gstreamer1.0-plugins-base"),
    ("appsink", "gstreamer1.0-plugins-base"),
    ("deinterlace", "gstreamer1.0-plugins-good"),
];
/// Kinds of elements that are never used: hardware differs from machine to machine, and its drivers hang; adaptive
/// demuxers and network sources follow addresses that a file names.
const REFUSED_KINDS: [&str; 3] = ["Hardware", "Adaptive", "Source/Network"];

/// Starts GStreamer and takes the elements out of its choice that must not be used.
pub(crate) fn init() -> anyhow::Result<()> {
    // GLib would print what its libraries think of broken files to stderr.
    gst::glib::log_set_default_handler(|domain, _, message| {
        wo_cli::info!("{}: {message}", domain.unwrap_or("glib"));
    });
    gst::init()
        .context("start GStreamer")
        .exit_with(Exit::Environment)?;
    for (element, package) in NEEDED {
        gst::ElementFactory::find(element)
            .with_context(|| format!("GStreamer has no {element}\nhint: apt install {package}"))
            .exit_with(Exit::Environment)?;
    }
    for feature in gst::Registry::get().features(gst::ElementFactory::static_type()) {
        let Some(factory) = feature.downcast_ref::<gst::ElementFactory>() else {
            continue;
        };
        let kind = factory.metadata("klass").unwrap_or_default();
        if REFUSED_KINDS.iter().any(|refused| kind.contains(refused)) {
            factory.set_rank(gst::Rank::NONE);
        }
    }
    Ok(())
}
