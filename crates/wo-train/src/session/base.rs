//! The base model of a session where the videos decide, and how many videos each exercise has.

use std::collections::BTreeMap;
use std::io::BufRead;

use wo_clip::{Group, Split};

use crate::artifacts::run_dir::RunDir;
use crate::cli::config::Config;
use crate::data::dataset::Dataset;
use crate::data::spool::Spool;
use crate::model::base::BaseModel;
use crate::trainer::config::Resume;

/// The base model that the videos ask for, the dataset for it, and what names these videos.
pub(crate) fn choose_base(
    config: &Config,
    group: &Group,
    input: &mut dyn BufRead,
    run_dir: &RunDir,
) -> anyhow::Result<(BaseModel, Dataset, Option<String>)> {
    let spool = Spool::read(&config.data, input)?;
    let key = spool.key();
    let begun = match config.trainer.resume {
        Resume::Auto => run_dir.begun_from(&key),
        Resume::Never => None,
    };
    let begun = group.from_first(|| Ok(begun))?;
    let (survey, request) = (spool.survey(), &config.base_model);
    let base = group.in_turns(|| BaseModel::auto(survey, request, begun))?;
    let dataset = spool.into_dataset(&config.data, &base.init.preprocessor())?;
    Ok((base, dataset, Some(key)))
}

/// How many training videos each exercise has.
pub(crate) fn n_videos_of_exercises(dataset: &Dataset) -> Vec<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for example in dataset.videos(Split::Train) {
        *counts.entry(example.class.exercise.as_str()).or_default() += 1;
    }
    counts.into_values().collect()
}
