//! Where the videos come from.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith, OnError, Reading, open_input, shell_word};
use wo_input::{
    FolderKind, Leftovers, StreamCorrections, VideoItem, folder_kind, frames_of_videos,
    videos_of_data_dir, videos_of_stream,
};
use wo_record::{Producer, ReadError, Reader};

use crate::Args;

/// Refuses a folder that holds no frames, before a model is loaded.
fn check_frames(directory: &Path) -> anyhow::Result<()> {
    wo_cli::check_folder(directory)?;
    let (what, hint) = match folder_kind(directory) {
        FolderKind::Frames => return Ok(()),
        FolderKind::Videos => {
            let (commands, frames) = frames_of_videos(directory, shell_word);
            let hint = format!("{commands} && wo-eval --data-dir {}", shell_word(&frames));
            (
                "is a folder of videos, of which no frames were taken yet",
                hint,
            )
        }
        FolderKind::Neither => (
            "has neither records.ndjson nor a CSV with frames",
            "wo-extract writes them: wo-extract FOLDER_OF_VIDEOS --out FOLDER_OF_FRAMES".to_owned(),
        ),
    };
    let name = directory.display();
    Err(anyhow!("{name} {what}\nhint: {hint}")).exit_with(Exit::Usage)
}

/// A stream of records or a folder, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A stream: a file, or stdin where there is none.
    Stream(Option<PathBuf>),
    /// A folder of labelled frames.
    Folder(PathBuf),
}

impl Source {
    /// What the flags ask for.
    pub(crate) fn of(args: &Args) -> Self {
        match &args.data_dir {
            Some(directory) => Self::Folder(directory.clone()),
            None => Self::Stream(args.input.clone().filter(|path| path != Path::new("-"))),
        }
    }

    /// Reads to the end: `start` is told which tools came before, and what it makes is handed to `visit` with each video.
    ///
    /// A stream's first line is read before `start`, so that input which is no stream is told before a model is loaded.
    pub(crate) fn read<S>(
        &self,
        stdin: &mut dyn BufRead,
        reading: &Reading,
        start: impl FnOnce(&[Producer]) -> anyhow::Result<S>,
        visit: impl Fn(&mut S, VideoItem) -> anyhow::Result<()>,
    ) -> anyhow::Result<(S, Leftovers)> {
        match self {
            Self::Folder(directory) => {
                check_frames(directory)?;
                let mut state = start(&[])?;
                let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", directory.display());
                let skips = reading.on_error == OnError::Skip;
                let left = videos_of_data_dir(
                    directory,
                    reading.max_line,
                    skips.then_some(&mut warn),
                    &mut |item| visit(&mut state, item),
                )?;
                Ok((state, left))
            }
            Self::Stream(path) => {
                let (name, mut input) = open_input(path.as_deref(), stdin)?;
                let mut reader = Reader::new(&mut *input, reading.max_line);
                if reading.on_error == OnError::Skip {
                    let name = name.clone();
                    reader.skip_bad_lines(move |bad| wo_cli::warn!("{name}: {bad}"));
                }
                reader.next_line().with_context(|| name.clone())?;
                let mut state = start(reader.producers())?;
                let base = path
                    .as_deref()
                    .and_then(Path::parent)
                    .unwrap_or(Path::new(""));
                let corrections = StreamCorrections::of_input(path.as_deref())?;
                let read = videos_of_stream(&mut reader, base, &mut |item| match corrections
                    .apply(item)
                {
                    Some(item) => visit(&mut state, item),
                    None => Ok(()),
                });
                // An error of `visit` is not about the input.
                let named = |error: anyhow::Error| {
                    if error.is::<ReadError>() {
                        error.context(name)
                    } else {
                        error
                    }
                };
                let failures = read.map_err(named)?;
                corrections.finish()?;
                Ok((
                    state,
                    Leftovers {
                        failures,
                        n_skipped: reader.n_skipped(),
                    },
                ))
            }
        }
    }
}
