//! Preprocesses RGB images for CLIP's vision tower, as `CLIPImageProcessor` does: resize the shortest edge with
//! Pillow's bicubic filter, centre-crop, scale to 0..1, normalise per channel.

use std::ops::RangeInclusive;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fields::Fields;

/// The mean of CLIP's training images per channel (openai/CLIP `clip.py`, `_transform`).
const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// The standard deviation of the same.
const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// Pillow's number of the bicubic filter.
const BICUBIC: u32 = 3;
/// What bytes are multiplied by.
const RESCALE: f64 = 1.0 / 255.0;
/// Sides of an image in pixels, in models that exist and somewhat beyond.
const SIDES: RangeInclusive<i64> = 1..=4096;
/// Means and standard deviations for which no pixel becomes infinite. Those of values from 0 to 1 are between 0 and 1.
const MEANS: RangeInclusive<f64> = -1000.0..=1000.0;
const STDS: RangeInclusive<f64> = 1e-6..=1000.0;

/// The preprocessing of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocessor {
    /// The shorter side is scaled to this many pixels.
    pub shortest_edge: u32,
    /// Then the centre square of this many pixels is cropped.
    pub crop: u32,
    /// Subtracted from each channel, whose values go from 0 to 1.
    pub mean: [f32; 3],
    /// Then each channel is divided by this.
    pub std: [f32; 3],
}

impl Preprocessor {
    /// CLIP's own preprocessing, at `size` pixels.
    pub fn clip(size: u32) -> Self {
        Self {
            shortest_edge: size,
            crop: size,
            mean: CLIP_MEAN,
            std: CLIP_STD,
        }
    }

    /// From the content of a `preprocessor_config.json`. Unsupported settings are rejected with the field and what is
    /// expected of it; the file is not named.
    pub fn from_config(config: &Value) -> Result<Self, String> {
        let fields = Fields::of(config, "")?;
        for step in ["do_resize", "do_center_crop", "do_rescale", "do_normalize"] {
            if fields.get(step).is_some_and(|v| v != true) {
                return Err(fields.wrong(step, "true"));
            }
        }
        if fields.get("resample").is_some_and(|v| *v != BICUBIC) {
            return Err(fields.wrong("resample", "3 (bicubic)"));
        }
        if let Some(factor) = fields.number("rescale_factor", 0.0..=1.0)?
            && (factor - RESCALE).abs() > 1e-6
        {
            return Err(fields.wrong("rescale_factor", "1/255"));
        }
        let this = Self {
            shortest_edge: edge(&fields, "size", &["shortest_edge", "height"])?,
            crop: edge(&fields, "crop_size", &["height", "shortest_edge"])?,
            mean: fields.colours("image_mean", MEANS)?.unwrap_or(CLIP_MEAN),
            std: fields.colours("image_std", STDS)?.unwrap_or(CLIP_STD),
        };
        if this.crop > this.shortest_edge {
            return Err(format!(
                "crop_size is {}, and no more than the {} of size are expected",
                this.crop, this.shortest_edge
            ));
        }
        Ok(this)
    }

    /// The `preprocessor_config.json` that `CLIPImageProcessor` reads.
    pub fn to_config(&self) -> Value {
        json!({
            "image_processor_type": "CLIPImageProcessor",
            "processor_class": "CLIPProcessor",
            "do_resize": true,
            "size": { "shortest_edge": self.shortest_edge },
            "resample": BICUBIC,
            "do_center_crop": true,
            "crop_size": { "height": self.crop, "width": self.crop },
            "do_rescale": true,
            "rescale_factor": RESCALE,
            "do_normalize": true,
            "image_mean": self.mean,
            "image_std": self.std,
            "do_convert_rgb": true,
        })
    }

    /// An image as model input: 3 x `crop` x `crop` floats, channel by channel.
    pub fn pixels(&self, image: &RgbImage) -> Vec<f32> {
        self.normalised(&self.cropped(image))
    }

    /// The centre square of `crop` pixels.
    pub fn cropped(&self, image: &RgbImage) -> RgbImage {
        let (width, height) = image.dimensions();
        let short = width.min(height);
        // The long side is truncated, not rounded, as in `get_resize_output_image_size`.
        let scaled =
            |side: u32| (u64::from(side) * u64::from(self.shortest_edge) / u64::from(short)) as u32;
        let resized = resize(image, scaled(width), scaled(height));
        let left = (resized.width() - self.crop) / 2;
        let top = (resized.height() - self.crop) / 2;
        image::imageops::crop_imm(&resized, left, top, self.crop, self.crop).to_image()
    }

    /// A square of `crop` pixels as floats, channel by channel.
    pub fn normalised(&self, square: &RgbImage) -> Vec<f32> {
        let n = square.as_raw().len() / 3;
        let mut floats = vec![0.0; 3 * n];
        for (channel, plane) in floats.chunks_exact_mut(n).enumerate() {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            for (float, pixel) in plane.iter_mut().zip(square.as_raw().chunks_exact(3)) {
                *float = (f32::from(pixel[channel]) / 255.0 - mean) / std;
            }
        }
        floats
    }
}

