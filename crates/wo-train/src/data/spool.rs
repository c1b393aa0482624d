//! Videos that wait on the disk until the base model is chosen: only then is known how large its input is.
//!
//! In memory are eight bytes for each video, whatever its frames.

use std::fs::{self, File};
use std::io::BufRead;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wo_input::{FrameItem, Preprocessor, Span, VideoItem};
use wo_record::{Frame, Pose, RecordPath, Video};

use crate::data::builder::DatasetBuilder;
use crate::data::config::DataConfig;
use crate::data::dataset::Dataset;
use crate::data::frame_location::{read_entry, write_entry};
use crate::data::photographs::{Look, PhotoSurvey, is_trained_on};
use crate::data::reader::{Rest, read_videos};

/// All videos of an input, in an unnamed file, so that memory does not grow with them.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    n_bytes: u64,
    /// The first byte of each video in the file.
    firsts: Vec<u64>,
    survey: PhotoSurvey,
    hasher: blake3::Hasher,
    rest: Rest,
}

/// A video as it lies in the file.
#[derive(Serialize, Deserialize)]
struct Waiting {
    video: Video,
    frames: Vec<WaitingFrame>,
    poses: Vec<Pose>,
}

#[derive(Serialize, Deserialize)]
struct WaitingFrame {
    frame: Frame,
    base: RecordPath,
    span: Option<Span>,
}

impl From<VideoItem> for Waiting {
    fn from(item: VideoItem) -> Self {
        let waiting = |FrameItem { frame, base, span }| WaitingFrame {
            frame,
            base: base.into(),
            span,
        };
        Self {
            video: item.video,
            frames: item.frames.into_iter().map(waiting).collect(),
            poses: item.poses,
        }
    }
}

impl From<Waiting> for VideoItem {
    fn from(waiting: Waiting) -> Self {
        let item = |WaitingFrame { frame, base, span }| FrameItem {
            frame,
            base: base.as_path().to_owned(),
            span,
        };
        Self {
            video: waiting.video,
            frames: waiting.frames.into_iter().map(item).collect(),
            poses: waiting.poses,
        }
    }
}

impl Spool {
    /// Reads the whole input, and looks at each video.
    pub(crate) fn read(config: &DataConfig, stdin: &mut dyn BufRead) -> anyhow::Result<Self> {
        let dir = &config.cache_dir;
        let file = fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir));
        let mut this = Self {
            file: file.with_context(|| format!("create a file for frames in {}", dir.display()))?,
            n_bytes: 0,
            firsts: Vec::new(),
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

    fn add(&mut self, item: VideoItem) -> anyhow::Result<()> {
        let (video, n_frames) = (&item.video, item.frames.len());
        let line = format!(
            "{} {:?} {:?} {n_frames}\n",
            video.video_id, video.exercise, video.label
        );
        self.hasher.update(line.as_bytes());
        if is_trained_on(&item) {
            self.survey.add(Look::of(&item.frames));
        }
        let bytes = serde_json::to_vec(&Waiting::from(item)).context("keep a video")?;
        self.firsts.push(self.n_bytes);
        self.n_bytes += write_entry(&self.file, self.n_bytes, &bytes)?;
        Ok(())
    }

    /// The dataset for a model that takes this input.
    pub(crate) fn into_dataset(
        self,
        config: &DataConfig,
        preprocessor: &Preprocessor,
    ) -> anyhow::Result<Dataset> {
        let mut builder = DatasetBuilder::new(config, preprocessor)?.surveyed(self.survey);
        for first in self.firsts {
            let bytes = read_entry(&self.file, first)?;
            let waiting: Waiting = serde_json::from_slice(&bytes).context("read a kept video")?;
            builder.add(waiting.into())?;
        }
        Ok(self.rest.complete(builder.finish(config)?))
    }
}
