//! Frames as a few hundred grey pixels: enough to see movement and cuts, little enough to keep all of a video.

use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::decoded::DecodedFrame;
use super::errors::unusable;
use crate::error::ExtractError;
use crate::sampling::film::SIDE;

/// Makes thumbs of the frames of one video.
#[derive(Debug, Default)]
pub(crate) struct Thumbs {
    /// The last one used, and the format that it is for.
    converter: Option<(gst_video::VideoInfo, gst_video::VideoConverter)>,
}

impl Thumbs {
    /// The thumb of `frame`: `SIDE * SIDE` levels, line by line.
    pub(crate) fn of(&mut self, frame: &DecodedFrame) -> Result<Vec<u8>, ExtractError> {
        let info = frame.info()?;
        let grey = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, SIDE, SIDE)
            .fps(info.fps())
            .interlace_mode(info.interlace_mode())
            .build()
            .map_err(|e| unusable(&e.to_string()))?;
        let known = self.converter.take().filter(|(known, _)| *known == info);
        let (info, converter) = if let Some(known) = known {
            known
        } else {
            let mut config = gst_video::VideoConverterConfig::new();
            config.set_resampler_method(gst_video::VideoResamplerMethod::Linear);
            let converter = gst_video::VideoConverter::new(&info, &grey, Some(config));
            (info, converter.map_err(|e| unusable(&e.to_string()))?)
        };
        let to = gst::Buffer::with_size(grey.size()).map_err(|e| unusable(&e.to_string()))?;
        let mut to = gst_video::VideoFrame::from_buffer_writable(to, &grey)
            .map_err(|_| unusable("no room for an image"))?;
        let from = frame.pixels(&info)?;
        converter.frame_ref(&from, &mut to.as_mut_video_frame_ref());
        drop(from);
        self.converter = Some((info, converter));
        let stride = to.plane_stride().first().map_or(0, |&s| s.max(1) as usize);
        let levels = to.plane_data(0).map_err(|e| unusable(&e.to_string()))?;
        let lines = levels.chunks(stride).take(SIDE as usize);
        Ok(lines
            .flat_map(|line| &line[..SIDE as usize])
            .copied()
            .collect())
    }
}
