//! How sharp pictures are and which look alike, where records do not say it, as in folders that have only tables. It is
//! measured while people review, one picture at a time. It begins when the first one is on a page, or a queue needs it.
//!
//! The figures are those that `wo-extract` writes. They are not kept: a folder that is opened often is better extracted anew.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};

use image::{ImageReader, Limits};
use serde::Serialize;
use wo_picture::{Tones, luma, perceptual_hash};

use crate::server::Server;

/// A picture that needs more memory than this to be decoded is not measured; one of 30 megapixels is.
const MAX_BYTES: u64 = 100 << 20;

/// How far it is.
#[derive(Debug, Default)]
pub(crate) struct Measuring {
    n_all: AtomicUsize,
    n_done: AtomicUsize,
    thread: OnceLock<Thread>,
}

/// How far it is, for the page.
#[derive(Debug, Serialize)]
pub(crate) struct HowFar {
    n_done: usize,
    n_all: usize,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    sharpness: f32,
    perceptual_hash: u64,
}

impl Measuring {
    /// Makes it begin, if it has not yet.
    pub(crate) fn begin(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// How far it is; `None` where there is nothing left to measure.
    pub(crate) fn how_far(&self) -> Option<HowFar> {
        let n_all = self.n_all.load(Ordering::Relaxed);
        let n_done = self.n_done.load(Ordering::Relaxed);
        (n_done < n_all).then_some(HowFar { n_done, n_all })
    }

    /// Starts the thread, which ends with the process: nothing that it makes is on a disk.
    pub(crate) fn start(server: &Arc<Server>) {
        let frames = (0..)
            .zip(&server.store().folder.frames)
            .filter_map(|(id, frame)| {
                (frame.sharpness.is_none() || frame.perceptual_hash.is_none()).then_some(id)
            })
            .collect::<Vec<u32>>();
        if frames.is_empty() {
            return;
        }
        server
            .measuring
            .n_all
            .store(frames.len(), Ordering::Relaxed);
        let for_thread = Arc::clone(server);
        let started = thread::spawn(move || {
            thread::park();
            for id in frames {
                for_thread.measure(id);
                for_thread.measuring.n_done.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _ = server.measuring.thread.set(started.thread().clone());
    }
}

impl Server {
    fn measure(&self, id: u32) {
        let picture = self.store().folder.picture(id);
        let bytes = picture.and_then(|picture| self.pictures.read(&picture).ok());
        let Some(figures) = bytes.and_then(|(bytes, _)| figures(&bytes)) else {
            wo_cli::info!("the picture of frame {id} cannot be measured");
            return;
        };
        if let Some(frame) = self.store().folder.frames.get_mut(id as usize) {
            frame.sharpness = Some(figures.sharpness);
            frame.perceptual_hash = Some(figures.perceptual_hash);
        }
    }
}

/// `None` where it is no picture that can be decoded.
fn figures(bytes: &[u8]) -> Option<Figures> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let luma = luma(&reader.decode().ok()?.into_rgb8());
    Some(Figures {
        sharpness: Tones::of(&luma).sharpness as f32,
        perceptual_hash: perceptual_hash(&luma),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_extractor() {
        // What `wo-extract FILE.png --size 320` says of this picture.
        let picture = image::RgbImage::from_fn(320, 400, |x, y| {
            image::Rgb(
                [0, 1, 2]
                    .map(|c| ((x * x * 3 + y * y * 7 + x * y * 5 + c * 31) % (100 + 50 * c)) as u8),
            )
        });
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .unwrap();
        let expected = Figures {
            sharpness: 14_216.07,
            perceptual_hash: 0xab30_e6fe_27b5_1148,
        };
        assert_eq!(figures(&bytes), Some(expected));
    }

    #[test]
    fn what_is_no_picture_has_no_figures() {
        assert_eq!(figures(b"\xff\xd8\xff\xe0 and no more"), None);
        assert_eq!(figures(b""), None);
    }
}