/// The side in a field, which is a number or an object that has it under one of these names. Without the field it is 224,
/// as in transformers.
fn edge(fields: &Fields<'_>, name: &str, names: &[&str]) -> Result<u32, String> {
    const USUAL: i64 = 224;
    let side = match fields.get(name) {
        Some(Value::Object(_)) => {
            let sides = fields.object(name)?;
            let has = |it: &&str| sides.as_ref().is_some_and(|sides| sides.get(it).is_some());
            let found = names.iter().copied().find(has);
            let (Some(sides), Some(found)) = (&sides, found) else {
                return Err(fields.wrong(name, &format!("a field {} in it", names[0])));
            };
            let side = sides.whole(found, SIDES)?.unwrap_or(USUAL);
            if sides.whole("width", SIDES)?.is_some_and(|it| it != side) {
                return Err(fields.wrong(name, "a square"));
            }
            side
        }
        _ => fields.whole(name, SIDES)?.unwrap_or(USUAL),
    };
    // A side is at most 4096.
    Ok(side as u32)
}

/// Resizes an image to `width` x `height` with Pillow's bicubic filter (a = -0.5, widened when shrinking).
///
/// Columns first, then rows, as Pillow does. Values are rounded to bytes between the passes, so the order matters.
pub fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let narrow = resize_one_way(image, width, image.height());
    resize_one_way(&narrow, width, height)
}

fn resize_one_way(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    resample(image, &bicubic(), width, height)
}

/// Resizes the square of `side` pixels at `left`, `top` of an image to `to` pixels with the same filter. All three may
/// be fractional; the square lies within the image.
pub fn resize_square(image: &RgbImage, left: f64, top: f64, side: f64, to: u32) -> RgbImage {
    resample(image, &bicubic().crop(left, top, side, side), to, to)
}

fn bicubic() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
}

// Names the one pixel type, since the code for all types takes minutes to compile.
fn resample(image: &RgbImage, options: &ResizeOptions, width: u32, height: u32) -> RgbImage {
    let mut resized = RgbImage::new(width, height);
    let source = TypedImageRef::<U8x3>::from_buffer(image.width(), image.height(), image.as_raw())
        .expect("an RgbImage holds three bytes a pixel");
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized)
        .expect("an RgbImage holds three bytes a pixel");
    Resizer::new()
        .resize_typed(&source, &mut target, options)
        .expect("the square lies within the image");
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_square_is_cut_out() {
        // A wide image, red on the left, green in the middle, blue on the right.
        let image = RgbImage::from_fn(300, 100, |x, _| {
            image::Rgb(match x / 100 {
                0 => [255, 0, 0],
                1 => [0, 255, 0],
                _ => [0, 0, 255],
            })
        });
        let square = Preprocessor::clip(50).cropped(&image);
        assert_eq!(square.dimensions(), (50, 50));
        assert!(square.pixels().filter(|p| p.0[1] > 250).count() > 47 * 50);
    }

    #[test]
    fn white_and_black_are_normalised_by_channel() {
        let white = RgbImage::from_pixel(8, 8, image::Rgb([255; 3]));
        let pixels = Preprocessor::clip(8).pixels(&white);
        assert_eq!(pixels.len(), 3 * 64);
        for (channel, plane) in pixels.chunks(64).enumerate() {
            let expected = (1.0 - CLIP_MEAN[channel]) / CLIP_STD[channel];
            assert!(plane.iter().all(|p| (p - expected).abs() < 1e-6));
        }
    }

    #[test]
    fn the_configuration_survives_the_trip() {
        let this = Preprocessor::clip(96);
        assert_eq!(Preprocessor::from_config(&this.to_config()), Ok(this));
        let squash = json!({ "do_center_crop": false });
        assert!(
            Preprocessor::from_config(&squash)
                .expect_err("not CLIP's")
                .contains("do_center_crop")
        );
    }

    #[test]
    fn numbers_that_make_no_pixels_are_named() {
        for (config, expected) in [
            (
                json!({"image_std": [0.1, 0.0, 0.1]}),
                "image_std[1] is 0.0, and a number from 0.000001 to 1000 is expected",
            ),
            (
                json!({"image_std": 0}),
                "image_std is 0, and a list of three",
            ),
            (
                json!({"image_std": [1, 1]}),
                "image_std is [1,1], and a list of three",
            ),
            (json!({"image_mean": [0, 1e300, 0]}), "image_mean[1] is 1e"),
            (json!({"image_mean": [0, null, 0]}), "image_mean[1] is null"),
            (json!({"size": null}), "size is null, and a whole number"),
            (
                json!({"size": {"shortest_edge": 0}}),
                "size.shortest_edge is 0",
            ),
            (
                json!({"size": {"edge": 9}}),
                "size is {\"edge\":9}, and a field shortest_edge",
            ),
            (
                json!({"crop_size": 2.5}),
                "crop_size is 2.5, and a whole number",
            ),
            (
                json!({"crop_size": {"height": 9, "width": 8}}),
                "and a square",
            ),
            (json!({"crop_size": 225}), "crop_size is 225"),
            (
                json!({"rescale_factor": 1.0}),
                "rescale_factor is 1.0, and 1/255",
            ),
            (json!({"rescale_factor": null}), "rescale_factor is null"),
            (json!([1]), "it is [1], and an object"),
        ] {
            let error = Preprocessor::from_config(&config).expect_err("refused");
            assert!(error.contains(expected), "{config}: {error}");
        }
    }
}
