//! The dataset: labelled videos, their split, their classes and captions.

use std::collections::BTreeMap;
use std::sync::Arc;

use wo_cli::{Exit, ensure};
use wo_clip::{Class, Split, SplitVideo};
use wo_record::{Failure, PerceptualHash, Pose, Producer, RecordPath, Video};

use crate::data::frame_cache::{FrameCache, FrameId};
use crate::data::frame_captions::FrameCaptions;
use crate::data::grouping::Grouping;
use crate::data::photographs::PhotoSurvey;

/// Captions per class that are kept, the most frequent first. More only cost time in the text tower.
const CAPTIONS_PER_CLASS: usize = 16;

/// One labelled video.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) video: SplitVideo,
    /// Its name in messages.
    pub(crate) name: String,
    /// Its file, where known.
    pub(crate) path: Option<RecordPath>,
    pub(crate) class: Class,
    /// Its frames, in order.
    pub(crate) frames: Vec<FrameId>,
    /// The median sharpness of its frames, where records have it.
    pub(crate) sharpness: Option<f64>,
    /// The median brightness of its frames.
    pub(crate) brightness: Option<f64>,
    /// The pose of each frame, where all are known.
    pub(crate) poses: Vec<Pose>,
    /// Its container metadata, in the order of [`file_facts`].
    pub(crate) file_facts: Vec<Option<f64>>,
    pub(crate) captions: FrameCaptions,
    /// Perceptual hashes of its frames, where records have them. The record of the video has none: as texts they would
    /// take seven times as much.
    pub(crate) hashes: Vec<u64>,
    /// Whether it is only those frames of a video whose label differs from the video's. They are trained on, never
    /// validated on.
    pub(crate) is_part: bool,
}

impl Example {
    /// What the model keeps of the video.
    pub(crate) fn recorded_video(&self) -> SplitVideo {
        let hashes = self.hashes.iter().map(|it| PerceptualHash(*it).to_string());
        SplitVideo {
            hashes: hashes.collect(),
            ..self.video.clone()
        }
    }

    /// A video without frames.
    #[cfg(test)]
    pub(crate) fn without_frames(video: SplitVideo, class: Class) -> Self {
        Self {
            name: video.video_id.clone(),
            path: None,
            video,
            class,
            frames: Vec::new(),
            sharpness: None,
            brightness: None,
            poses: Vec::new(),
            file_facts: vec![None; 6],
            captions: FrameCaptions::default(),
            hashes: Vec::new(),
            is_part: false,
        }
    }
}

/// Container metadata of a video: length, width, height, frame rate, bit rate, size.
pub(crate) fn file_facts(video: &Video) -> Vec<Option<f64>> {
    vec![
        video.duration_ms,
        video.width_px.map(f64::from),
        video.height_px.map(f64::from),
        video.frame_rate_hz,
        video.bitrate_bps.map(|bps| bps as f64),
        video.size_bytes.map(|bytes| bytes as f64),
    ]
}

/// All labelled videos, with their split, classes and captions.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) examples: Vec<Example>,
    pub(crate) grouping: Grouping,
    pub(crate) frame_cache: Arc<FrameCache>,
    /// The classes of the training videos, sorted.
    pub(crate) classes: Vec<Class>,
    /// The distinct captions of each class in the training videos.
    pub(crate) captions: Vec<Vec<String>>,
    pub(crate) failures: Vec<Failure>,
    /// What the videos look like.
    pub(crate) photographs: PhotoSurvey,
    pub(crate) upstream: Vec<Producer>,
    /// Malformed lines that were skipped.
    pub(crate) n_skipped_lines: u64,
}

impl Dataset {
    /// The videos of one split. The training split includes frames that train with their own label.
    pub(crate) fn of(&self, split: Split) -> Vec<&Example> {
        let is_used = |it: &&Example| !it.is_part || split == Split::Train;
        let of_split = self.examples.iter().filter(|it| it.video.split == split);
        of_split.filter(is_used).collect()
    }

    /// The videos of one split, each once.
    pub(crate) fn videos(&self, split: Split) -> Vec<&Example> {
        let mut videos = self.of(split);
        videos.retain(|it| !it.is_part);
        videos
    }

    /// The same videos with the splits that `split_of` gives, and the classes of the new training split.
    pub(crate) fn resplit(&self, split_of: impl Fn(&Example) -> Split) -> anyhow::Result<Self> {
        let mut examples = self.examples.clone();
        for example in &mut examples {
            example.video.split = split_of(example);
        }
        let (classes, captions) = classes_and_captions(&examples)?;
        Ok(Self {
            examples,
            grouping: self.grouping.clone(),
            frame_cache: Arc::clone(&self.frame_cache),
            classes,
            captions,
            failures: Vec::new(),
            photographs: self.photographs,
            upstream: Vec::new(),
            n_skipped_lines: 0,
        })
    }

    /// A hash of what the result of a run depends on beside its flags: videos, numbers of frames, classes, captions and
    /// splits.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for example in &self.examples {
            let video = example.recorded_video();
            let Example {
                class,
                frames,
                captions,
                ..
            } = example;
            let line = format!("{video:?} {class:?} {} {captions:?}\n", frames.len());
            hasher.update(line.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The index of a class; `None` for one without training videos.
    pub(crate) fn class_index(&self, class: &Class) -> Option<usize> {
        self.classes.binary_search(class).ok()
    }
}

/// The classes of the training videos, sorted, and the captions of each.
pub(crate) fn classes_and_captions(
    examples: &[Example],
) -> anyhow::Result<(Vec<Class>, Vec<Vec<String>>)> {
    let mut by_class: BTreeMap<Class, BTreeMap<&str, usize>> = BTreeMap::new();
    for example in examples.iter().filter(|e| e.video.split == Split::Train) {
        let captions = by_class.entry(example.class.clone()).or_default();
        for (caption, n) in example.captions.runs() {
            *captions.entry(caption).or_default() += n;
        }
    }
    ensure!(
        by_class.len() > 1,
        Exit::Integrity,
        "all training videos are of one class, so there is nothing to distinguish"
    );
    Ok(by_class
        .into_iter()
        .map(|(class, captions)| (class, most_frequent(captions)))
        .unzip())
}

fn most_frequent(captions: BTreeMap<&str, usize>) -> Vec<String> {
    let mut captions: Vec<_> = captions.into_iter().collect();
    captions.sort_by_key(|&(caption, n)| (std::cmp::Reverse(n), caption));
    captions.truncate(CAPTIONS_PER_CLASS);
    captions
        .into_iter()
        .map(|(caption, _)| caption.to_owned())
        .collect()
}
