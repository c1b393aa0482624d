//! Reads the input of a run, a stream of records or a folder of frames, into a [`Dataset`].

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use wo_cli::{OnError, open_input};
use wo_input::{
    Preprocessor, RECORDS, ShardsRest, StreamCorrections, VideoItem, begin_of_records,
    check_frames, folder_of_paths, videos_of_data_dir, videos_of_shards, videos_of_stream,
};
use wo_record::{Failure, Producer, ReadError, Reader, Shard};

use crate::data::builder::DatasetBuilder;
use crate::data::config::{DataConfig, Source};
use crate::data::dataset::Dataset;

/// What the input holds beside videos.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    failures: Vec<Failure>,
    upstream: Vec<Producer>,
    n_skipped_lines: u64,
}

impl Rest {
    /// The dataset with what else the input held.
    pub(crate) fn complete(self, mut dataset: Dataset) -> Dataset {
        dataset.failures.extend(self.failures);
        dataset.upstream = self.upstream;
        dataset.n_skipped_lines = self.n_skipped_lines;
        dataset
    }
}

/// What takes the videos of an input.
type Take<'a> = &'a mut dyn FnMut(VideoItem) -> anyhow::Result<()>;

/// Reads, checks and splits the input of a run.
pub(crate) fn read_dataset(
    config: &DataConfig,
    stdin: &mut dyn BufRead,
    preprocessor: &Preprocessor,
) -> anyhow::Result<Dataset> {
    let mut builder = DatasetBuilder::new(config, preprocessor)?;
    let rest = read_videos(config, stdin, &mut |item| builder.add(item))?;
    Ok(rest.complete(builder.finish(config)?))
}

/// Reads the input of a run, video by video.
pub(crate) fn read_videos(
    config: &DataConfig,
    stdin: &mut dyn BufRead,
    take: Take<'_>,
) -> anyhow::Result<Rest> {
    match &config.source {
        Source::Folder(folder) => read_folder(folder, config, take),
        Source::Stream(input) => read_stream(input.as_deref(), stdin, config, take),
        Source::Shards(names) => read_shards(names, config, take),
    }
}

fn read_shards(names: &str, config: &DataConfig, take: Take<'_>) -> anyhow::Result<Rest> {
    // Nobody corrects what lies in a shard.
    StreamCorrections::of_input(None, &config.captions)?;
    let ShardsRest { upstream, failures } = videos_of_shards(names, take)?;
    Ok(Rest {
        failures,
        upstream,
        n_skipped_lines: 0,
    })
}

fn read_folder(folder: &Path, config: &DataConfig, take: Take<'_>) -> anyhow::Result<Rest> {
    check_frames(folder, "wo-train --data-dir")?;
    let mut warn = |bad: &ReadError| wo_cli::warn!("{}: {bad}", folder.display());
    let skips = config.reading.on_error == OnError::Skip;
    let left = videos_of_data_dir(
        folder,
        &config.captions,
        config.reading.max_line,
        skips.then_some(&mut warn),
        take,
    )?;
    let begin = begin_of_records(&folder.join(RECORDS));
    warn_of_part(begin.and_then(|it| it.shard).as_ref());
    Ok(Rest {
        failures: left.failures,
        upstream: Vec::new(),
        n_skipped_lines: left.n_skipped,
    })
}

/// One shard may be all that was given of several.
fn warn_of_part(lone: Option<&Shard>) {
    if let Some(lone) = lone {
        wo_cli::warn!(
            "the input is shard {lone} alone, so the model sees that part only";
            "give the output of all shards: cat part-*.ndjson | wo-train …"
        );
    }
}

fn read_stream(
    path: Option<&Path>,
    stdin: &mut dyn BufRead,
    config: &DataConfig,
    take: Take<'_>,
) -> anyhow::Result<Rest> {
    let (name, mut input) = open_input(path, stdin)?;
    let base = folder_of_paths(path);
    let mut reader = Reader::new(&mut *input, config.reading.max_line);
    if config.reading.on_error == OnError::Skip {
        reader.skip_bad_lines(|bad| wo_cli::warn!("{bad}"));
    }
    let corrections = StreamCorrections::of_input(path, &config.captions)?;
    let mut add = |item| match corrections.apply(item) {
        Some(item) => take(item),
        None => Ok(()),
    };
    let failures = videos_of_stream(&mut reader, base, &mut add).context(name)?;
    warn_of_part(reader.lone_shard());
    corrections.finish()?;
    Ok(Rest {
        failures,
        upstream: reader.producers().to_vec(),
        n_skipped_lines: reader.n_skipped(),
    })
}
