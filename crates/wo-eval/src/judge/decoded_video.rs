//! A decoded video with its features. It is decoded in pieces, and of a long video only some images are held.

use image::RgbImage;
use rayon::prelude::*;
use wo_clip::tch::Tensor;
use wo_clip::{Judge, planes};
use wo_input::{FrameItem, ImageError, VideoItem};
use wo_picture::{MovingPerson, moving_person};
use wo_record::{Failure, code};

use crate::judge::facts::first_start_ms;
use crate::judge::region_features::still;

/// How many frames are decoded together, and how many images are held: three times what finding the moving person
/// needs.
const MAX_IMAGES: usize = 32;

/// A decoded video.
#[derive(Debug)]
pub(crate) struct DecodedVideo {
    pub(crate) item: VideoItem,
    /// The places of the frames that load.
    places: Vec<usize>,
    /// Their features: `[frames, width]`. `None` if no frame loads.
    pub(crate) features: Option<Tensor>,
    images: Vec<RgbImage>,
    /// The frames of the held images.
    held: Vec<usize>,
    /// Frames that do not load, with the error.
    bad: Vec<(usize, ImageError)>,
    /// The moving person, if searched for.
    pub(crate) person: Option<MovingPerson>,
}

impl DecodedVideo {
    /// Decodes all frames and computes their features.
    pub(crate) fn of(item: VideoItem, judge: &Judge) -> Self {
        let mut decoded = Self {
            item,
            places: Vec::new(),
            features: None,
            images: Vec::new(),
            held: Vec::new(),
            bad: Vec::new(),
            person: None,
        };
        let features = decoded.look(judge);
        decoded.features = (!features.is_empty()).then(|| Tensor::cat(&features, 0));
        decoded
    }

    /// Searches the held images for the moving person.
    pub(crate) fn find_person(&mut self) {
        self.person = moving_person(&self.images).ok();
    }

    /// Decodes all frames, and returns their features in pieces of as many as the model takes at once.
    fn look(&mut self, judge: &Judge) -> Vec<Tensor> {
        let is_held = spread(self.item.frames.len());
        let mut features = Vec::new();
        let (mut waiting, mut n_waiting) = (Vec::new(), 0);
        for (number, piece) in self.item.frames.chunks(MAX_IMAGES).enumerate() {
            let load = |frame: &FrameItem| {
                let image = frame.load()?;
                let square = planes(&judge.preprocessor().square(&image));
                Ok((image, square))
            };
            let loaded: Vec<Result<_, ImageError>> = piece.par_iter().map(load).collect();
            for (place, loaded) in (number * MAX_IMAGES..).zip(loaded) {
                match loaded {
                    Ok((image, square)) => {
                        if is_held(place) {
                            self.held.push(self.places.len());
                            self.images.push(image);
                        }
                        self.places.push(place);
                        waiting.extend(square);
                        n_waiting += 1;
                    }
                    Err(error) => self.bad.push((place, error)),
                }
            }
            if n_waiting > 0 && n_waiting + MAX_IMAGES > judge.n_at_once() {
                features.push(judge.features_of_planes(&waiting));
                (waiting, n_waiting) = (Vec::new(), 0);
            }
        }
        if n_waiting > 0 {
            features.push(judge.features_of_planes(&waiting));
        }
        features
    }

    /// The held images: all frames, or evenly spread ones.
    pub(crate) fn images(&self) -> &[RgbImage] {
        &self.images
    }

    /// The held image in which the lifter is at rest.
    pub(crate) fn still(&self) -> Option<&RgbImage> {
        let frames = self.frames();
        let time = |place: &usize| frames.get(*place)?.frame.pts_ms;
        let times_ms: Vec<Option<f64>> = self.held.iter().map(time).collect();
        still(&self.images, &times_ms, first_start_ms(&self.item.video))
    }

    /// Visits all images, piece by piece.
    pub(crate) fn each_piece(&self, mut look: impl FnMut(&[RgbImage])) {
        if self.images.len() == self.places.len() {
            return look(&self.images);
        }
        for piece in self.frames().chunks(MAX_IMAGES) {
            let loaded = piece.par_iter().filter_map(|frame| frame.load().ok());
            look(&loaded.collect::<Vec<_>>());
        }
    }

    /// The held images and that of one more frame, their times, and the place of that frame.
    pub(crate) fn shown_with(self, frame_idx: usize) -> (Vec<RgbImage>, Vec<Option<f64>>, usize) {
        let times_ms: Vec<_> = self.frames().iter().map(|it| it.frame.pts_ms).collect();
        let frame = self.frames().get(frame_idx).copied().cloned();
        let (mut images, mut held) = (self.images, self.held);
        let place = held.partition_point(|idx| *idx < frame_idx);
        if held.get(place) != Some(&frame_idx)
            && let Some(image) = frame.and_then(|frame| frame.load().ok())
        {
            images.insert(place, image);
            held.insert(place, frame_idx);
        }
        let time = |idx: usize| times_ms.get(idx).copied().flatten();
        (images, held.into_iter().map(time).collect(), place)
    }

    /// The warning about frames that do not load; `None` if all do.
    pub(crate) fn warning(&self) -> Option<String> {
        let (n_bad, first) = self.first_bad()?;
        Some(format!(
            "{n_bad} of {} {} not load; {first}",
            wo_cli::count(self.item.frames.len(), "frame"),
            wo_cli::verb(n_bad, "does", "do")
        ))
    }

