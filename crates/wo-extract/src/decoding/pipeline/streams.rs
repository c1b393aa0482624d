//! What decodebin may decode of a file: its first video stream, nothing else.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::packets::{PacketGate, Wanted};
use super::words;

/// Types of text that name other files or addresses, and so must not be followed.
const PLAYLISTS: [&str; 7] = [
    "application/x-hls",
    "application/dash+xml",
    "application/vnd.ms-sstr+xml",
    "application/sdp",
    "application/smil",
    "text/uri-list",
    "application/x-gst",
];
/// What streams start with that are neither decoded nor looked at.
const SKIPPED: [&str; 6] = [
    "audio/",
    "text/",
    "subtitle/",
    "subpicture/",
    "closedcaption/",
    "application/x-subtitle",
];

/// Containers that number their packets, or say when each is sent.
const STORED_TIMES: [&str; 4] = ["avi", "asf", "mxf", "mpegps"];
/// Codecs whose frames are shown in the order in which they are stored.
const SHOWN_AS_STORED: [&str; 2] = ["mjpeg", "prores"];

/// What was found out about a file while decodebin took it apart. Written by streaming threads.
#[derive(Debug, Default)]
pub(super) struct Streams {
    found: Mutex<Found>,
    /// No stream will come beyond those that came.
    pub(super) is_complete: AtomicBool,
    /// What came to the decoder.
    pub(super) gate: PacketGate,
}

/// The types met.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    /// The type of the file.
    pub(super) container: Option<gst::Caps>,
    /// The type of the video stream, as stored.
    pub(super) video: Option<gst::Caps>,
    /// The stream of that type.
    video_stream: Option<String>,
    /// A type that is no media.
    pub(super) refused: Option<String>,
    /// A type that no installed plugin decodes.
    pub(super) missing: Option<String>,
}

impl Streams {
    /// Of a file of which these packets are to be decoded.
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            gate: PacketGate::new(wanted),
            ..Self::default()
        }
    }

    /// A copy of what is known by now.
    pub(super) fn found(&self) -> Found {
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// decodebin asks whether to take `pad` apart further. The first question is about the file as a whole.
    pub(super) fn is_wanted(&self, pad: Option<&gst::Pad>, caps: &gst::Caps) -> bool {
        let Some(name) = caps.structure(0).map(|s| s.name().to_string()) else {
            return true;
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if PLAYLISTS.contains(&&*name) || (name.starts_with("text/") && found.container.is_none()) {
            found.refused = Some(name);
            return false;
        }
        if found.container.is_none() {
            found.container = Some(caps.clone());
            return true;
        }
        if SKIPPED.iter().any(|skipped| name.starts_with(skipped)) {
            return false;
        }
        if !name.starts_with("video/") && !name.starts_with("image/") {
            return true;
        }
        let stream = pad.and_then(PadExt::stream_id).map(|id| id.to_string());
        if found.video.is_none() {
            found.video = Some(caps.clone());
            found.video_stream = stream;
            return true;
        }
        // Parsers and decoders of the first stream ask again under its id. A parser knows more of it than the demuxer.
        let is_ours =
            stream.is_none() || found.video_stream.is_none() || stream == found.video_stream;
        let same_kind = found.video.as_ref().and_then(|video| video.structure(0));
        if is_ours && same_kind.is_some_and(|kind| kind.name() == &*name) {
            found.video = Some(caps.clone());
        }
        is_ours
    }

    /// True for MP4 and its kin.
    pub(super) fn is_quicktime(&self) -> bool {
        self.container_is(&["quicktime"])
    }

    /// True for Ogg, whose demuxer marks what comes behind a page that is lost.
    pub(super) fn is_ogg(&self) -> bool {
        self.container_is(&["ogg"])
    }

    /// Whether packets say when they are stored and not when their frames are shown.
    pub(super) fn has_stored_times(&self) -> bool {
        let codec = self.found().video.as_ref().map(words::codec);
        self.container_is(&STORED_TIMES)
            && !codec.is_some_and(|codec| SHOWN_AS_STORED.contains(&&*codec))
    }

    fn container_is(&self, names: &[&str]) -> bool {
        let container = self.found().container;
        container.is_some_and(|caps| names.contains(&&*words::container(&caps)))
    }

    /// Nothing decodes `caps`.
    pub(super) fn is_unknown(&self, caps: &gst::Caps) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let name = caps.structure(0).map(|s| s.name().to_string());
        found.missing = found.missing.take().or(name);
    }
}
