//! What decoders and demuxers say of damage. libav conceals what it cannot decode, demuxers pass over what they cannot
//! read, and both tell nobody but the log, so the log is read.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::streams::Streams;
use crate::decoding::jpeg;

/// Where libav speaks, and from which level on.
const LIBAV: (&str, gst::DebugLevel) = ("libav", gst::DebugLevel::Info);
/// Where the base class of all decoders says that a frame could not be decoded.
const DECODERS: (&str, gst::DebugLevel) = ("videodecoder", gst::DebugLevel::Warning);
/// What libav says, not as an error, of a frame whose holes it has filled.
const CONCEALED: &str = "concealing ";
/// Errors of libav that say nothing of the picture: notes beside it that are cut, and orders to forget frames that are
/// forgotten already, as in videos that were cut without encoding them again.
const HARMLESS: [&str; 3] = ["SEI type", "mmco:", "truncated SEI"];
/// What libav's errors begin with where frames before the packet are not there. Those behind it may need them too, even
/// where none needs the frame in it.
const LACKING: [&str; 6] = [
    "Could not find ref",
    "Missing reference",
    "reference picture missing",
    "co located POCs",
    "Frame num gap",
    "Requested reference",
];
/// Where demuxers say that they pass over a part of the file, and what that begins with.
const GAPS: [(&str, &str); 2] = [
    ("tsdemux", "warning: CONTINUITY: Mismatch"),
    ("matroskademux", "parse error, trying next cluster"),
];
/// What the base class starts with.
const FAILED: &str = "error: ";
/// Codecs whose packets hold no long run of zeros. A disk or a download that lost a piece leaves one, and not all of
/// their decoders say so.
const DENSE: [&str; 4] = ["video/x-h264", "video/x-h265", "video/x-vp8", "video/x-vp9"];
/// So many zeros are a hole.
const HOLE: usize = 512;

thread_local! {
    /// The streams whose packets this thread decodes. Decoders work on the thread that brings the packets.
    static DECODED: RefCell<Weak<Streams>> = const { RefCell::new(Weak::new()) };
    /// Whether the demuxer on this thread has passed over something since it gave its last packet of video.
    static HAS_GAP: Cell<bool> = const { Cell::new(false) };
}

/// Has the log read from here on.
pub(super) fn listen() {
    // Without this the log would go to stderr as well, unless a person asks for that.
    if std::env::var_os("GST_DEBUG").is_none() {
        gst::log::remove_default_log_function();
    }
    gst::log::set_active(true);
    let gaps = GAPS.map(|(category, _)| (category, gst::DebugLevel::Warning));
    for (category, level) in [LIBAV, DECODERS].into_iter().chain(gaps) {
        gst::log::set_threshold_for_name(category, level);
    }
    gst::log::add_log_function(|category, level, _, _, _, _, message| {
        // All categories come here, some of them often. A message is text only once it is asked for.
        let category = category.name();
        let gap = GAPS.iter().find(|(name, _)| *name == category);
        if gap.is_none() && ![LIBAV.0, DECODERS.0].contains(&category) {
            return;
        }
        let message = message.get();
        let message = message.as_ref().map_or("", |text| text.as_str());
        if gap.is_some_and(|(_, gap)| message.starts_with(gap)) {
            wo_cli::info!("damage: {}", message.trim());
            HAS_GAP.set(true);
        } else if is_damage(category, level, message) {
            wo_cli::info!("damage: {}", message.trim());
            DECODED.with_borrow(|streams| {
                if let Some(streams) = streams.upgrade() {
                    if lacks_frames(message) {
                        streams.gate.damage_by_missing_frames();
                    } else {
                        streams.gate.damage();
                    }
                }
            });
        }
    });
}

/// What is said on this thread from now on is about the newest packet of `streams`.
pub(super) fn is_about(streams: &Arc<Streams>) {
    DECODED.set(Arc::downgrade(streams));
}

