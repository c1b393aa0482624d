//! The training run's videos in memory: who is where, and small squares of pixels.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use image::RgbImage;
use rayon::prelude::*;
use wo_cli::{OnError, open_input};
use wo_clip::{Class, Split, SplitVideo};
use wo_input::{FrameItem, Preprocessor, VideoItem, videos_of_data_dir, videos_of_stream};
use wo_record::{Failure, Name, Pose, Producer, ReadError, Reader, UNCLEAR, code, group_of};

use crate::args::Args;
use crate::split::{Candidate, Parts, split_groups};

/// Training frames are kept this much larger than the model looks at, so that a crop has room to move.
const MARGIN: f64 = 1.15;
/// Captions of one class that are kept, the most frequent first. More only cost time in the text tower.
const CAPTIONS_A_CLASS: usize = 16;

/// One labelled video.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) video: SplitVideo,
    pub(crate) class: Class,
    /// Squares: larger than the model's for training, exactly the model's for validation, none for test.
    pub(crate) frames: Vec<RgbImage>,
    /// The pose of each frame, where all of them are known.
    pub(crate) poses: Vec<Pose>,
    captions: Vec<String>,
}

/// All labelled videos, split, and what they are told apart by.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) examples: Vec<Example>,
    /// The classes of the training videos, in order.
    pub(crate) classes: Vec<Class>,
    /// The distinct captions of each class in the training videos.
    pub(crate) captions: Vec<Vec<String>>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) upstream: Vec<Producer>,
    /// Bad lines that were skipped.
    pub(crate) n_skipped_lines: u64,
}

/// What came in, before the split is known.
struct Labelled {
    item: VideoItem,
    class: Class,
    frames: Vec<RgbImage>,
    captions: Vec<String>,
}

impl Dataset {
    /// Reads, checks, splits and shrinks the input of a run.
    pub(crate) fn read(
        args: &Args,
        stdin: &mut dyn BufRead,
        preprocessor: &Preprocessor,
    ) -> anyhow::Result<Self> {
        let side = (f64::from(preprocessor.crop) * MARGIN).round() as u32;
        let mut gathering = Gathering {
            side,
            ..Gathering::default()
        };
        let (failures, upstream, n_skipped_lines) = if let Some(directory) = &args.data_dir {
            let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", directory.display());
            let skips = args.reading.on_error == OnError::Skip;
            let left = videos_of_data_dir(
                directory,
                args.reading.max_line,
                skips.then_some(&mut warn),
                &mut |item| {
                    gathering.add(item);
                    Ok(())
                },
            )?;
            (left.failures, Vec::new(), left.n_skipped)
        } else {
            let (name, mut input) = open_input(args.input.as_deref(), stdin)?;
            let base = args
                .input
                .as_deref()
                .and_then(Path::parent)
                .unwrap_or(Path::new(""))
                .to_owned();
            let mut reader = Reader::new(&mut *input, args.reading.max_line);
            if args.reading.on_error == OnError::Skip {
                reader.skip_bad_lines(|bad| wo_cli::warn!("{bad}"));
            }
            let failures = videos_of_stream(&mut reader, &base, &mut |item| {
                gathering.add(item);
                Ok(())
            })
            .context(name)?;
            (failures, reader.producers().to_vec(), reader.n_skipped())
        };
        gathering.report();
        let mut this = gathering.finish(args, preprocessor)?;
        this.failures.extend(failures);
        this.upstream = upstream;
        this.n_skipped_lines = n_skipped_lines;
        Ok(this)
    }

    /// The videos of one part.
    pub(crate) fn of(&self, split: Split) -> Vec<&Example> {
        self.examples
            .iter()
            .filter(|example| example.video.split == split)
            .collect()
    }

    /// The number of a class; `None` for one that no training video shows.
    pub(crate) fn class_index(&self, class: &Class) -> Option<usize> {
        self.classes.binary_search(class).ok()
    }
}

