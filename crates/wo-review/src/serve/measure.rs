//! Measures how sharp images are and which look alike, if the records do not say it, as in folders of tables alone.
//!
//! One thread measures one image at a time while people review. It starts when the page shows its first image, or when a
//! queue needs the metrics. The metrics equal those of `wo-extract`. They are not stored: extract a folder anew if you open
//! it often.

use std::io::Cursor;
use std::sync::Arc;
use std::thread;

use image::{ImageReader, Limits};
use wo_picture::{Tones, luma, perceptual_hash};

use crate::app::App;

/// An image that needs more memory than this to decode is not measured. 30 megapixels fit.
const MAX_BYTES: u64 = 100 << 20;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Metrics {
    sharpness: f32,
    perceptual_hash: u64,
}

/// Starts the thread. It ends with the process, since it writes nothing to disk.
pub(super) fn start(app: &Arc<App>) {
    let frames = (0..)
        .zip(&app.store().folder.frames)
        .filter_map(|(id, frame)| {
            (frame.sharpness.is_none() || frame.perceptual_hash.is_none()).then_some(id)
        })
        .collect::<Vec<u32>>();
    if frames.is_empty() {
        return;
    }
    app.measuring.expect(frames.len());
    let for_thread = Arc::clone(app);
    let started = thread::spawn(move || {
        thread::park();
        for id in frames {
            measure(&for_thread, id);
            for_thread.measuring.count_one();
        }
    });
    app.measuring.set_thread(started.thread().clone());
}

fn measure(app: &App, id: u32) {
    let image = app.store().folder.image(id);
    let bytes = image.and_then(|image| app.images.read(&image).ok());
    let Some(metrics) = bytes.and_then(|(bytes, _)| metrics(&bytes)) else {
        wo_cli::info!("the image of frame {id} cannot be measured");
        return;
    };
    if let Some(frame) = app.store().folder.frames.get_mut(id as usize) {
        frame.sharpness = Some(metrics.sharpness);
        frame.perceptual_hash = Some(metrics.perceptual_hash);
    }
}

/// `None` if the bytes are no image that can be decoded.
fn metrics(bytes: &[u8]) -> Option<Metrics> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let luma = luma(&reader.decode().ok()?.into_rgb8());
    Some(Metrics {
        sharpness: Tones::of(&luma).sharpness as f32,
        perceptual_hash: perceptual_hash(&luma),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_equal_those_of_the_extractor() {
        // What `wo-extract FILE.png --size 320` says of this image.
        let image = ::image::RgbImage::from_fn(320, 400, |x, y| {
            ::image::Rgb(
                [0, 1, 2]
                    .map(|c| ((x * x * 3 + y * y * 7 + x * y * 5 + c * 31) % (100 + 50 * c)) as u8),
            )
        });
        let mut bytes = Vec::new();
        image
            .write_to(&mut Cursor::new(&mut bytes), ::image::ImageFormat::Png)
            .unwrap();
        let expected = Metrics {
            sharpness: 14_216.07,
            perceptual_hash: 0xab30_e6fe_27b5_1148,
        };
        assert_eq!(metrics(&bytes), Some(expected));
    }

    #[test]
    fn what_is_no_picture_has_no_metrics() {
        assert_eq!(metrics(b"\xff\xd8\xff\xe0 and no more"), None);
        assert_eq!(metrics(b""), None);
    }
}
