//! Damage that decoders and demuxers report. libav conceals what it cannot decode, and demuxers skip what they cannot
//! read. Both report it only in the log of GStreamer, so this module reads that log.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::streams::Streams;
use crate::decoding::jpeg;

/// The log category of libav, and the lowest level that matters.
const LIBAV: (&str, gst::DebugLevel) = ("libav", gst::DebugLevel::Info);
/// The log category in which the base class of all decoders reports frames that cannot be decoded.
const DECODERS: (&str, gst::DebugLevel) = ("videodecoder", gst::DebugLevel::Warning);
/// How libav's message about a frame begins whose holes it has filled. It is not an error.
const CONCEALED: &str = "concealing ";
/// Errors of libav that do not affect the image: truncated metadata (SEI), and commands to drop reference frames that
/// are gone already, as in videos that were cut without re-encoding.
const HARMLESS: [&str; 3] = ["SEI type", "mmco:", "truncated SEI"];
/// How libav's errors begin if reference frames before the packet are missing. Later packets may need those frames too,
/// even if none needs the frame of this packet.
const LACKING: [&str; 6] = [
    "Could not find ref",
    "Missing reference",
    "reference picture missing",
    "co located POCs",
    "Frame num gap",
    "Requested reference",
];
/// The log categories in which demuxers report a skipped part of the file, and how the message begins.
const GAPS: [(&str, &str); 2] = [
    ("tsdemux", "warning: CONTINUITY: Mismatch"),
    ("matroskademux", "parse error, trying next cluster"),
];
/// How the message of the base class begins.
const FAILED: &str = "error: ";
/// Codecs whose packets hold no long run of zeros. A failing disk or a broken download leaves such a run, and not all
/// decoders of these codecs report it.
const DENSE: [&str; 4] = ["video/x-h264", "video/x-h265", "video/x-vp8", "video/x-vp9"];
/// A run of this many zeros is a hole.
const HOLE: usize = 512;

thread_local! {
    /// The streams whose packets this thread decodes. Decoders run on the thread that delivers the packets.
    static DECODED: RefCell<Weak<Streams>> = const { RefCell::new(Weak::new()) };
    /// Whether the demuxer on this thread has skipped something since its last video packet.
    static HAS_GAP: Cell<bool> = const { Cell::new(false) };
}

/// Starts to read the log.
pub(super) fn listen() {
    // Otherwise the log would also go to stderr, which only GST_DEBUG asks for.
    if std::env::var_os("GST_DEBUG").is_none() {
        gst::log::remove_default_log_function();
    }
    gst::log::set_active(true);
    let gaps = GAPS.map(|(category, _)| (category, gst::DebugLevel::Warning));
    for (category, level) in [LIBAV, DECODERS].into_iter().chain(gaps) {
        gst::log::set_threshold_for_name(category, level);
    }
    gst::log::add_log_function(|category, level, _, _, _, _, message| {
        // Messages of all categories arrive here, some often; the text of a message is only made when it is read.
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

/// From now on, messages on this thread are about the newest packet of `streams`.
pub(super) fn is_about(streams: &Arc<Streams>) {
    DECODED.set(Arc::downgrade(streams));
}

/// Marks packets that follow a gap, at the pads of `demuxer`. It reports gaps on the thread that delivers packets.
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
            // A message before the first packet may be about another file.
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

/// Whether a packet at `pad` is visibly damaged in a way that its decoder does not report.
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
    // Wherever a hole starts, it covers at least one chunk of half its length.
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
