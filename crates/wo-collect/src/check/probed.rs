//! What `wo-extract probe` found of the videos.

use std::collections::HashMap;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{OnError, open_input};
use wo_folder::stream_error;
use wo_record::{Failure, Producer, Reader, Record, Video};

use crate::cli::config::CheckConfig;

/// The records, by the files that they are about.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    /// Whether there was anything to read.
    pub(crate) is_given: bool,
    pub(crate) videos: HashMap<PathBuf, Video>,
    pub(crate) failures: HashMap<PathBuf, Failure>,
    /// The tools that the records went through.
    pub(crate) producers: Vec<Producer>,
}

impl Probed {
    /// Reads the records; none where no input is named.
    pub(crate) fn read(config: &CheckConfig, stdin: &mut dyn BufRead) -> anyhow::Result<Self> {
        let mut probed = Self::default();
        let Some(path) = &config.input else {
            return Ok(probed);
        };
        probed.is_given = true;
        let (name, mut input) = open_input(Some(path), stdin)?;
        let mut reader = Reader::new(&mut *input, config.reading.max_line);
        if config.reading.on_error == OnError::Skip {
            reader.skip_bad_lines(|bad| wo_cli::warn!("{bad}"));
        }
        while let Some(line) = reader
            .next_line()
            .map_err(stream_error)
            .with_context(|| name.clone())?
        {
            match line.record {
                Ok(Record::Video(video)) => {
                    if let Some(file) = video.path.as_ref().map(|it| place_of(it.as_path())) {
                        probed.videos.insert(file, video);
                    }
                }
                Ok(Record::Error(failure)) => {
                    if let Some(file) = failure.path.as_ref().map(|it| place_of(it.as_path())) {
                        probed.failures.insert(file, failure);
                    }
                }
                _ => {}
            }
        }
        probed.producers = reader.producers().to_vec();
        Ok(probed)
    }
}

/// The place of a file, however its path is written.
pub(crate) fn place_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
