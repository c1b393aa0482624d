//! Builds the dataset: collects videos as they come in, excludes those that cannot be used, then splits the rest.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use image::RgbImage;
use rayon::prelude::*;
use wo_cli::{Exit, ensure};
use wo_clip::{Class, Split, SplitVideo};
use wo_input::{FrameItem, Preprocessor, VideoItem};
use wo_picture::Fingerprint;
use wo_record::{Failure, Group, Name, Quality, UNCLEAR, Video, code, keys_of};

use crate::data::config::{DataConfig, Mixed};
use crate::data::dataset::{Dataset, Example, classes_and_captions, file_facts};
use crate::data::duplicates;
use crate::data::excluded::Exclusions;
use crate::data::frame_cache::{FrameCache, FrameId, Storage};
use crate::data::frame_captions::{CaptionPool, FrameCaptions};
use crate::data::grouping::Grouping;
use crate::data::labelled::{Labelled, Part, name_of};
use crate::data::photographs::{Look, PhotoSurvey};
use crate::data::split::{Candidate, split_groups};

/// Videos that are looked at for a warning where the base model is named; more add no certainty.
const MAX_SURVEYED: usize = 64;

/// The frames of a video that load.
#[derive(Default)]
struct Loaded {
    frames: Vec<FrameId>,
    hashes: Vec<u64>,
    small: Vec<RgbImage>,
}

/// Collects the videos of a dataset.
pub(crate) struct DatasetBuilder {
    frame_cache: FrameCache,
    caption_pool: CaptionPool,
    mixed: Mixed,
    videos: Vec<Labelled>,
    failures: Vec<Failure>,
    exclusions: Exclusions,
    photo_survey: PhotoSurvey,
    /// How many videos are still to be looked at.
    n_to_survey: usize,
}

impl DatasetBuilder {
    /// An empty one.
    pub(crate) fn new(config: &DataConfig, preprocessor: &Preprocessor) -> anyhow::Result<Self> {
        Ok(Self {
            frame_cache: FrameCache::new(preprocessor, &config.cache_dir, config.storage)?,
            caption_pool: CaptionPool::default(),
            mixed: config.mixed,
            videos: Vec::new(),
            failures: Vec::new(),
            exclusions: Exclusions::default(),
            photo_survey: PhotoSurvey::default(),
            n_to_survey: match config.storage {
                Storage::Unread => 0,
                Storage::Pixels | Storage::Files => MAX_SURVEYED,
            },
        })
    }

    /// The same where all videos have been looked at.
    pub(crate) fn surveyed(mut self, survey: PhotoSurvey) -> Self {
        (self.photo_survey, self.n_to_survey) = (survey, 0);
        self
    }

    /// Adds a video, or notes why it is excluded.
    pub(crate) fn add(&mut self, mut item: VideoItem) -> anyhow::Result<()> {
        let settled = item.settle();
        let name = name_of(&item.video);
        if !settled.tied.is_empty() {
            let tied = settled.tied.iter().map(Name::as_str);
            let tied = tied.collect::<Vec<_>>().join(" and ");
            self.exclusions.tied.push(format!("{name} ({tied})"));
            return Ok(());
        }
        let (Some(exercise), Some(label)) = (item.video.exercise.clone(), item.video.label.clone())
        else {
            self.exclusions.unlabelled.push(name);
            return Ok(());
        };
        if label.as_str() == UNCLEAR {
            self.exclusions.unclear.push(name);
            return Ok(());
        }
        let contrary = take_frames(&mut item, &settled.contrary);
        let captions = self.captions_of(&item.frames);
        if captions.is_empty() {
            self.exclusions.undescribed.push(name);
            return Ok(());
        }
        let parts = self.take_contrary(contrary, &item.video)?;
        let (sharpness, brightness) = (
            median_of(&item.frames, |quality| quality.sharpness),
            median_of(&item.frames, |quality| quality.brightness),
        );
        let class = Class {
            exercise,
            label,
            faults: faults_of(&item.frames),
        };
        if self.n_to_survey > 0 {
            self.n_to_survey -= 1;
            self.photo_survey.add(Look::of(&item.frames));
        }
        let frames = std::mem::take(&mut item.frames);
        let Loaded {
            frames,
            hashes,
            small,
        } = self.load(frames, &item.video)?;
        if !frames.is_empty() {
            self.videos.push(Labelled {
                item,
                class,
                frames,
                hashes,
                fingerprint: Fingerprint::of(&small),
                sharpness,
                brightness,
                captions,
                parts,
            });
        }
        Ok(())
    }

