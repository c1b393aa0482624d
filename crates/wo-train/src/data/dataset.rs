//! The training run's videos: who is where, what they are told apart by, and where their pictures are.

use std::collections::BTreeMap;
use std::sync::Arc;

use wo_cli::{Exit, ensure};
use wo_clip::{Class, Split, SplitVideo};
use wo_record::{Failure, Pose, Producer, RecordPath, Video};

use crate::data::frame_cache::{FrameCache, FrameId};

/// Captions of one class that are kept, the most frequent first. More only cost time in the text tower.
const CAPTIONS_A_CLASS: usize = 16;

/// One labelled video.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) video: SplitVideo,
    /// What to call it in messages.
    pub(crate) name: String,
    /// Its file, where that is known.
    pub(crate) path: Option<RecordPath>,
    pub(crate) class: Class,
    /// Its frames, in order.
    pub(crate) frames: Vec<FrameId>,
    /// The median sharpness of its frames, where they came with it.
    pub(crate) sharpness: Option<f64>,
    /// Their median brightness.
    pub(crate) brightness: Option<f64>,
    /// The pose of each frame, where all of them are known.
    pub(crate) poses: Vec<Pose>,
    /// What is known of its file, in the order of [`file_facts`].
    pub(crate) file_facts: Vec<Option<f64>>,
    pub(crate) captions: Vec<String>,
    /// Whether it is those frames of a video that say otherwise than most of them: they are trained on, and judge nothing.
    pub(crate) is_part: bool,
}

impl Example {
    /// A video that is looked at nowhere.
    #[cfg(test)]
    pub(crate) fn without_pictures(video: SplitVideo, class: Class) -> Self {
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
            captions: Vec::new(),
            is_part: false,
        }
    }
}

/// What is known of a video's file without a look at its pictures: length, width, height, frame rate, bit rate, size.
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

/// All labelled videos, split, and what they are told apart by.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) examples: Vec<Example>,
    pub(crate) frame_cache: Arc<FrameCache>,
    /// The classes of the training videos, in order.
    pub(crate) classes: Vec<Class>,
    /// The distinct captions of each class in the training videos.
    pub(crate) captions: Vec<Vec<String>>,
    pub(crate) failures: Vec<Failure>,
    /// Whether most frames look like photographs.
    pub(crate) are_photographs: bool,
    pub(crate) upstream: Vec<Producer>,
    /// Bad lines that were skipped.
    pub(crate) n_skipped_lines: u64,
}

impl Dataset {
    /// The videos of one part; of the training part also those frames of them that train with a label of their own.
    pub(crate) fn of(&self, split: Split) -> Vec<&Example> {
        let is_used = |it: &&Example| !it.is_part || split == Split::Train;
        let of_split = self.examples.iter().filter(|it| it.video.split == split);
        of_split.filter(is_used).collect()
    }

    /// The videos of one part, each once.
    pub(crate) fn videos(&self, split: Split) -> Vec<&Example> {
        let mut videos = self.of(split);
        videos.retain(|it| !it.is_part);
        videos
    }

    /// The same videos, of which `split_of` says where each goes; with the classes of what is then trained on.
    pub(crate) fn resplit(&self, split_of: impl Fn(&Example) -> Split) -> anyhow::Result<Self> {
        let mut examples = self.examples.clone();
        for example in &mut examples {
            example.video.split = split_of(example);
        }
        let (classes, captions) = classes_and_captions(&examples)?;
        Ok(Self {
            examples,
            frame_cache: Arc::clone(&self.frame_cache),
            classes,
            captions,
            failures: Vec::new(),
            are_photographs: self.are_photographs,
            upstream: Vec::new(),
            n_skipped_lines: 0,
        })
    }

    /// What the run's result depends on beside its flags, as a hash: which videos with which frames, classes, captions and
    /// splits.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for example in &self.examples {
            let Example {
                video,
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

    /// The number of a class; `None` for one that no training video shows.
    pub(crate) fn class_index(&self, class: &Class) -> Option<usize> {
        self.classes.binary_search(class).ok()
    }
}

/// The classes of the training videos, in order, and the captions of each.
pub(crate) fn classes_and_captions(
    examples: &[Example],
) -> anyhow::Result<(Vec<Class>, Vec<Vec<String>>)> {
    let mut by_class: BTreeMap<Class, BTreeMap<&str, usize>> = BTreeMap::new();
    for example in examples.iter().filter(|e| e.video.split == Split::Train) {
        let captions = by_class.entry(example.class.clone()).or_default();
        for caption in &example.captions {
            *captions.entry(caption).or_default() += 1;
        }
    }
    ensure!(
        by_class.len() > 1,
        Exit::Integrity,
        "all training videos are of one class, so there is nothing to tell apart"
    );
    Ok(by_class
        .into_iter()
        .map(|(class, captions)| (class, most_frequent(captions)))
        .unzip())
}

fn most_frequent(captions: BTreeMap<&str, usize>) -> Vec<String> {
    let mut captions: Vec<_> = captions.into_iter().collect();
    captions.sort_by_key(|&(caption, n)| (std::cmp::Reverse(n), caption));
    captions.truncate(CAPTIONS_A_CLASS);
    captions
        .into_iter()
        .map(|(caption, _)| caption.to_owned())
        .collect()
}
