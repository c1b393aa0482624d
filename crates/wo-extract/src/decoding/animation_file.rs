//! Animated images: GIF, APNG and WebP. They count as videos, but the `image` crate decodes them, within its limits.

use std::fs::File;
use std::io::BufReader;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, DynamicImage, Frames, ImageDecoder, ImageFormat};
use wo_record::{Video, code};

use crate::decoding::frame_sink::FrameSink;
use crate::decoding::image_file;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::input::turn::Turn;
use crate::job::{Settings, Taken};
use crate::quality::still::FramePosition;
use crate::sampling::sample;
use crate::time;

/// A frame that asks for no more time than this is not that fast; it is made for players that did not care. So browsers
/// have it.
const HASTY_NS: u64 = 10_000_000;
/// What they give such a frame.
const USUAL_NS: u64 = 100_000_000;
const NS_PER_MS: u64 = 1_000_000;
/// Frames whose times differ by no more are as long as each other: formats count whole milliseconds.
const ROUNDING_NS: u64 = 1_000_000;

/// An animation, opened at its first frame.
struct Animation<'a> {
    frames: Frames<'a>,
    /// As it is stored.
    width: u32,
    height: u32,
    turn: Turn,
}

/// When its frames are shown.
#[derive(Debug, Default)]
struct Timeline {
    times_ns: Vec<u64>,
    duration_ns: u64,
    error: Option<ExtractError>,
}

/// Whether the image in `file` moves.
pub(crate) fn is_animation(file: &MediaFile, format: ImageFormat) -> Result<bool, ExtractError> {
    match format {
        ImageFormat::Gif => Ok(true),
        ImageFormat::Png => png(file)?.is_apng().map_err(|e| image_file::bad(&e)),
        ImageFormat::WebP => Ok(webp(file)?.has_animation()),
        _ => Ok(false),
    }
}