    /// Counts the frames whose label differs from their video's. Returns those that train with their own label.
    fn take_contrary(
        &mut self,
        contrary: Vec<FrameItem>,
        video: &Video,
    ) -> anyhow::Result<Vec<Part>> {
        if contrary.is_empty() {
            return Ok(Vec::new());
        }
        self.exclusions.mixed.push(name_of(video));
        self.exclusions.n_contrary += contrary.len();
        if self.mixed == Mixed::LeaveOut {
            return Ok(Vec::new());
        }
        let mut by_name: BTreeMap<(Name, Name), Vec<FrameItem>> = BTreeMap::new();
        for item in contrary {
            let frame = &item.frame;
            match (frame.exercise.clone(), frame.label.clone()) {
                (Some(exercise), Some(label)) if label.as_str() != UNCLEAR => {
                    by_name.entry((exercise, label)).or_default().push(item);
                }
                _ => self.exclusions.n_unclear_frames += 1,
            }
        }
        let mut parts = Vec::new();
        for ((exercise, label), frames) in by_name {
            let captions = self.captions_of(&frames);
            let faults = faults_of(&frames);
            if captions.is_empty() {
                self.exclusions
                    .undescribed
                    .push(format!("{} as {label}", name_of(video)));
                continue;
            }
            let frames = self.load(frames, video)?.frames;
            let class = Class {
                exercise,
                label,
                faults,
            };
            parts.extend((!frames.is_empty()).then_some(Part {
                class,
                frames,
                captions,
            }));
        }
        Ok(parts)
    }

    /// Moves frames into the cache. A frame that does not load is reported and skipped.
    fn load(&mut self, frames: Vec<FrameItem>, video: &Video) -> anyhow::Result<Loaded> {
        let loaded: Vec<_> = frames
            .par_iter()
            .map(|frame| self.frame_cache.prepare(frame))
            .collect();
        let mut all = Loaded {
            frames: Vec::with_capacity(frames.len()),
            ..Loaded::default()
        };
        for (result, frame) in loaded.into_iter().zip(frames) {
            match result {
                Ok(prepared) => {
                    let quality = frame.frame.quality.as_ref();
                    all.hashes.extend(quality.and_then(|it| Some(it.hash()?.0)));
                    all.frames.push(self.frame_cache.add(&frame, &prepared)?);
                    all.small.extend(prepared.small);
                }
                Err(error) => {
                    let what = format!(
                        "frame {}: {:#}",
                        frame.frame.index,
                        anyhow::Error::new(error)
                    );
                    wo_cli::warn!("{}: {what}", name_of(video));
                    self.failures.push(Failure {
                        code: code::BAD_IMAGE.to_owned(),
                        what,
                        tool: crate::TOOL.to_owned(),
                        path: video.path.clone(),
                        video_id: Some(video.video_id.clone()),
                    });
                }
            }
        }
        all.hashes.shrink_to_fit();
        Ok(all)
    }

    fn captions_of(&mut self, frames: &[FrameItem]) -> FrameCaptions {
        let texts = frames
            .iter()
            .filter_map(|it| it.frame.description.as_deref());
        self.caption_pool.captions(texts)
    }

    /// Splits what was added.
    pub(crate) fn finish(mut self, config: &DataConfig) -> anyhow::Result<Dataset> {
        let describe = &config.describe_command();
        for sentence in self.exclusions.sentences(self.mixed, describe) {
            wo_cli::warn_line(&sentence);
        }
        ensure!(
            !self.videos.is_empty(),
            Exit::Integrity,
            "no labelled and described video to train on";
            "{}",
            if self.exclusions.undescribed.is_empty() {
                "put videos under <exercise>/<label>/, such as squat/good_form/, and pipe: wo-extract DIR | wo-describe | wo-train"
            } else {
                describe
            }
        );
        let videos = std::mem::take(&mut self.videos);
        let sorted = duplicates::sort(videos, config.near_duplicates, config.group_by)?;
        for sentence in &sorted.sentences {
            wo_cli::warn!("{sentence}");
        }
        ensure!(
            !sorted.videos.is_empty(),
            Exit::Integrity,
            "no video is left to train on: each exists under two labels";
            "remove one of each two files listed above, or give both the same label"
        );
        self.failures.extend(sorted.failures);
        let grouping = Grouping::of(&sorted.videos, config.group_by);
        for warning in grouping.warnings() {
            wo_cli::warn_line(&warning);
        }
        let examples = split_examples(sorted.videos, sorted.groups, config);
        let examples = grouping.explained(examples)?;
        let (classes, captions) = classes_and_captions(&examples)?;
        Ok(Dataset {
            examples,
            grouping,
            frame_cache: Arc::new(self.frame_cache),
            classes,
            captions,
            failures: self.failures,
            photographs: self.photo_survey,
            upstream: Vec::new(),
            n_skipped_lines: 0,
        })
    }
}

