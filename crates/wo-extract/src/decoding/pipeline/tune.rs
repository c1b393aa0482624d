//! Settings and fixes of the elements that decodebin chooses.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video as gst_video;

use super::packets::{Mark, PacketTimes};
use super::streams::Streams;
use super::{damage, nal, retime};

/// Threads of one decoder. Several files are decoded at once; and with one thread a broken file always gives the same
/// frames.
const DECODER_THREADS: i32 = 1;
/// How long a demuxer's thread waits after its first bytes, until decodebin has plugged the demuxer in. The error of an
/// element that fails earlier is lost.
const HEAD_START: Duration = Duration::from_millis(20);
/// The field of caps that holds the colorimetry.
const COLORIMETRY: &str = "colorimetry";

/// Tunes an element that decodebin has just made.
pub(super) fn element(element: &gst::Element, streams: &Arc<Streams>) {
    let Some(kind) = element
        .factory()
        .and_then(|factory| factory.metadata("klass").map(str::to_owned))
    else {
        return;
    };
    if kind.contains("Demux") {
        damage::watch_gaps(element, streams);
        // A file whose packets are known was demuxed before, so it does not fail this early.
        if !streams.gate.knows_packets() {
            hold_back(element);
        }
    } else if kind.contains("Decoder") {
        limit_threads(element);
        if streams.has_stored_times() {
            retime::attach(element, streams);
        }
        watch_gate(element, streams);
    } else if kind.contains("Parser") && kind.contains("Video") && streams.is_quicktime() {
        prefer_own_colours(element);
    }
}

fn hold_back(element: &gst::Element) {
    let Some(pad) = element.static_pad("sink") else {
        return;
    };
    pad.add_probe(
        gst::PadProbeType::PULL | gst::PadProbeType::BUFFER,
        |_, _| {
            std::thread::sleep(HEAD_START);
            gst::PadProbeReturn::Remove
        },
    );
}

fn limit_threads(element: &gst::Element) {
    for name in ["max-threads", "threads", "n-threads"] {
        let Some(property) = element.find_property(name) else {
            continue;
        };
        if property.value_type() == i32::static_type() {
            element.set_property(name, DECODER_THREADS);
        } else if property.value_type() == u32::static_type() {
            element.set_property(name, DECODER_THREADS.unsigned_abs());
        }
    }
}

fn watch_gate(element: &gst::Element, streams: &Arc<Streams>) {
    let Some(pad) = element.static_pad("sink") else {
        return;
    };
    let watch = Arc::clone(streams);
    let times = if streams.has_stored_times() {
        PacketTimes::OfStorage
    } else {
        PacketTimes::OfFrames
    };
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(gst::PadProbeData::Buffer(packet)) = &mut info.data else {
            return gst::PadProbeReturn::Ok;
        };
        match watch.gate.enter(pad, packet, times) {
            Mark::Out => return gst::PadProbeReturn::Drop,
            Mark::In => {}
            Mark::Start => {
                if let (Some(caps), Ok(mut bytes)) =
                    (pad.current_caps(), packet.make_mut().map_writable())
                {
                    nal::begin_anew(&caps, &mut bytes);
                }
            }
        }
        damage::is_about(&watch);
        if damage::is_in(pad, packet) {
            watch.gate.damage();
        }
        gst::PadProbeReturn::Ok
    });
}

/// Lets a parser read the colorimetry from the stream itself. qtdemux 1.22 ignores the full-range flag of an MP4, and the
/// parser trusts qtdemux more than the stream. So the colorimetry of qtdemux is removed before the parser, and restored
/// behind it only if the stream has none. The range is left out, so that the decoder fills it in.
fn prefer_own_colours(parser: &gst::Element) {
    let (Some(sink), Some(src)) = (parser.static_pad("sink"), parser.static_pad("src")) else {
        return;
    };
    let container = Arc::new(Mutex::new(None::<gst_video::VideoColorimetry>));
    let taken = Arc::clone(&container);
    sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        replace_caps(info, |caps| {
            let text = caps.structure(0)?.get::<String>(COLORIMETRY).ok()?;
            let mut container = taken.lock().unwrap_or_else(PoisonError::into_inner);
            *container = text.parse().ok();
            for structure in caps.make_mut().iter_mut() {
                structure.remove_field(COLORIMETRY);
            }
            Some(())
        });
        gst::PadProbeReturn::Ok
    });
    src.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        replace_caps(info, |caps| {
            let container = container.lock().unwrap_or_else(PoisonError::into_inner);
            let said = container
                .as_ref()
                .filter(|_| !caps.structure(0).is_some_and(|s| s.has_field(COLORIMETRY)))?;
            let without_range = gst_video::VideoColorimetry::new(
                gst_video::VideoColorRange::Unknown,
                said.matrix(),
                said.transfer(),
                said.primaries(),
            );
            caps.make_mut().set(COLORIMETRY, without_range.to_string());
            Some(())
        });
        gst::PadProbeReturn::Ok
    });
}

/// Replaces an event that has caps by one with the caps that `change` makes of them, if it changes them.
fn replace_caps(
    info: &mut gst::PadProbeInfo<'_>,
    change: impl FnOnce(&mut gst::Caps) -> Option<()>,
) {
    let Some(gst::PadProbeData::Event(event)) = &mut info.data else {
        return;
    };
    let gst::EventView::Caps(view) = event.view() else {
        return;
    };
    let mut caps = view.caps_owned();
    if change(&mut caps).is_some() {
        *event = gst::event::Caps::builder(&caps)
            .seqnum(event.seqnum())
            .build();
    }
}
