//! One decoded frame, still in the decoder's own format. Only a frame that is kept is converted.

use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use image::RgbImage;
use image::metadata::Orientation;
use wo_record::code;

use super::colours::ToRgb;
use super::hdr::ToneMap;
use crate::fault::Fault;
use crate::picture;

/// Pixel shapes beyond this are a mistake in the file and are read as square.
const MAX_PIXEL_ASPECT: u32 = 8;
/// From this height on GStreamer takes colours that name no standard for BT.2020.
const UHD_HEIGHT: u32 = 2160;

/// A frame with its time.
#[derive(Debug)]
pub(crate) struct DecodedFrame {
    pub(super) sample: gst::Sample,
    pub(super) turn: Orientation,
    /// In nanoseconds, on the clock that edit lists and start times are taken out of.
    pub(crate) time_ns: u64,
    /// How long it is on display, where the file says so.
    pub(crate) duration_ns: Option<u64>,
}

/// How a frame looks on display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Width in square pixels, upright.
    pub(crate) width: u32,
    /// Height in square pixels, upright.
    pub(crate) height: u32,
    /// The turn that makes it upright, in degrees clockwise.
    pub(crate) rotation_deg: u32,
}

impl DecodedFrame {
    /// Its size and turn on display.
    pub(crate) fn look(&self) -> Result<Look, Fault> {
        let (width, height) = displayed(&self.info()?);
        let (width, height) = if picture::swaps_sides(self.turn) {
            (height, width)
        } else {
            (width, height)
        };
        Ok(Look {
            width,
            height,
            rotation_deg: picture::degrees(self.turn),
        })
    }

    /// Whether all its lines are of one moment.
    pub(crate) fn is_progressive(&self) -> Result<bool, Fault> {
        Ok(self.info()?.interlace_mode() == gst_video::VideoInterlaceMode::Progressive)
    }

    /// The upright picture with its short side scaled to `size`.
    pub(crate) fn picture(&self, size: u32) -> Result<RgbImage, Fault> {
        let info = self.info()?;
        let (width, height) = displayed(&info);
        let (width, height) = picture::scaled(width, height, size)?;
        let picture = self.converted(&info, width, height)?;
        Ok(picture::upright(picture, self.turn))
    }

    /// Its pixels as they are stored, in the format `info`.
    pub(super) fn pixels(
        &self,
        info: &gst_video::VideoInfo,
    ) -> Result<gst_video::VideoFrameRef<&gst::BufferRef>, Fault> {
        let buffer = self
            .sample
            .buffer()
            .ok_or_else(|| unusable("a frame without pixels"))?;
        gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info)
            .map_err(|_| unusable("a frame whose pixels cannot be read"))
    }

    pub(super) fn info(&self) -> Result<gst_video::VideoInfo, Fault> {
        let caps = self
            .sample
            .caps()
            .ok_or_else(|| unusable("a frame without a format"))?;
        let info = gst_video::VideoInfo::from_caps(caps).map_err(|e| unusable(&e.to_string()))?;
        // Eight bits a channel are too few for BT.2020, and nobody records it so: the file names no standard.
        let guessed = info.height() >= UHD_HEIGHT
            && info.colorimetry().matrix() == gst_video::VideoColorMatrix::Bt2020
            && info.comp_depth(0) == 8;
        if !guessed {
            return Ok(info);
        }
        let mut caps = caps.to_owned();
        caps.make_mut().set("colorimetry", "bt709");
        gst_video::VideoInfo::from_caps(&caps).map_err(|e| unusable(&e.to_string()))
    }

    /// Scaled as it is stored, and then converted to RGB by the matrix and range that the frame names.
    fn converted(
        &self,
        info: &gst_video::VideoInfo,
        width: u32,
        height: u32,
    ) -> Result<RgbImage, Fault> {
        let to_rgb = ToRgb::of(info);
        let format = match to_rgb {
            ToRgb::Same => gst_video::VideoFormat::Argb64,
            ToRgb::Matrix { .. } => gst_video::VideoFormat::Ayuv64,
        };
        let out_info = gst_video::VideoInfo::builder(format, width, height)
            // The same colours, so that the converter changes nothing but the size.
            .colorimetry(&info.colorimetry())
            // The converter refuses to change these two, and nothing here asks for that.
            .fps(info.fps())
            .interlace_mode(info.interlace_mode())
            .build()
            .map_err(|e| unusable(&e.to_string()))?;
        let mut config = gst_video::VideoConverterConfig::new();
        config.set_resampler_method(gst_video::VideoResamplerMethod::Lanczos);
        config.set_dither_method(gst_video::VideoDitherMethod::None);
        let converter = gst_video::VideoConverter::new(info, &out_info, Some(config))
            .map_err(|e| unusable(&e.to_string()))?;
        let from = self.pixels(info)?;
        let to = gst::Buffer::with_size(out_info.size()).map_err(|e| unusable(&e.to_string()))?;
        let mut to = gst_video::VideoFrame::from_buffer_writable(to, &out_info)
            .map_err(|_| unusable("no room for a picture"))?;
        converter.frame_ref(&from, &mut to.as_mut_video_frame_ref());
        rgb(&to, to_rgb, ToneMap::of(info).as_ref())
    }
}

/// The size on display, before any turn.
fn displayed(info: &gst_video::VideoInfo) -> (u32, u32) {
    let par = info.par();
    let (numer, denom) = (
        u64::from(par.numer().unsigned_abs()),
        u64::from(par.denom().unsigned_abs()),
    );
    let max = u64::from(MAX_PIXEL_ASPECT);
    if numer == 0 || denom == 0 || numer > denom * max || denom > numer * max {
        return (info.width(), info.height());
    }
    let width = (u64::from(info.width()) * numer + denom / 2) / denom;
    (
        u32::try_from(width).unwrap_or(u32::MAX).max(1),
        info.height(),
    )
}

/// A picture of 16 bits a channel, transparency first, in front of black.
fn rgb(
    frame: &gst_video::VideoFrame<gst_video::video_frame::Writable>,
    to_rgb: ToRgb,
    tone_map: Option<&ToneMap>,
) -> Result<RgbImage, Fault> {
    let (width, height) = (frame.width(), frame.height());
    let stride = frame
        .plane_stride()
        .first()
        .and_then(|&s| usize::try_from(s).ok())
        .filter(|&s| s > 0);
    let stride = stride.ok_or_else(|| unusable("a picture of odd layout"))?;
    let data = frame.plane_data(0).map_err(|e| unusable(&e.to_string()))?;
    let mut picture = RgbImage::new(width, height);
    let lines = picture.chunks_exact_mut(3 * width as usize);
    for (to, from) in lines.zip(data.chunks(stride)) {
        let (to, _) = to.as_chunks_mut::<3>();
        let (from, _) = from.as_chunks::<8>();
        for (to, &[a0, a1, x0, x1, y0, y1, z0, z1]) in to.iter_mut().zip(from) {
            let channels = [[x0, x1], [y0, y1], [z0, z1]].map(u16::from_ne_bytes);
            *to = to_rgb.pixel(channels, u16::from_ne_bytes([a0, a1]), tone_map);
        }
    }
    Ok(picture)
}

pub(super) fn unusable(what: &str) -> Fault {
    Fault::new(code::DECODE, what)
}
