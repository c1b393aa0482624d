//! Reads the input of a run, a stream of records or a folder of frames, into a [`Dataset`].

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use wo_cli::{OnError, open_input};
use wo_input::{
    Preprocessor, StreamCorrections, check_frames, folder_of_paths, videos_of_data_dir,
    videos_of_stream,
};
use wo_record::{Failure, Producer, ReadError, Reader};

use crate::data::builder::DatasetBuilder;
use crate::data::config::{DataConfig, Source};
use crate::data::dataset::Dataset;

/// What the input holds beside videos.
struct Rest {
    failures: Vec<Failure>,
    upstream: Vec<Producer>,
    n_skipped_lines: u64,
}

/// Reads, checks and splits the input of a run.
pub(crate) fn read_dataset(
    config: &DataConfig,
    stdin: &mut dyn BufRead,
    preprocessor: &Preprocessor,
) -> anyhow::Result<Dataset> {
    let mut builder = DatasetBuilder::new(config, preprocessor)?;
    let rest = match &config.source {
        Source::Folder(folder) => read_folder(folder, config, &mut builder)?,
        Source::Stream(input) => read_stream(input.as_deref(), stdin, config, &mut builder)?,
    };
    let mut dataset = builder.finish(config)?;
    dataset.failures.extend(rest.failures);
    dataset.upstream = rest.upstream;
    dataset.n_skipped_lines = rest.n_skipped_lines;
    Ok(dataset)
}

fn read_folder(
    folder: &Path,
    config: &DataConfig,
    builder: &mut DatasetBuilder,
) -> anyhow::Result<Rest> {
    check_frames(folder, "wo-train --data-dir")?;
    let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", folder.display());
    let skips = config.reading.on_error == OnError::Skip;
    let left = videos_of_data_dir(
        folder,
        &config.captions,
        config.reading.max_line,
        skips.then_some(&mut warn),
        &mut |item| builder.add(item),
    )?;
    Ok(Rest {
        failures: left.failures,
        upstream: Vec::new(),
        n_skipped_lines: left.n_skipped,
    })
}

fn read_stream(
    path: Option<&Path>,
    stdin: &mut dyn BufRead,
    config: &DataConfig,
    builder: &mut DatasetBuilder,
) -> anyhow::Result<Rest> {
    let (name, mut input) = open_input(path, stdin)?;
    let base = folder_of_paths(path);
    let mut reader = Reader::new(&mut *input, config.reading.max_line);
    if config.reading.on_error == OnError::Skip {
        reader.skip_bad_lines(|bad| wo_cli::warn!("{bad}"));
    }
    let corrections = StreamCorrections::of_input(path, &config.captions)?;
    let mut add = |item| match corrections.apply(item) {
        Some(item) => builder.add(item),
        None => Ok(()),
    };
    let failures = videos_of_stream(&mut reader, base, &mut add).context(name)?;
    corrections.finish()?;
    Ok(Rest {
        failures,
        upstream: reader.producers().to_vec(),
        n_skipped_lines: reader.n_skipped(),
    })
}
