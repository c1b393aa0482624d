//! Where the videos come from.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{CaptionsFlag, Exit, OnError, Reading, open_stream};
use wo_input::{
    Leftovers, RECORDS, StreamCorrections, VideoItem, begin_of_records, check_frames,
    folder_of_frames, folder_of_paths, stream_error, videos_of_data_dir, videos_of_stream,
};
use wo_record::{Failure, Producer, ReadError, Reader, Shard};
use wo_shard::{ShardNumber, StreamCut, cut_file, cut_stream};

/// A stream of records or a folder, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A stream: a file, or stdin where there is none.
    Stream(Option<PathBuf>),
    /// A folder of labelled frames.
    Folder(PathBuf),
}

/// How videos are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HowRead<'a> {
    pub(crate) reading: &'a Reading,
    pub(crate) captions: &'a CaptionsFlag,
    /// The part of the videos that is read; without one all are.
    pub(crate) shard: Option<ShardNumber>,
}

/// What is known of the input before its first video.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upstream<'a> {
    pub(crate) producers: &'a [Producer],
    /// The shard that is read, where that is not the whole.
    pub(crate) shard: Option<&'a Shard>,
}

impl Source {
    /// A folder, else a stream; `-` is stdin.
    pub(crate) fn of(folder: Option<PathBuf>, stream: Option<PathBuf>) -> Self {
        match folder {
            Some(folder) => Self::Folder(folder),
            None => Self::Stream(stream.filter(|path| path != Path::new("-"))),
        }
    }

    /// The folder of frames that it is, or whose records it reads.
    pub(crate) fn folder_of_frames(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => folder_of_frames(Some(folder), None),
            Self::Stream(path) => folder_of_frames(None, path.as_deref()),
        }
    }

    /// Reads to the end. `start` gets what is known of the stream; `visit` gets its result and each video.
    ///
    /// A stream's first line is read before `start`, so that input without records fails before a model is loaded.
    pub(crate) fn read<S>(
        &self,
        stdin: &mut dyn BufRead,
        how: HowRead<'_>,
        start: impl FnOnce(Upstream<'_>) -> anyhow::Result<S>,
        visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
    ) -> anyhow::Result<(S, Leftovers)> {
        match self {
            Self::Folder(folder) => read_folder(folder, how, start, visit),
            Self::Stream(path) => read_stream(path.as_deref(), stdin, how, start, visit),
        }
    }
}

fn read_folder<S>(
    folder: &Path,
    how: HowRead<'_>,
    start: impl FnOnce(Upstream<'_>) -> anyhow::Result<S>,
    visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<(S, Leftovers)> {
    let reading = how.reading;
    check_frames(folder, "wo-eval --data-dir")?;
    let records = folder.join(RECORDS);
    let lone = begin_of_records(&records).and_then(|begin| begin.shard);
    let cut = match how.shard {
        None => None,
        Some(_) if !records.exists() => wo_cli::bail!(
            Exit::Usage,
            "--shard needs {}: tables alone do not say who is in a video", records.display();
            "wo-extract --out writes it"
        ),
        Some(number) => Some(cut_file(&records, reading.max_line, number)?),
    };
    let mut state = start(Upstream {
        producers: &[],
        shard: cut.as_ref().map(StreamCut::shard).or(lone.as_ref()),
    })?;
    let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", folder.display());
    let skips = reading.on_error == OnError::Skip;
    let mut left = videos_of_data_dir(
        folder,
        how.captions,
        reading.max_line,
        skips.then_some(&mut warn),
        &mut |item| {
            if takes(cut.as_ref(), &item) {
                visit(&mut state, item)
            } else {
                Ok(())
            }
        },
    )?;
    keep(cut.as_ref(), &mut left.failures);
    warn_of_part(&how, lone.as_ref());
    Ok((state, left))
}

fn read_stream<S>(
    path: Option<&Path>,
    stdin: &mut dyn BufRead,
    how: HowRead<'_>,
    start: impl FnOnce(Upstream<'_>) -> anyhow::Result<S>,
    visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<(S, Leftovers)> {
    let reading = how.reading;
    let (name, mut input, cut) = if let Some(number) = how.shard {
        let (name, input, cut) = cut_stream(path, stdin, reading.max_line, number)?;
        (name, input, Some(cut))
    } else {
        let (name, input) = open_stream(path, stdin)?;
        (name, input, None)
    };
    let mut reader = Reader::new(&mut input, reading.max_line);
    if reading.on_error == OnError::Skip {
        let name = name.clone();
        reader.skip_bad_lines(move |bad| wo_cli::warn!("{name}: {bad}"));
    }
    let first = reader.next_line().map_err(stream_error);
    first.with_context(|| name.clone())?;
    let mut state = start(Upstream {
        producers: reader.producers(),
        shard: cut
            .as_ref()
            .map_or(reader.lone_shard(), |cut| Some(cut.shard())),
    })?;
    let base = folder_of_paths(path);
    let corrections = StreamCorrections::of_input(path, how.captions)?;
    let read = videos_of_stream(
        &mut reader,
        base,
        &mut |item| match corrections.apply(item) {
            Some(item) if takes(cut.as_ref(), &item) => visit(&mut state, item),
            _ => Ok(()),
        },
    );
    // An error of `visit` is not about the input.
    let named = |error: anyhow::Error| {
        if wo_cli::cause::<ReadError>(&error).is_some() {
            error.context(name)
        } else {
            error
        }
    };
    let mut failures = read.map_err(named)?;
    corrections.finish()?;
    keep(cut.as_ref(), &mut failures);
    warn_of_part(&how, reader.lone_shard());
    let left = Leftovers {
        failures,
        n_skipped: reader.n_skipped(),
    };
    Ok((state, left))
}

/// Whether a video is in the part that is read.
fn takes(cut: Option<&StreamCut>, item: &VideoItem) -> bool {
    cut.is_none_or(|cut| cut.takes_video(&item.video.video_id))
}

/// Leaves the failures of the part that is read.
fn keep(cut: Option<&StreamCut>, failures: &mut Vec<Failure>) {
    failures.retain(|it| cut.is_none_or(|cut| cut.takes_failure(it)));
}

/// A part that was not asked for may be all that is left of a whole.
fn warn_of_part(how: &HowRead<'_>, lone: Option<&Shard>) {
    if let Some(lone) = lone.filter(|_| how.shard.is_none()) {
        wo_cli::warn!(
            "the input is shard {lone} alone, so all metrics are about that part";
            "give all shards, or --shard {lone} to merge them later"
        );
    }
}
