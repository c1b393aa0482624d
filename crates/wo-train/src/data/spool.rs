//! Videos that wait on the disk until the base model is chosen: only then is known how large its input is.

use std::fs::{self, File};
use std::io::BufRead;
use std::os::unix::fs::FileExt;

use anyhow::Context;
use wo_input::{Preprocessor, VideoItem};
use wo_record::Image;

use crate::data::builder::DatasetBuilder;
use crate::data::config::DataConfig;
use crate::data::dataset::Dataset;
use crate::data::photographs::{Look, PhotoSurvey, is_trained_on};
use crate::data::reader::{Rest, read_videos};

/// All videos of an input. Images that came within records lie in an unnamed file, so that memory does not grow with them.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    n_bytes: u64,
    videos: Vec<Waiting>,
    survey: PhotoSurvey,
    hasher: blake3::Hasher,
    rest: Rest,
}

/// A video without the images that came within its records.
#[derive(Debug)]
struct Waiting {
    item: VideoItem,
    /// The images in the file: the place of the frame, the first byte and the length.
    images: Vec<(usize, u64, usize)>,
}

impl Spool {
    /// Reads the whole input, and looks at each video.
    pub(crate) fn read(config: &DataConfig, stdin: &mut dyn BufRead) -> anyhow::Result<Self> {
        let dir = &config.cache_dir;
        let file = fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir));
        let mut this = Self {
            file: file.with_context(|| format!("create a file for frames in {}", dir.display()))?,
            n_bytes: 0,
            videos: Vec::new(),
            survey: PhotoSurvey::default(),
            hasher: blake3::Hasher::new(),
            rest: Rest::default(),
        };
        let rest = read_videos(config, stdin, &mut |item| this.add(item))?;
        Ok(Self { rest, ..this })
    }

    /// What the videos look like.
    pub(crate) fn survey(&self) -> PhotoSurvey {
        self.survey
    }

    /// Names the videos, to know them again when a run goes on.
    pub(crate) fn key(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    fn add(&mut self, mut item: VideoItem) -> anyhow::Result<()> {
        let (video, n_frames) = (&item.video, item.frames.len());
        let line = format!(
            "{} {:?} {:?} {n_frames}\n",
            video.video_id, video.exercise, video.label
        );
        self.hasher.update(line.as_bytes());
        if is_trained_on(&item) {
            self.survey.add(Look::of(&item.frames));
        }
        let mut images = Vec::new();
        for (place, frame) in item.frames.iter_mut().enumerate() {
            if let Image::Inline { jpeg_base64 } = &mut frame.frame.image {
                let text = std::mem::take(jpeg_base64);
                let written = self.file.write_all_at(text.as_bytes(), self.n_bytes);
                written.context("keep a frame beside the model")?;
                images.push((place, self.n_bytes, text.len()));
                self.n_bytes += text.len() as u64;
            }
        }
        self.videos.push(Waiting { item, images });
        Ok(())
    }

    /// The dataset for a model that takes this input.
    pub(crate) fn into_dataset(
        self,
        config: &DataConfig,
        preprocessor: &Preprocessor,
    ) -> anyhow::Result<Dataset> {
        let mut builder = DatasetBuilder::new(config, preprocessor)?.surveyed(self.survey);
        for Waiting { mut item, images } in self.videos {
            for (place, start, length) in images {
                let mut text = vec![0; length];
                let read = self.file.read_exact_at(&mut text, start);
                read.context("read a frame beside the model")?;
                if let Some(frame) = item.frames.get_mut(place) {
                    let jpeg_base64 = String::from_utf8(text).context("base64 is text")?;
                    frame.frame.image = Image::Inline { jpeg_base64 };
                }
            }
            builder.add(item)?;
        }
        Ok(self.rest.complete(builder.finish(config)?))
    }
}
