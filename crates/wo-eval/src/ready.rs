//! A video before it is judged: its pictures decoded and brought to the size that the model takes, and who moves in them
//! found.

use image::RgbImage;
use rayon::prelude::*;
use wo_input::{FrameItem, ImageError, Preprocessor, VideoItem};
use wo_picture::{MovingPerson, moving_person};
use wo_record::{Failure, code};

/// A video that only needs to be judged.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) item: VideoItem,
    /// Places of those of its frames that load.
    pub(crate) places: Vec<usize>,
    /// Their pictures.
    pub(crate) pictures: Vec<RgbImage>,
    /// The same as the model takes them, one after the other.
    pub(crate) pixels: Vec<f32>,
    /// The other frames, with what is wrong.
    pub(crate) bad: Vec<(usize, ImageError)>,
    /// Who moves in it, where that is looked for.
    pub(crate) person: Option<MovingPerson>,
}

impl Ready {
    pub(crate) fn of(item: VideoItem, preprocessor: &Preprocessor, finds_person: bool) -> Self {
        let load = |frame: &FrameItem| {
            let picture = frame.load()?;
            let pixels = preprocessor.pixels(&picture);
            Ok((picture, pixels))
        };
        let loaded: Vec<Result<_, ImageError>> = item.frames.par_iter().map(load).collect();
        let (mut places, mut pictures, mut pixels, mut bad) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, loaded) in loaded.into_iter().enumerate() {
            match loaded {
                Ok((picture, of_picture)) => {
                    places.push(place);
                    pictures.push(picture);
                    pixels.extend(of_picture);
                }
                Err(error) => bad.push((place, error)),
            }
        }
        let person = finds_person
            .then(|| moving_person(&pictures).ok())
            .flatten();
        Self {
            item,
            places,
            pictures,
            pixels,
            bad,
            person,
        }
    }

    /// What to say of frames that do not load; `None` where all do.
    pub(crate) fn warning(&self) -> Option<String> {
        let (n_bad, first) = self.first_bad()?;
        Some(format!(
            "{n_bad} of {} frames do not load; {first}",
            self.item.frames.len()
        ))
    }

    /// Why there is nothing to judge, as a failure.
    pub(crate) fn no_picture(&self) -> Failure {
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

    /// Those of its frames that load.
    pub(crate) fn frames(&self) -> Vec<&FrameItem> {
        let frame = |place: &usize| self.item.frames.get(*place);
        self.places.iter().filter_map(frame).collect()
    }
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
