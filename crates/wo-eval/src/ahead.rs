//! Videos are made ready while the one before is judged: pictures decoded and brought to the size that the model takes, and
//! who moves in them found. The model leaves a part of the cores idle that this fills.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::Context;
use image::RgbImage;
use rayon::prelude::*;
use wo_input::{FrameItem, ImageError, Preprocessor, VideoItem};
use wo_picture::{MovingPerson, moving_person};

/// Videos that are ready or in work beside the one that is judged: each holds all its pictures.
const N_AHEAD: usize = 1;

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

    /// Those of its frames that load.
    pub(crate) fn frames(&self) -> Vec<&FrameItem> {
        let frame = |place: &usize| self.item.frames.get(*place);
        self.places.iter().filter_map(frame).collect()
    }
}

/// The thread that makes videos ready, and what `T` says of each that it has been given.
#[derive(Debug)]
pub(crate) struct Ahead<T> {
    /// Each with whether it is to be found out who moves in it.
    to: Sender<(VideoItem, bool)>,
    from: Receiver<Ready>,
    given: VecDeque<T>,
}

impl<T> Ahead<T> {
    /// Starts the thread. It ends when this is dropped.
    pub(crate) fn start(preprocessor: Preprocessor) -> Self {
        let (to, items) = channel();
        let (ready, from) = channel();
        thread::spawn(move || {
            for (item, finds_person) in items {
                if ready
                    .send(Ready::of(item, &preprocessor, finds_person))
                    .is_err()
                {
                    return;
                }
            }
        });
        Self {
            to,
            from,
            given: VecDeque::new(),
        }
    }

    /// Gives it a video, and takes the one before where enough are in work.
    pub(crate) fn exchange(
        &mut self,
        item: VideoItem,
        finds_person: bool,
        about: T,
    ) -> anyhow::Result<Option<(Ready, T)>> {
        self.to
            .send((item, finds_person))
            .context("the thread that reads frames broke down")?;
        self.given.push_back(about);
        if self.given.len() > N_AHEAD {
            return self.next();
        }
        Ok(None)
    }

    /// The next one; `None` where it has been given no other.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<(Ready, T)>> {
        let Some(about) = self.given.pop_front() else {
            return Ok(None);
        };
        let ready = self.from.recv();
        let ready = ready.context("the thread that reads frames broke down")?;
        Ok(Some((ready, about)))
    }
}