    /// How many frames do not load.
    pub(crate) fn n_bad(&self) -> u64 {
        self.bad.len() as u64
    }

    /// The failure of a video without images.
    pub(crate) fn no_image(&self) -> Failure {
        let what = match self.first_bad() {
            Some((_, first)) => format!("no frame loads; {first}"),
            None => "the video has no frames".to_owned(),
        };
        Failure {
            code: code::BAD_IMAGE.to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: self.item.video.path.clone(),
            video_id: Some(self.item.video.video_id.clone()),
        }
    }

    /// How many frames do not load, and the first of them with what is wrong.
    fn first_bad(&self) -> Option<(usize, String)> {
        let (place, error) = self.bad.first()?;
        let index = self.item.frames.get(*place)?.frame.index;
        Some((self.bad.len(), format!("frame {index}: {}", causes(error))))
    }

    /// The frames that load.
    pub(crate) fn frames(&self) -> Vec<&FrameItem> {
        let frame = |place: &usize| self.item.frames.get(*place);
        self.places.iter().filter_map(frame).collect()
    }
}

/// Keeps as many evenly spread frames as images are held.
pub(crate) fn keep_spread(frames: &mut Vec<FrameItem>) {
    let is_kept = spread(frames.len());
    let mut places = 0..;
    frames.retain(|_| places.next().is_some_and(&is_kept));
}

/// Whether a frame's image is held, by its place: all of a few frames, else evenly spread ones.
fn spread(n_frames: usize) -> impl Fn(usize) -> bool {
    let number = move |place: usize| place * MAX_IMAGES / n_frames.max(MAX_IMAGES);
    move |place| place == 0 || number(place) != number(place - 1)
}

/// An error with what is behind it, on one line.
fn causes(error: &ImageError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use image::Rgb;
    use serde_json::json;
    use wo_testkit::tempdir;

    use super::*;

    /// A video of so many frames, each of a shade of its own, as it is when it was looked at.
    fn decoded(folder: &Path, n_frames: u8) -> DecodedVideo {
        let frame = |index: u8| {
            let path = folder.join(format!("{index}.png"));
            let image = RgbImage::from_pixel(4, 4, Rgb([index, 0, 0]));
            image.save(&path).expect("write a picture");
            let image = json!({"file": {"path": path}});
            let frame = json!({"video_id": "v", "index": index, "pts_ms": f64::from(index), "image": image});
            FrameItem {
                frame: serde_json::from_value(frame).expect("a frame"),
                base: folder.to_owned(),
                span: None,
            }
        };
        let frames: Vec<FrameItem> = (0..n_frames).map(frame).collect();
        let is_held = spread(frames.len());
        let held: Vec<usize> = (0..frames.len()).filter(|it| is_held(*it)).collect();
        let load = |idx: &usize| frames[*idx].load().expect("it loads");
        DecodedVideo {
            places: (0..frames.len()).collect(),
            features: None,
            images: held.iter().map(load).collect(),
            held,
            bad: Vec::new(),
            person: None,
            item: VideoItem {
                frames,
                ..VideoItem::default()
            },
        }
    }

    fn shade(image: &RgbImage) -> u8 {
        image.get_pixel(0, 0).0[0]
    }

    #[test]
    fn all_pictures_are_looked_at_whether_they_are_held_or_not() {
        let folder = tempdir().expect("make a folder");
        for n_frames in [3, 32, 100] {
            let mut shades = Vec::new();
            decoded(folder.path(), n_frames).each_piece(|images| {
                assert!(images.len() <= MAX_IMAGES);
                shades.extend(images.iter().map(shade));
            });
            assert_eq!(shades, (0..n_frames).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_evidence_is_shown_whether_it_is_held_or_not() {
        let folder = tempdir().expect("make a folder");
        for (frame_idx, n_shown) in [(0, 32), (1, 33), (50, 32), (51, 33), (63, 33)] {
            let (images, times_ms, place) = decoded(folder.path(), 64).shown_with(frame_idx);
            assert_eq!((images.len(), times_ms.len()), (n_shown, n_shown));
            assert_eq!(usize::from(shade(&images[place])), frame_idx);
            let times = times_ms.iter().map(|it| it.expect("a time"));
            assert!(times.eq(images.iter().map(|it| f64::from(shade(it)))));
        }
    }

    #[test]
    fn pictures_are_held_of_all_frames_or_of_some_evenly_spread() {
        let held = |n_frames: usize| -> Vec<usize> {
            let is_held = spread(n_frames);
            (0..n_frames).filter(|place| is_held(*place)).collect()
        };
        assert_eq!(held(10), (0..10).collect::<Vec<_>>());
        assert_eq!(held(32), (0..32).collect::<Vec<_>>());
        assert_eq!(held(64), (0..64).step_by(2).collect::<Vec<_>>());
        for n_frames in [33, 100, 1000, 1_000_000] {
            let held = held(n_frames);
            assert_eq!((held.len(), held[0]), (MAX_IMAGES, 0), "{n_frames}");
            let gaps = held.windows(2).map(|two| two[1] - two[0]);
            let (least, most) = (gaps.clone().min().unwrap(), gaps.max().unwrap());
            assert!(most - least <= 1, "{n_frames}: {least} {most}");
        }
    }
}
