//! How the parts of a pipeline are put together while decodebin takes a file apart.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video as gst_video;

use super::streams::Streams;
use super::tune;

/// Tells `streams` what decodebin finds, and links the first video to `video_pad` and all else to nothing.
pub(super) fn watch_streams(
    pipeline: &gst::Pipeline,
    decodebin: &gst::Element,
    video_pad: &gst::Pad,
    streams: &Arc<Streams>,
) {
    let watch = Arc::clone(streams);
    decodebin.connect("autoplug-continue", false, move |values| {
        let pad = values.get(1).and_then(|v| v.get::<gst::Pad>().ok());
        let caps = values.get(2).and_then(|v| v.get::<gst::Caps>().ok());
        Some(
            caps.is_none_or(|caps| watch.is_wanted(pad.as_ref(), &caps))
                .to_value(),
        )
    });
    let watch = Arc::clone(streams);
    decodebin.connect("unknown-type", false, move |values| {
        if let Some(caps) = values.get(2).and_then(|v| v.get::<gst::Caps>().ok()) {
            watch.is_unknown(&caps);
        }
        None
    });
    let watch = Arc::clone(streams);
    decodebin.connect_no_more_pads(move |_| watch.is_complete.store(true, Ordering::Release));
    let weak = pipeline.downgrade();
    let video_pad = video_pad.clone();
    decodebin.connect_pad_added(move |_, pad| {
        let is_raw_video = pad
            .current_caps()
            .is_some_and(|caps| caps.structure(0).is_some_and(|s| s.name() == "video/x-raw"));
        if is_raw_video && !video_pad.is_linked() && pad.link(&video_pad).is_ok() {
            return;
        }
        if let Some(pipeline) = weak.upgrade() {
            discard(&pipeline, pad);
        }
    });
    let watch = Arc::clone(streams);
    pipeline.connect_deep_element_added(move |_, _, element| tune::element(element, &watch));
}

/// Lets a sink take what comes at once. As part of its pipeline it would wait for the pipeline to play, and one that
/// has met an error never does, whatever frames came before.
pub(super) fn run_apart(sink: &gst::Element) {
    sink.set_locked_state(true);
    // A sink that does not start gives no frames, and the watch ends the file.
    let _ = sink.set_state(gst::State::Playing);
}

/// Lets decoders write frames where they are read, without a copy of each: what takes them here understands where the lines
/// of a frame lie.
pub(super) fn take_without_copy(sink: &gst::Element) {
    let Some(pad) = sink.static_pad("sink") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        if let Some(gst::PadProbeData::Query(query)) = &mut info.data
            && let gst::QueryViewMut::Allocation(query) = query.view_mut()
        {
            query.add_allocation_meta::<gst_video::VideoMeta>(None);
            return gst::PadProbeReturn::Handled;
        }
        gst::PadProbeReturn::Ok
    });
}

/// An unlinked pad would be an error to its demuxer.
fn discard(pipeline: &gst::Pipeline, pad: &gst::Pad) {
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", false)
        .property("async", false)
        .build();
    let linked = sink.and_then(|sink| {
        pipeline.add(&sink)?;
        run_apart(&sink);
        let to = sink.static_pad("sink");
        to.map_or(Ok(()), |to| {
            pad.link(&to)
                .map(|_| ())
                .map_err(|_| gst::glib::bool_error!("a pad does not link"))
        })
    });
    if let Err(e) = linked {
        wo_cli::info!("a stream beside the video: {e}");
    }
}
