//! Restricts decodebin to the first video stream of a file.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::packets::{PacketGate, Wanted};
use super::words;

/// Text formats that name other files or addresses; they must not be followed.
const PLAYLISTS: [&str; 7] = [
    "application/x-hls",
    "application/dash+xml",
    "application/vnd.ms-sstr+xml",
    "application/sdp",
    "application/smil",
    "text/uri-list",
    "application/x-gst",
];
/// Prefixes of stream types that are ignored.
const SKIPPED: [&str; 6] = [
    "audio/",
    "text/",
    "subtitle/",
    "subpicture/",
    "closedcaption/",
    "application/x-subtitle",
];

/// Containers that number their packets, or store when each is sent.
const STORED_TIMES: [&str; 4] = ["avi", "asf", "mxf", "mpegps"];
/// Codecs that store frames in display order.
const SHOWN_AS_STORED: [&str; 2] = ["mjpeg", "prores"];

/// What is known about a file while decodebin demuxes it. Streaming threads write it.
#[derive(Debug, Default)]
pub(super) struct Streams {
    found: Mutex<Found>,
    /// Whether all streams have been announced.
    pub(super) is_complete: AtomicBool,
    /// The packets on their way to the decoder.
    pub(super) gate: PacketGate,
}

/// The types found so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    /// The type of the file.
    pub(super) container: Option<gst::Caps>,
    /// The type of the video stream, as stored.
    pub(super) video: Option<gst::Caps>,
    /// The id of the stream of that type.
    video_stream: Option<String>,
    /// A type that is not media.
    pub(super) refused: Option<String>,
    /// A type that no installed plugin decodes.
    pub(super) missing: Option<String>,
}

impl Streams {
    /// For a file of which only the `wanted` packets are decoded.
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            gate: PacketGate::new(wanted),
            ..Self::default()
        }
    }

    /// A copy of what is known so far.
    pub(super) fn found(&self) -> Found {
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Answers decodebin, which asks whether to plug more elements at `pad`. Its first question is about the whole file.
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
        // decodebin asks again for the parser and the decoder of the first stream, under the same id. The parser's caps
        // are more precise than the demuxer's.
        let is_ours =
            stream.is_none() || found.video_stream.is_none() || stream == found.video_stream;
        let same_kind = found.video.as_ref().and_then(|video| video.structure(0));
        if is_ours && same_kind.is_some_and(|kind| kind.name() == &*name) {
            found.video = Some(caps.clone());
        }
        is_ours
    }

    /// Whether it is MP4, MOV or 3GP.
    pub(super) fn is_quicktime(&self) -> bool {
        self.container_is(&["quicktime"])
    }

    /// Whether it is Ogg, whose demuxer marks packets that follow a lost page.
    pub(super) fn is_ogg(&self) -> bool {
        self.container_is(&["ogg"])
    }

    /// Whether packets have storage times instead of presentation times.
    pub(super) fn has_stored_times(&self) -> bool {
        let codec = self.found().video.as_ref().map(words::codec);
        self.container_is(&STORED_TIMES)
            && !codec.is_some_and(|codec| SHOWN_AS_STORED.contains(&&*codec))
    }

    fn container_is(&self, names: &[&str]) -> bool {
        let container = self.found().container;
        container.is_some_and(|caps| names.contains(&&*words::container(&caps)))
    }

    /// Notes that no plugin decodes `caps`.
    pub(super) fn is_unknown(&self, caps: &gst::Caps) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let name = caps.structure(0).map(|s| s.name().to_string());
        found.missing = found.missing.take().or(name);
    }
}
