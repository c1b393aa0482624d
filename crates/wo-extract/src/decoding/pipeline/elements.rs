//! The elements of the pipeline of one file.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use wo_record::code;

use super::source::ByteSource;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;

/// How many decoded frames wait between the decoder and us.
const QUEUE_FRAMES: u32 = 2;

/// The elements of a pipeline that its player talks to.
pub(super) struct Elements {
    pub(super) pipeline: gst::Pipeline,
    pub(super) decodebin: gst::Element,
    pub(super) sink: AppSink,
    pub(super) video_pad: gst::Pad,
    pub(super) bus: gst::Bus,
}

impl Elements {
    /// Builds the pipeline of a file.
    pub(super) fn of(file: &MediaFile) -> Result<Self, ExtractError> {
        let broken = |e: gst::glib::BoolError| {
            ExtractError::new(code::DECODE, format!("build the pipeline: {e}"))
        };
        let source = ByteSource::new(file)?;
        let decodebin = gst::ElementFactory::make("decodebin")
            .property("force-sw-decoders", true)
            .build()
            .map_err(broken)?;
        let deinterlace = gst::ElementFactory::make("deinterlace")
            .property_from_str("fields", "top")
            .build()
            .map_err(broken)?;
        let sink = AppSink::builder()
            .caps(&gst::Caps::new_empty_simple("video/x-raw"))
            .sync(false)
            .async_(false)
            .enable_last_sample(false)
            .max_buffers(QUEUE_FRAMES)
            .build();
        let pipeline = gst::Pipeline::new();
        pipeline
            .add_many([
                source.upcast_ref(),
                &decodebin,
                &deinterlace,
                sink.upcast_ref(),
            ])
            .map_err(broken)?;
        source.link(&decodebin).map_err(broken)?;
        deinterlace.link(&sink).map_err(broken)?;
        let no_part = || ExtractError::new(code::DECODE, "build the pipeline: a part is missing");
        let video_pad = deinterlace.static_pad("sink").ok_or_else(no_part)?;
        let bus = pipeline.bus().ok_or_else(no_part)?;
        Ok(Self {
            pipeline,
            decodebin,
            sink,
            video_pad,
            bus,
        })
    }
}