#[derive(Default)]
struct Gathering {
    side: u32,
    videos: Vec<Labelled>,
    failures: Vec<Failure>,
    n_unlabelled: u64,
    n_unclear: u64,
    n_undescribed: u64,
}

impl Gathering {
    fn add(&mut self, mut item: VideoItem) {
        let Some(label) = majority_label(&item.frames) else {
            self.n_unlabelled += 1;
            return;
        };
        if label.as_str() == UNCLEAR {
            self.n_unclear += 1;
            return;
        }
        let Some(exercise) = item.video.exercise.clone() else {
            self.n_unlabelled += 1;
            return;
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
            return;
        }
        let faults: BTreeSet<Name> = item
            .frames
            .iter()
            .flat_map(|f| f.frame.faults.iter().cloned())
            .collect();
        let frames = self.load(&item);
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
                captions,
            });
        }
    }

    /// The frames as squares with a margin. One that does not load is reported and left out.
    fn load(&mut self, item: &VideoItem) -> Vec<RgbImage> {
        let loaded: Vec<_> = item
            .frames
            .par_iter()
            .map(|frame| frame.load().map(|p| square(&p, self.side)))
            .collect();
        let mut frames = Vec::new();
        for (result, frame) in loaded.into_iter().zip(&item.frames) {
            match result {
                Ok(picture) => frames.push(picture),
                Err(error) => {
                    let what = format!(
                        "frame {}: {:#}",
                        frame.frame.index,
                        anyhow::Error::new(error)
                    );
                    wo_cli::warn!(
                        "{}: {what}",
                        item.video
                            .path
                            .as_ref()
                            .map_or(item.video.video_id.clone(), ToString::to_string)
                    );
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
        frames
    }

    fn report(&self) {
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

    fn finish(mut self, args: &Args, preprocessor: &Preprocessor) -> anyhow::Result<Dataset> {
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
        let parts = Parts {
            validation: args.validation,
            test: args.test,
        };
        let splits = split_groups(&candidates, parts, args.seed.seed)?;
        let examples: Vec<Example> = std::mem::take(&mut self.videos)
            .into_iter()
            .zip(candidates)
            .map(|(labelled, candidate)| {
                example(labelled, splits[&candidate.group], &candidate, preprocessor)
            })
            .collect();
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
        let (classes, captions) = by_class
            .into_iter()
            .map(|(class, captions)| (class, most_frequent(captions)))
            .unzip();
        Ok(Dataset {
            examples,
            classes,
            captions,
            failures: self.failures,
            upstream: Vec::new(),
            n_skipped_lines: 0,
        })
    }
}

fn example(
    labelled: Labelled,
    split: Split,
    candidate: &Candidate,
    preprocessor: &Preprocessor,
) -> Example {
    let Labelled {
        mut item,
        class,
        frames,
        captions,
    } = labelled;
    let poses = std::mem::take(&mut item.poses);
    let frames = match split {
        Split::Train => frames,
        Split::Validation => frames
            .iter()
            .map(|frame| preprocessor.cropped(frame))
            .collect(),
        Split::Test => Vec::new(),
    };
    Example {
        video: SplitVideo {
            video_id: item.video.video_id,
            group: candidate.group.clone(),
            split,
            exercise: class.exercise.clone(),
            label: class.label.clone(),
            duration_ms: item.video.duration_ms,
        },
        class,
        // A frame that did not load leaves a gap that would put poses beside the wrong frames.
        poses: if poses.len() == frames.len() {
            poses
        } else {
            Vec::new()
        },
        frames,
        captions,
    }
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

/// The middle square at `side` pixels.
fn square(picture: &RgbImage, side: u32) -> RgbImage {
    Preprocessor::clip(side).cropped(picture)
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
        let name = |l: &Labelled| {
            l.item
                .video
                .path
                .as_ref()
                .map_or("(no path)".to_owned(), ToString::to_string)
        };
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
