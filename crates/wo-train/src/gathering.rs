//! From videos as they come in to examples that are split, with their pictures in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use wo_clip::{Class, Split, SplitVideo};
use wo_input::{FrameItem, Preprocessor, VideoItem};
use wo_record::{Failure, Name, Quality, UNCLEAR, Video, code, group_of};

use crate::args::Args;
use crate::data::{Dataset, Example, file_facts};
use crate::pictures::{PictureId, Pictures};
use crate::split::{Candidate, Shares, split_groups};

/// Captions of one class that are kept, the most frequent first. More only cost time in the text tower.
const CAPTIONS_A_CLASS: usize = 16;

/// What came in, before the split is known.
struct Labelled {
    item: VideoItem,
    class: Class,
    frames: Vec<PictureId>,
    hashes: Vec<u64>,
    sharpness: Option<f64>,
    brightness: Option<f64>,
    captions: Vec<String>,
}

/// What has come in so far.
pub(crate) struct Gathering {
    pictures: Pictures,
    videos: Vec<Labelled>,
    failures: Vec<Failure>,
    n_unlabelled: u64,
    n_unclear: u64,
    n_undescribed: u64,
}

impl Gathering {
    /// Nothing yet; pictures go into a file in the folder `beside`, or stay where they are if it `is_lazy`.
    pub(crate) fn new(
        preprocessor: &Preprocessor,
        beside: &Path,
        is_lazy: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            pictures: Pictures::new(preprocessor, beside, is_lazy)?,
            videos: Vec::new(),
            failures: Vec::new(),
            n_unlabelled: 0,
            n_unclear: 0,
            n_undescribed: 0,
        })
    }

    pub(crate) fn add(&mut self, mut item: VideoItem) -> anyhow::Result<()> {
        let Some(label) = majority_label(&item.frames) else {
            self.n_unlabelled += 1;
            return Ok(());
        };
        if label.as_str() == UNCLEAR {
            self.n_unclear += 1;
            return Ok(());
        }
        let Some(exercise) = item.video.exercise.clone() else {
            self.n_unlabelled += 1;
            return Ok(());
        };
        // A frame that a person labelled otherwise (standing, walking in) says nothing about this video's class.
        item.frames
            .retain(|frame| frame.frame.label.as_ref() == Some(&label));
        let captions: Vec<String> = item
            .frames
            .iter()
            .filter_map(|f| f.frame.description.clone())
            .collect();
        if captions.is_empty() {
            self.n_undescribed += 1;
            return Ok(());
        }
        let faults: BTreeSet<Name> = item
            .frames
            .iter()
            .flat_map(|f| f.frame.faults.iter().cloned())
            .collect();
        let (sharpness, brightness) = (
            median_of(&item.frames, |quality| quality.sharpness),
            median_of(&item.frames, |quality| quality.brightness),
        );
        let (frames, hashes) = self.load(&mut item)?;
        if !frames.is_empty() {
            item.video.label = Some(label.clone());
            let class = Class {
                exercise,
                label,
                faults: faults.into_iter().collect(),
            };
            self.videos.push(Labelled {
                item,
                class,
                frames,
                hashes,
                sharpness,
                brightness,
                captions,
            });
        }
        Ok(())
    }

    /// Moves the frames into the store. One that does not load is reported and left out.
    fn load(&mut self, item: &mut VideoItem) -> anyhow::Result<(Vec<PictureId>, Vec<u64>)> {
        let loaded: Vec<_> = item
            .frames
            .par_iter()
            .map(|frame| self.pictures.look(frame))
            .collect();
        let (mut frames, mut hashes) = (Vec::new(), Vec::new());
        for (result, frame) in loaded.into_iter().zip(std::mem::take(&mut item.frames)) {
            match result {
                Ok(looked) => {
                    let quality = frame.frame.quality.as_ref();
                    hashes.extend(
                        quality.and_then(|it| u64::from_str_radix(&it.perceptual_hash, 16).ok()),
                    );
                    frames.push(self.pictures.add(frame, &looked)?);
                }
                Err(error) => {
                    let what = format!(
                        "frame {}: {:#}",
                        frame.frame.index,
                        anyhow::Error::new(error)
                    );
                    wo_cli::warn!("{}: {what}", name_of(&item.video));
                    self.failures.push(Failure {
                        code: code::BAD_IMAGE.to_owned(),
                        what,
                        tool: crate::TOOL.to_owned(),
                        path: item.video.path.clone(),
                        video_id: Some(item.video.video_id.clone()),
                    });
                }
            }
        }
        Ok((frames, hashes))
    }

    pub(crate) fn report(&self) {
        for (n, why) in [
            (self.n_unlabelled, "have no label or exercise"),
            (self.n_unclear, "are labelled unclear"),
            (
                self.n_undescribed,
                "have no description (wo-describe writes them)",
            ),
        ] {
            if n > 0 {
                wo_cli::warn!("{n} videos {why} and are left out");
            }
        }
    }

    pub(crate) fn finish(mut self, args: &Args) -> anyhow::Result<Dataset> {
        anyhow::ensure!(
            !self.videos.is_empty(),
            "there is no labelled and described video to train on\n\
             hint: put videos under <exercise>/<label>/ and pipe wo-extract DIR | wo-describe | wo-train"
        );
        refuse_conflicts(&self.videos)?;
        let candidates: Vec<Candidate> = self
            .videos
            .iter()
            .map(|v| Candidate {
                group: group_of(&v.item.video),
                exercise: v.class.exercise.clone(),
                label: v.class.label.clone(),
            })
            .collect();
        let shares = Shares {
            validation: args.parts.validation,
            test: args.parts.test,
        };
        let splits = split_groups(&candidates, shares, args.seed.seed)?;
        let examples: Vec<Example> = std::mem::take(&mut self.videos)
            .into_iter()
            .zip(candidates)
            .map(|(labelled, candidate)| example(labelled, splits[&candidate.group], candidate))
            .collect();
        let (classes, captions) = classes_and_captions(&examples)?;
        Ok(Dataset {
            examples,
            pictures: Arc::new(self.pictures),
            classes,
            captions,
            failures: self.failures,
            upstream: Vec::new(),
            n_skipped_lines: 0,
        })
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
    anyhow::ensure!(
        by_class.len() > 1,
        "all training videos are of one class, so there is nothing to tell apart"
    );
    Ok(by_class
        .into_iter()
        .map(|(class, captions)| (class, most_frequent(captions)))
        .unzip())
}

