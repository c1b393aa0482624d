//! One decoded frame, still in the decoder's own format. Only a frame that is kept is converted.

use gstreamer as gst;
use gstreamer_video as gst_video;

use image::RgbImage;

use super::colours::ToRgb;
use super::errors::unusable;
use super::hdr::ToneMap;
use super::scale::{self, Channels};
use crate::decoding::scaled;
use crate::error::ExtractError;
use crate::input::turn::Turn;

/// Pixel shapes beyond this are a mistake in the file and are read as square.
const MAX_PIXEL_ASPECT: f64 = 8.0;
/// From this height on GStreamer takes colours that name no standard for BT.2020.
const UHD_HEIGHT: u32 = 2160;

/// A frame with its time.
#[derive(Debug)]
pub(crate) struct DecodedFrame {
    pub(super) sample: gst::Sample,
    pub(super) turn: Turn,
    /// Whether it comes from a codec whose colours lie in the middle between pixels where nothing else is said.
    pub(super) is_centred: bool,
    /// Whether its decoder says that it is not as it was filmed.
    pub(crate) is_corrupt: bool,
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
    pub(crate) fn look(&self) -> Result<Look, ExtractError> {
        let (width, height) = displayed(&self.info()?, self.turn);
        let (width, height) = self.turn.shown(width, height);
        Ok(Look {
            width,
            height,
            rotation_deg: self.turn.degrees(),
        })
    }

    /// What is said of a shape of its pixels that is no camera's and is ignored.
    pub(crate) fn ignored_shape(&self) -> Option<String> {
        let aspect = aspect(&self.info().ok()?, self.turn);
        let is_ignored = !is_believed(aspect);
        is_ignored.then(|| {
            format!(
                "its pixel aspect ratio of {aspect:.3} is not plausible and is ignored: pixels count as square"
            )
        })
    }

    /// Whether all its lines are of one moment.
    pub(crate) fn is_progressive(&self) -> Result<bool, ExtractError> {
        Ok(self.info()?.interlace_mode() == gst_video::VideoInterlaceMode::Progressive)
    }

    /// The upright image with its short side scaled to `size`.
    pub(crate) fn image(&self, size: u32) -> Result<RgbImage, ExtractError> {
        let info = self.info()?;
        let (width, height) = displayed(&info, self.turn);
        let (width, height) = scaled::scaled(width, height, size)?;
        let image = self.converted(&info, width, height)?;
        Ok(self.turn.upright(image))
    }

    /// Its pixels as they are stored, in the format `info`.
    pub(super) fn pixels(
        &self,
        info: &gst_video::VideoInfo,
    ) -> Result<gst_video::VideoFrameRef<&gst::BufferRef>, ExtractError> {
        let buffer = self
            .sample
            .buffer()
            .ok_or_else(|| unusable("a frame without pixels"))?;
        gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info)
            .map_err(|_| unusable("a frame whose pixels cannot be read"))
    }

    pub(super) fn info(&self) -> Result<gst_video::VideoInfo, ExtractError> {
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

    /// Where the colours of several pixels lie among them. Read off the type, since a `VideoInfo` of a small video that
    /// names no colours says "in the middle" whatever the type says.
    fn site(&self) -> gst_video::VideoChromaSite {
        let said = self.sample.caps().and_then(|caps| {
            let site = caps.structure(0)?.get::<&str>("chroma-site").ok()?;
            site.parse().ok()
        });
        said.unwrap_or(if self.is_centred {
            gst_video::VideoChromaSite::NONE
        } else {
            gst_video::VideoChromaSite::H_COSITED
        })
    }

    /// Scaled as it is stored, and then converted to RGB by the matrix and range that the frame names.
    fn converted(
        &self,
        info: &gst_video::VideoInfo,
        width: u32,
        height: u32,
    ) -> Result<RgbImage, ExtractError> {
        let frame = self.pixels(info)?;
        let to_rgb = ToRgb::of(info);
        let channels = if scale::is_plain(info) {
            Channels::of(&frame, self.site(), width, height)?
        } else {
            let plain = unpacked(&frame, info, to_rgb)?;
            Channels::of(&plain.as_video_frame_ref(), self.site(), width, height)?
        };
        Ok(rgb(
            &channels,
            width,
            height,
            to_rgb,
            ToneMap::of(info).as_ref(),
        ))
    }
}

/// The same frame with 16 bits for each channel, transparency first.
fn unpacked(
    frame: &gst_video::VideoFrameRef<&gst::BufferRef>,
    info: &gst_video::VideoInfo,
    to_rgb: ToRgb,
) -> Result<gst_video::VideoFrame<gst_video::video_frame::Writable>, ExtractError> {
    let format = match to_rgb {
        ToRgb::Same => gst_video::VideoFormat::Argb64,
        ToRgb::Matrix { .. } => gst_video::VideoFormat::Ayuv64,
    };
    let out_info = gst_video::VideoInfo::builder(format, info.width(), info.height())
        // The same colours, so that the converter changes nothing else.
        .colorimetry(&info.colorimetry())
        // The converter refuses to change these two, and nothing here asks for that.
        .fps(info.fps())
        .interlace_mode(info.interlace_mode())
        .build()
        .map_err(|e| unusable(&e.to_string()))?;
    let mut config = gst_video::VideoConverterConfig::new();
    config.set_dither_method(gst_video::VideoDitherMethod::None);
    let converter = gst_video::VideoConverter::new(info, &out_info, Some(config))
        .map_err(|e| unusable(&e.to_string()))?;
    let to = gst::Buffer::with_size(out_info.size()).map_err(|e| unusable(&e.to_string()))?;
    let mut to = gst_video::VideoFrame::from_buffer_writable(to, &out_info)
        .map_err(|_| unusable("no room for an image"))?;
    converter.frame_ref(frame, &mut to.as_mut_video_frame_ref());
    Ok(to)
}

/// The size on display, stretched and before any turn.
fn displayed(info: &gst_video::VideoInfo, turn: Turn) -> (u32, u32) {
    let aspect = aspect(info, turn);
    if !is_believed(aspect) {
        return (info.width(), info.height());
    }
    let width = (f64::from(info.width()) * aspect).round();
    ((width as u32).max(1), info.height())
}

/// How many times wider than high its pixels are shown, before any turn.
fn aspect(info: &gst_video::VideoInfo, turn: Turn) -> f64 {
    let par = info.par();
    f64::from(par.numer()) / f64::from(par.denom()) * turn.stretch()
}

fn is_believed(aspect: f64) -> bool {
    (1.0 / MAX_PIXEL_ASPECT..=MAX_PIXEL_ASPECT).contains(&aspect)
}

/// An image of `channels` in front of black.
fn rgb(
    channels: &Channels,
    width: u32,
    height: u32,
    to_rgb: ToRgb,
    tone_map: Option<&ToneMap>,
) -> RgbImage {
    let mut image = RgbImage::new(width, height);
    let [x, y, z] = &channels.colour;
    let colours = x.iter().zip(y).zip(z);
    let (pixels, _) = image.as_chunks_mut::<3>();
    if let Some(alpha) = &channels.alpha {
        for ((to, ((&x, &y), &z)), &alpha) in pixels.iter_mut().zip(colours).zip(alpha) {
            *to = to_rgb.pixel([x, y, z], alpha, tone_map);
        }
    } else {
        for (to, ((&x, &y), &z)) in pixels.iter_mut().zip(colours) {
            *to = to_rgb.pixel([x, y, z], u16::MAX, tone_map);
        }
    }
    image
}
