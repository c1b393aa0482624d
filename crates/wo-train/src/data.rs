//! The training run's videos: who is where, what they are told apart by, and where their pictures are.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use wo_cli::{OnError, open_input, shell_word};
use wo_clip::{Class, Split, SplitVideo};
use wo_input::{
    Preprocessor, StreamCorrections, check_frames, videos_of_data_dir, videos_of_stream,
};
use wo_record::{Failure, Pose, Producer, ReadError, Reader, RecordPath, Video};

use crate::args::Args;
use crate::gathering::{Gathering, classes_and_captions};
use crate::method::Method;
use crate::pictures::{PictureId, Pictures};

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
    pub(crate) frames: Vec<PictureId>,
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

/// The command that writes descriptions into the input.
fn describe(args: &Args) -> String {
    let records = match (&args.data_dir, &args.input) {
        (Some(directory), _) => Some(directory.join("records.ndjson")).filter(|it| it.exists()),
        (None, input) => input.clone().filter(|it| it != Path::new("-")),
    };
    match records {
        Some(records) => {
            let records = shell_word(&records);
            format!("wo-describe writes them: wo-describe {records} -o {records}")
        }
        None if args.data_dir.is_some() => "write them into the column description".to_owned(),
        None => "wo-describe writes them: wo-extract DIR | wo-describe | wo-train".to_owned(),
    }
}

/// All labelled videos, split, and what they are told apart by.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) examples: Vec<Example>,
    pub(crate) pictures: Arc<Pictures>,
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
    /// Reads, checks, splits and shrinks the input of a run.
    pub(crate) fn read(
        args: &Args,
        stdin: &mut dyn BufRead,
        preprocessor: &Preprocessor,
    ) -> anyhow::Result<Self> {
        let beside = args
            .output
            .parent()
            .filter(|dir| !dir.as_os_str().is_empty());
        let mut gathering = Gathering::new(
            preprocessor,
            beside.unwrap_or(Path::new(".")),
            args.fit.method == Method::Probe,
            args.parts.mixed,
        )?;
        let (failures, upstream, n_skipped_lines) = if let Some(directory) = &args.data_dir {
            check_frames(directory, "wo-train --data-dir")?;
            let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", directory.display());
            let skips = args.reading.on_error == OnError::Skip;
            let left = videos_of_data_dir(
                directory,
                &args.captions,
                args.reading.max_line,
                skips.then_some(&mut warn),
                &mut |item| gathering.add(item),
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
            let corrections = StreamCorrections::of_input(args.input.as_deref(), &args.captions)?;
            let mut add = |item| match corrections.apply(item) {
                Some(item) => gathering.add(item),
                None => Ok(()),
            };
            let failures = videos_of_stream(&mut reader, &base, &mut add).context(name)?;
            corrections.finish()?;
            (failures, reader.producers().to_vec(), reader.n_skipped())
        };
        let mut this = gathering.finish(args, &describe(args))?;
        this.failures.extend(failures);
        this.upstream = upstream;
        this.n_skipped_lines = n_skipped_lines;
        Ok(this)
    }

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
            pictures: Arc::clone(&self.pictures),
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