/// Marks packets that come behind a gap at the pads of `demuxer`. It speaks of gaps on the thread that brings packets.
pub(super) fn watch_gaps(demuxer: &gst::Element, streams: &Arc<Streams>) {
    if streams.is_ogg() {
        streams.gate.believe_marks();
    }
    let streams = Arc::clone(streams);
    demuxer.connect_pad_added(move |_, pad| {
        if pad.direction() != gst::PadDirection::Src {
            return;
        }
        let streams = Arc::clone(&streams);
        let has_begun = AtomicBool::new(false);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let is_video = pad
                .current_caps()
                .is_some_and(|caps| caps.structure(0).is_some_and(|it| is_video(it.name())));
            if !is_video {
                return gst::PadProbeReturn::Ok;
            }
            // What was said before the first packet may be about another file.
            let had_begun = has_begun.swap(true, Ordering::Relaxed);
            let has_gap = HAS_GAP.take() && had_begun;
            if let Some(gst::PadProbeData::Buffer(packet)) = &mut info.data
                && has_gap
            {
                streams.gate.gap(packet);
            }
            gst::PadProbeReturn::Ok
        });
    });
}

fn is_video(kind: &str) -> bool {
    kind.starts_with("video/") || kind.starts_with("image/")
}

/// Whether a packet at `pad` shows damage by itself, of which its decoder would say nothing.
pub(super) fn is_in(pad: &gst::Pad, packet: &gst::BufferRef) -> bool {
    let (Some(caps), Ok(bytes)) = (pad.current_caps(), packet.map_readable()) else {
        return false;
    };
    let kind = caps.structure(0).map_or("", |kind| kind.name().as_str());
    if DENSE.contains(&kind) {
        return has_hole(&bytes);
    }
    kind == "image/jpeg" && jpeg::is_damaged(&bytes)
}

/// Zeros at the end may be padding.
fn has_hole(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|&byte| byte != 0).unwrap_or(0);
    // A hole covers a whole chunk of half its length, wherever it starts.
    let mut chunks = bytes[..end].chunks_exact(HOLE / 2);
    chunks.any(|chunk| chunk.iter().all(|&byte| byte == 0))
}

fn lacks_frames(message: &str) -> bool {
    LACKING.iter().any(|lacking| message.starts_with(lacking))
}

fn is_damage(category: &str, level: gst::DebugLevel, message: &str) -> bool {
    if category == DECODERS.0 {
        return message.starts_with(FAILED);
    }
    let is_harmless = || {
        HARMLESS
            .iter()
            .any(|harmless| message.starts_with(harmless))
    };
    category == LIBAV.0
        && (message.starts_with(CONCEALED) || (level == gst::DebugLevel::Error && !is_harmless()))
}

#[cfg(test)]
mod tests {
    use gst::DebugLevel::{Error, Info, Warning};

    use super::*;

    #[test]
    fn long_runs_of_zeros_are_holes_and_padding_is_none() {
        let noise: Vec<u8> = (0..3000u32).map(|i| (i * i % 251) as u8 | 1).collect();
        for start in [0, 100, 1777] {
            let mut holed = noise.clone();
            holed[start..start + HOLE].fill(0);
            assert!(has_hole(&holed), "{start}");
            holed[start..start + HOLE].fill(9);
            holed[start..start + HOLE / 4].fill(0);
            assert!(!has_hole(&holed), "{start}");
        }
        assert!(!has_hole(&[&noise[..], &[0; 2000]].concat()));
        assert!(!has_hole(&[]));
    }

    #[test]
    fn damage_is_told_from_small_talk() {
        for (category, level, message) in [
            (
                "libav",
                Error,
                "error while decoding MB 4 11, bytestream -7\n",
            ),
            (
                "libav",
                Info,
                "concealing 240 DC, 240 AC, 240 MV errors in P frame\n",
            ),
            ("videodecoder", Warning, "error: Failed to decode frame"),
        ] {
            assert!(is_damage(category, level, message), "{message}");
        }
        for (category, level, message) in [
            (
                "libav",
                Info,
                "Reinit context to 480x272, pix_fmt: yuv420p\n",
            ),
            ("libav", Error, "SEI type 5 size 2208 truncated at 1584\n"),
            ("libav", Error, "mmco: unref short failure\n"),
            (
                "videodecoder",
                Warning,
                "Received buffer without a new-segment.",
            ),
            ("qtdemux", Error, "error: short read"),
        ] {
            assert!(!is_damage(category, level, message), "{message}");
        }
    }
}