fn example(labelled: Labelled, split: Split, candidate: Candidate) -> Example {
    let Labelled {
        item,
        class,
        frames,
        hashes,
        sharpness,
        brightness,
        captions,
    } = labelled;
    Example {
        name: name_of(&item.video),
        path: item.video.path.clone(),
        file_facts: file_facts(&item.video),
        video: SplitVideo {
            video_id: item.video.video_id,
            group: candidate.group,
            split,
            exercise: class.exercise.clone(),
            label: class.label.clone(),
            faults: class.faults.clone(),
            angle: item.video.angle,
            duration_ms: item.video.duration_ms,
            hashes: hashes.iter().map(|hash| format!("{hash:016x}")).collect(),
        },
        class,
        // A frame that did not load leaves a gap that would put poses beside the wrong frames.
        poses: if item.poses.len() == frames.len() {
            item.poses
        } else {
            Vec::new()
        },
        sharpness,
        brightness,
        // As with poses.
        hashes: if hashes.len() == frames.len() {
            hashes
        } else {
            Vec::new()
        },
        frames,
        captions,
    }
}

fn median_of(frames: &[FrameItem], number: fn(&Quality) -> f64) -> Option<f64> {
    let of_frames = frames.iter().filter_map(|it| it.frame.quality.as_ref());
    let mut numbers: Vec<f64> = of_frames.map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

fn name_of(video: &Video) -> String {
    video
        .path
        .as_ref()
        .map_or_else(|| video.video_id.clone(), ToString::to_string)
}

/// The label of most frames; of two as frequent, the first by name. Unclear only where nothing else is there.
fn majority_label(frames: &[FrameItem]) -> Option<Name> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for label in frames.iter().filter_map(|frame| frame.frame.label.as_ref()) {
        *counts.entry(label).or_default() += 1;
    }
    let rank = |(label, n): &(&Name, usize)| (label.as_str() != UNCLEAR, *n);
    counts
        .into_iter()
        .rev()
        .max_by_key(rank)
        .map(|(label, _)| label.clone())
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

/// The same video with two labels, or in two groups, cannot be on one side of anything.
fn refuse_conflicts(videos: &[Labelled]) -> anyhow::Result<()> {
    let mut seen: BTreeMap<&str, &Labelled> = BTreeMap::new();
    for labelled in videos {
        let Some(first) = seen.insert(&labelled.item.video.video_id, labelled) else {
            continue;
        };
        let name = |l: &Labelled| name_of(&l.item.video);
        anyhow::bail!(
            "the same video came twice: {} as {} and {} as {}\nhint: keep one of the two files",
            name(first),
            first.class.label,
            name(labelled),
            labelled.class.label
        );
    }
    Ok(())
}