/// Takes the frames of `file`, in two passes: where the segments lie is known only at the end.
pub(crate) fn take(
    file: &MediaFile,
    format: ImageFormat,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, ExtractError> {
    let timeline = timeline(file, format, sink)?;
    let chosen = settings.choose(sample::Timeline {
        times_ns: &timeline.times_ns,
        duration_ns: timeline.duration_ns,
        // All are decoded on the way to the next.
        is_key: &|_| true,
        video_id: &file.id,
        repetitions: &[],
    })?;
    let times_ns = chosen.iter().map(|&index| timeline.times_ns[index]);
    let positions = times_ns
        .map(|time| (time, FramePosition::default()))
        .collect();
    let mut wanted = chosen.into_iter().peekable();
    let Animation {
        frames,
        width,
        height,
        turn,
    } = Animation::open(file, format)?;
    for (index, (frame, &time_ns)) in frames.zip(&timeline.times_ns).enumerate() {
        sink.beat()?;
        if wanted.next_if_eq(&index).is_some() {
            let frame = frame.map_err(|e| image_file::bad(&e))?.into_buffer();
            let image = image_file::scaled(DynamicImage::ImageRgba8(frame), settings.size)?;
            sink.still(time_ns, &turn.upright(image))?;
        }
        if wanted.peek().is_none() {
            break;
        }
    }
    let size = turn.shown(width, height);
    Ok(Taken {
        video: timeline.video(file, format, size, turn),
        positions,
        notes: Vec::new(),
        error: timeline.error,
    })
}

impl Timeline {
    /// The `video` record, as far as the file itself tells.
    fn video(
        &self,
        file: &MediaFile,
        format: ImageFormat,
        (width, height): (u32, u32),
        turn: Turn,
    ) -> Video {
        let gaps = self
            .times_ns
            .iter()
            .zip(self.times_ns.iter().skip(1))
            .map(|(a, b)| b - a);
        let spread = gaps.clone().max().zip(gaps.min());
        let is_variable = spread.is_some_and(|(max, min)| max - min > ROUNDING_NS);
        let rate = self.times_ns.len() as f64 * 1e9 / self.duration_ns as f64;
        let name = name(format);
        Video {
            duration_ms: Some(time::ms(self.duration_ns)),
            width_px: Some(width),
            height_px: Some(height),
            rotation_deg: Some(turn.degrees()),
            frame_rate_hz: Some((rate * 1e3).round() / 1e3),
            variable_frame_rate: (self.times_ns.len() > 1).then_some(is_variable),
            codec: Some(name.to_owned()),
            container: Some(name.to_owned()),
            bitrate_bps: time::bitrate(file.size_bytes, self.duration_ns),
            ..Video::default()
        }
    }
}

impl<'a> Animation<'a> {
    fn open(file: &'a MediaFile, format: ImageFormat) -> Result<Self, ExtractError> {
        let bad = |e: image::ImageError| image_file::bad(&e);
        let ((width, height), turn, frames) = match format {
            ImageFormat::Gif => {
                let decoder = gif(file)?;
                (decoder.dimensions(), Turn::NONE, decoder.into_frames())
            }
            ImageFormat::Png => {
                let mut decoder = png(file)?;
                let turn = decoder.orientation().map_err(bad)?.into();
                let size = decoder.dimensions();
                let frames = decoder.apng().map_err(bad)?;
                (size, turn, frames.into_frames())
            }
            _ => {
                let mut decoder = webp(file)?;
                let turn = decoder.orientation().map_err(bad)?.into();
                (decoder.dimensions(), turn, decoder.into_frames())
            }
        };
        Ok(Self {
            frames,
            width,
            height,
            turn,
        })
    }
}

fn gif(file: &MediaFile) -> Result<GifDecoder<BufReader<&File>>, ExtractError> {
    let reader = BufReader::new(file.reader()?);
    checked(GifDecoder::new(reader).map_err(|e| image_file::bad(&e))?)
}

fn png(file: &MediaFile) -> Result<PngDecoder<BufReader<&File>>, ExtractError> {
    let reader = BufReader::new(file.reader()?);
    checked(PngDecoder::with_limits(reader, image_file::limits()).map_err(|e| image_file::bad(&e))?)
}

fn webp(file: &MediaFile) -> Result<WebPDecoder<BufReader<&File>>, ExtractError> {
    let reader = BufReader::new(file.reader()?);
    checked(WebPDecoder::new(reader).map_err(|e| image_file::bad(&e))?)
}

/// `decoder`, of an image that is not too large, and told what it may take.
fn checked<D: ImageDecoder>(mut decoder: D) -> Result<D, ExtractError> {
    let (width, height) = decoder.dimensions();
    image_file::check_size(width, height)?;
    decoder
        .set_limits(image_file::limits())
        .map_err(|e| image_file::bad(&e))?;
    Ok(decoder)
}

/// The word for it, as codec and as container.
fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Gif => "gif",
        ImageFormat::Png => "apng",
        _ => "webp",
    }
}

fn timeline(
    file: &MediaFile,
    format: ImageFormat,
    sink: &dyn FrameSink,
) -> Result<Timeline, ExtractError> {
    let mut timeline = Timeline::default();
    for frame in Animation::open(file, format)?.frames {
        sink.beat()?;
        match frame {
            Ok(frame) => {
                let (numer, denom) = frame.delay().numer_denom_ms();
                let delay_ns = NS_PER_MS * u64::from(numer) / u64::from(denom.max(1));
                timeline.times_ns.push(timeline.duration_ns);
                timeline.duration_ns += if delay_ns <= HASTY_NS {
                    USUAL_NS
                } else {
                    delay_ns
                };
            }
            Err(e) if timeline.times_ns.is_empty() => return Err(image_file::bad(&e)),
            Err(e) => {
                timeline.error = Some(ExtractError::new(code::TRUNCATED, e.to_string()));
                break;
            }
        }
    }
    if timeline.times_ns.is_empty() {
        return Err(ExtractError::new(
            code::BAD_IMAGE,
            "an animation without a frame",
        ));
    }
    Ok(timeline)
}
