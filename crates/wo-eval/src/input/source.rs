//! Where the videos come from.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{CaptionsFlag, OnError, Reading, open_input};
use wo_input::{
    Leftovers, StreamCorrections, VideoItem, check_frames, folder_of_frames, folder_of_paths,
    stream_error, videos_of_data_dir, videos_of_stream,
};
use wo_record::{Producer, ReadError, Reader};

/// A stream of records or a folder, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A stream: a file, or stdin where there is none.
    Stream(Option<PathBuf>),
    /// A folder of labelled frames.
    Folder(PathBuf),
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

    /// Reads to the end. `start` gets the producers of the stream; `visit` gets its result and each video.
    ///
    /// A stream's first line is read before `start`, so that input without records fails before a model is loaded.
    pub(crate) fn read<S>(
        &self,
        stdin: &mut dyn BufRead,
        reading: &Reading,
        captions: &CaptionsFlag,
        start: impl FnOnce(&[Producer]) -> anyhow::Result<S>,
        visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
    ) -> anyhow::Result<(S, Leftovers)> {
        match self {
            Self::Folder(folder) => read_folder(folder, reading, captions, start, visit),
            Self::Stream(path) => {
                read_stream(path.as_deref(), stdin, (reading, captions), start, visit)
            }
        }
    }
}

fn read_folder<S>(
    folder: &Path,
    reading: &Reading,
    captions: &CaptionsFlag,
    start: impl FnOnce(&[Producer]) -> anyhow::Result<S>,
    visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<(S, Leftovers)> {
    check_frames(folder, "wo-eval --data-dir")?;
    let mut state = start(&[])?;
    let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", folder.display());
    let skips = reading.on_error == OnError::Skip;
    let left = videos_of_data_dir(
        folder,
        captions,
        reading.max_line,
        skips.then_some(&mut warn),
        &mut |item| visit(&mut state, item),
    )?;
    Ok((state, left))
}

fn read_stream<S>(
    path: Option<&Path>,
    stdin: &mut dyn BufRead,
    (reading, captions): (&Reading, &CaptionsFlag),
    start: impl FnOnce(&[Producer]) -> anyhow::Result<S>,
    visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<(S, Leftovers)> {
    let (name, mut input) = open_input(path, stdin)?;
    let mut reader = Reader::new(&mut *input, reading.max_line);
    if reading.on_error == OnError::Skip {
        let name = name.clone();
        reader.skip_bad_lines(move |bad| wo_cli::warn!("{name}: {bad}"));
    }
    let first = reader.next_line().map_err(stream_error);
    first.with_context(|| name.clone())?;
    let mut state = start(reader.producers())?;
    let base = folder_of_paths(path);
    let corrections = StreamCorrections::of_input(path, captions)?;
    let read = videos_of_stream(
        &mut reader,
        base,
        &mut |item| match corrections.apply(item) {
            Some(item) => visit(&mut state, item),
            None => Ok(()),
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
    let failures = read.map_err(named)?;
    corrections.finish()?;
    let left = Leftovers {
        failures,
        n_skipped: reader.n_skipped(),
    };
    Ok((state, left))
}