/// Splits the groups, and gives each video the split of its group.
fn split_examples(
    videos: Vec<Labelled>,
    groups: Vec<Group>,
    config: &DataConfig,
) -> anyhow::Result<Vec<Example>> {
    let candidates: Vec<Candidate> = videos
        .iter()
        .zip(groups)
        .map(|(video, group)| Candidate {
            group,
            exercise: video.class.exercise.clone(),
            label: video.class.label.clone(),
        })
        .collect();
    let splits = split_groups(&candidates, config.fractions, config.seed)?;
    let examples_of = |(labelled, candidate): (Labelled, Candidate)| {
        let split = splits[&candidate.group];
        examples(labelled, split, candidate)
    };
    let videos = videos.into_iter().zip(candidates);
    Ok(videos.flat_map(examples_of).collect())
}

/// A video, followed by those of its frames that train with their own label.
fn examples(mut labelled: Labelled, split: Split, candidate: Candidate) -> Vec<Example> {
    let parts = std::mem::take(&mut labelled.parts);
    let whole = example(labelled, split, candidate);
    let part = |it: Part| {
        let mut video = whole.video.clone();
        (video.exercise, video.label) = (it.class.exercise.clone(), it.class.label.clone());
        video.faults.clone_from(&it.class.faults);
        video.fingerprint = None;
        Example {
            video,
            class: it.class,
            frames: it.frames,
            captions: it.captions,
            poses: Vec::new(),
            hashes: Vec::new(),
            is_part: true,
            ..whole.clone()
        }
    };
    let parts: Vec<Example> = parts.into_iter().map(part).collect();
    std::iter::once(whole).chain(parts).collect()
}

fn example(labelled: Labelled, split: Split, candidate: Candidate) -> Example {
    let Labelled {
        item,
        class,
        frames,
        hashes,
        fingerprint,
        sharpness,
        brightness,
        captions,
        parts: _,
    } = labelled;
    Example {
        name: name_of(&item.video),
        path: item.video.path.clone(),
        file_facts: file_facts(&item.video),
        video: SplitVideo {
            keys: keys_of(&item.video),
            video_id: item.video.video_id,
            group: candidate.group,
            split,
            exercise: class.exercise.clone(),
            label: class.label.clone(),
            faults: class.faults.clone(),
            angle: item.video.angle,
            duration_ms: item.video.duration_ms,
            // Written as texts where they leave the run.
            hashes: Vec::new(),
            fingerprint: fingerprint.map(|it| it.to_text()),
        },
        class,
        // After a frame that did not load, poses and frames no longer match.
        poses: if item.poses.len() == frames.len() {
            item.poses
        } else {
            Vec::new()
        },
        sharpness,
        brightness,
        hashes,
        frames,
        captions,
        is_part: false,
    }
}

/// Removes the frames at these indices from a video, with their poses. Returns the frames.
fn take_frames(item: &mut VideoItem, indices: &[usize]) -> Vec<FrameItem> {
    let indices: HashSet<usize> = indices.iter().copied().collect();
    let frames = std::mem::take(&mut item.frames).into_iter().enumerate();
    let (taken, left): (Vec<_>, Vec<_>) = frames.partition(|(index, _)| indices.contains(index));
    let without_index = |frames: Vec<(usize, FrameItem)>| -> Vec<FrameItem> {
        frames.into_iter().map(|(_, frame)| frame).collect()
    };
    item.frames = without_index(left);
    let taken = without_index(taken);
    let indices: HashSet<u32> = taken.iter().map(|it| it.frame.index).collect();
    item.poses.retain(|pose| !indices.contains(&pose.index));
    taken
}

fn faults_of(frames: &[FrameItem]) -> Vec<Name> {
    let all: BTreeSet<&Name> = frames.iter().flat_map(|it| &it.frame.faults).collect();
    all.into_iter().cloned().collect()
}

fn median_of(frames: &[FrameItem], number: fn(&Quality) -> f64) -> Option<f64> {
    let of_frames = frames.iter().filter_map(|it| it.frame.quality.as_ref());
    wo_picture::median(of_frames.map(number))
}
