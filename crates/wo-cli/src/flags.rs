//! Flags that mean the same in every tool; each tool flattens in what it needs.

use std::num::NonZeroUsize;

/// Flags of every tool.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Common {
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// Flags of every tool that reads records.
#[derive(Debug, Clone, clap::Args)]
pub struct Reading {
    /// What to do at a line that is no record
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub on_error: OnError,
    /// Longest line to take, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 * 1024 * 1024)]
    pub max_line: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            on_error: OnError::Fail,
            max_line: 16 * 1024 * 1024,
        }
    }
}

/// What to do at a line that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// Stop, so that the output does not look complete
    Fail,
    /// Report it, go on, and exit 3 at the end
    Skip,
}

/// How many threads to use.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Threads {
    /// How many threads to use [default: one for each core]
    #[arg(short = 'j', long, global = true, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Threads {
    /// The requested number, else this process's part of the cores, of which `n_processes` make use alike.
    pub fn count_of(&self, n_processes: usize) -> usize {
        match self.threads {
            Some(n) => n.get(),
            None => (self.count() / n_processes.max(1)).max(1),
        }
    }

    /// The requested number, else one per core.
    pub fn count(&self) -> usize {
        let count = self
            .threads
            .or_else(|| std::thread::available_parallelism().ok());
        count.map_or(1, NonZeroUsize::get)
    }
}

/// How a tool shows its progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ShowProgress {
    /// A line that changes, on a terminal only
    #[default]
    Auto,
    /// Lines one after the other
    Plain,
    /// Not at all
    Off,
}

/// The seed of all random choices.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Seed {
    /// Seed of all random choices: the same seed gives the same result
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}
