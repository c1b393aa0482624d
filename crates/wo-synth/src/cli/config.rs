//! The configuration: what the flags ask for.

use std::path::PathBuf;

use crate::catalog::Exercise;
use crate::cli::args::Args;
use crate::plan::PlanOptions;
use crate::stills::StillOptions;

/// What is drawn, and where it goes.
#[derive(Debug)]
pub(crate) struct Config {
    /// The folder.
    pub(crate) out: PathBuf,
    pub(crate) plan: PlanOptions,
    /// Stills in place of videos.
    pub(crate) stills: Option<StillOptions>,
    /// So many records of each video in place of files.
    pub(crate) records_only: Option<u32>,
    pub(crate) n_threads: usize,
}

impl From<&Args> for Config {
    fn from(args: &Args) -> Self {
        let is_asked = |exercise: &Exercise| {
            args.exercises.is_empty() || args.exercises.iter().any(|name| name == exercise.name())
        };
        Self {
            out: args.out.clone().unwrap_or_default(),
            plan: PlanOptions {
                seed: args.seed.seed,
                exercises: Exercise::ALL.into_iter().filter(is_asked).collect(),
                n_videos_per_class: args.videos_per_class,
                n_persons: args.persons,
            },
            stills: args.stills.map(|n_stills| StillOptions {
                n_stills,
                side: args.still_size,
            }),
            records_only: args.records_only,
            n_threads: args.threads.count(),
        }
    }
}
