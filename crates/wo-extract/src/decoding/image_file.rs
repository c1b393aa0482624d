//! Still images, each a video of one frame. Decoding has limits: a small file can declare an enormous image.

use std::io::BufReader;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use wo_record::{Video, code};

use crate::decoding::frame_sink::FrameSink;
use crate::decoding::jpeg;
use crate::decoding::scaled;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::input::turn::Turn;
use crate::job::{Settings, Taken};
use crate::quality::still::FramePosition;

/// The longest side that is decoded: what the largest cameras give.
const MAX_SIDE: u32 = 16_384;
/// The most pixels that are decoded: with four bytes each they are the memory limit.
const MAX_PIXELS: u64 = 64 << 20;
/// The most memory that a decoder may take.
const MAX_MEMORY: u64 = 256 << 20;

/// The image in `file`, its short side scaled to `size`.
pub(crate) fn take(
    file: &MediaFile,
    format: ImageFormat,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, ExtractError> {
    let mut reader = ImageReader::with_format(BufReader::new(file.reader()?), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(|e| bad(&e))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let turn = Turn::from(decoder.orientation().map_err(|e| bad(&e))?);
    let decoded = DynamicImage::from_decoder(decoder).map_err(|e| bad(&e))?;
    sink.still(0, &turn.upright(scaled(decoded, settings.size)?))?;
    let (width, height) = turn.shown(width, height);
    let (is_damaged, notes) = if format == ImageFormat::Jpeg {
        let bytes = file.content()?;
        (jpeg::is_damaged(&bytes), jpeg::behind(&bytes))
    } else {
        (false, Vec::new())
    };
    let video = Video {
        width_px: Some(width),
        height_px: Some(height),
        rotation_deg: Some(turn.degrees()),
        codec: Some(codec(format).to_owned()),
        container: Some("image".to_owned()),
        n_damaged: is_damaged.then_some(1),
        ..Video::default()
    };
    let position = FramePosition {
        is_damaged,
        ..FramePosition::default()
    };
    Ok(Taken {
        video,
        positions: vec![(0, position)],
        notes,
        error: None,
    })
}

/// What a decoder may take and give.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    limits
}

/// Refuses more pixels than any camera gives.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), ExtractError> {
    if u64::from(width) * u64::from(height) <= MAX_PIXELS {
        return Ok(());
    }
    Err(ExtractError::new(
        code::BAD_IMAGE,
        format!("{width}x{height} are more than {MAX_PIXELS} pixels"),
    ))
}

/// `image` with its short side scaled to `size`, in front of black.
pub(crate) fn scaled(image: DynamicImage, size: u32) -> Result<RgbImage, ExtractError> {
    let (width, height) = scaled::scaled(image.width(), image.height(), size)?;
    let image = if (width, height) == (image.width(), image.height()) {
        image
    } else {
        image.resize_exact(width, height, FilterType::CatmullRom)
    };
    Ok(flat(image))
}

fn flat(image: DynamicImage) -> RgbImage {
    if image.color().has_alpha() {
        scaled::over_black(&image.into_rgba8())
    } else {
        image.into_rgb8()
    }
}

/// The word that ffprobe has for it.
fn codec(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "mjpeg",
        ImageFormat::Png => "png",
        _ => "webp",
    }
}

/// The error of a decoder.
pub(crate) fn bad(error: &image::ImageError) -> ExtractError {
    ExtractError::new(code::BAD_IMAGE, error.to_string())
}
