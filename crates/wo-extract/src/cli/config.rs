//! What a run does: the flags with their defaults filled in.

use std::path::PathBuf;
use std::time::Duration;

use wo_cli::Common;
use wo_folder::DeletedByHand;
use wo_shard::ShardNumber;

use crate::cli::args::{Args, Command, DecodingArgs, ProbeArgs, PruneFlag, SandboxFlag};
use crate::job::Settings;
use crate::output::merge::Prune;
use crate::output::state::FailedFiles;
use crate::output::writer::DroppedRecords;
use crate::sampling::frame_filter::FrameFilter;
use crate::worker::{Limits, PoolConfig, Sandbox};

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Config {
    /// Take the frames of videos.
    Extract(ExtractConfig),
    /// Say what videos are like.
    Probe(ProbeConfig),
    /// Decode what comes through the socket that is stdin.
    Serve(Sandbox),
}

/// Which frames are taken, and where they go.
#[derive(Debug)]
pub(crate) struct ExtractConfig {
    /// As given; none for the default folder.
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) settings: Settings,
    /// The part of the videos that is taken; without one all are.
    pub(crate) shard: Option<ShardNumber>,
    /// The folder of frames; without one they go into the stream.
    pub(crate) out: Option<OutConfig>,
    pub(crate) dropped: DroppedRecords,
    pub(crate) pool: PoolConfig,
}

/// A folder of frames, and what becomes of what is there already.
#[derive(Debug)]
pub(crate) struct OutConfig {
    pub(crate) dir: PathBuf,
    pub(crate) failed_files: FailedFiles,
    pub(crate) prune: Option<Prune>,
    pub(crate) deleted_by_hand: DeletedByHand,
}

/// Which videos are looked at, and how that is told.
#[derive(Debug)]
pub(crate) struct ProbeConfig {
    /// As given; none for the default folder.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether stdout is a table and not records.
    pub(crate) shows_table: bool,
    pub(crate) pool: PoolConfig,
}

impl From<Args> for Config {
    fn from(args: Args) -> Self {
        if args.serve {
            return Self::Serve(args.decoding.sandbox.into());
        }
        let settings = settings(&args);
        let pool = pool(args.decoding, &args.common);
        if let Some(Command::Probe(ProbeArgs { paths, table })) = args.command {
            return Self::Probe(ProbeConfig {
                paths,
                shows_table: table,
                pool,
            });
        }
        let failed_files = if args.retry_failed {
            FailedFiles::Retry
        } else {
            FailedFiles::Keep
        };
        let deleted_by_hand = if args.restore {
            DeletedByHand::ComeBack
        } else {
            DeletedByHand::Stay
        };
        let prune = args.prune.map(Prune::from);
        Self::Extract(ExtractConfig {
            paths: args.paths.into_iter().chain(args.video_dir).collect(),
            settings,
            shard: args.shard.shard,
            out: args.out.map(|dir| OutConfig {
                dir,
                failed_files,
                prune,
                deleted_by_hand,
            }),
            dropped: if args.emit_dropped {
                DroppedRecords::Emit
            } else {
                DroppedRecords::Omit
            },
            pool,
        })
    }
}

/// Which frames the flags ask for.
fn settings(args: &Args) -> Settings {
    Settings {
        n_frames: args.frames_per_video.get(),
        sample: args.sample,
        seed: args.seed.seed,
        exact: args.exact,
        size: args.size,
        frame_filter: FrameFilter {
            min_sharpness: args.min_sharpness,
            min_brightness: args.min_brightness,
            drops_duplicates: args.drop_duplicates,
        },
        finds_cuts: args.cuts,
    }
}

fn pool(args: DecodingArgs, common: &Common) -> PoolConfig {
    PoolConfig {
        program: args.worker,
        sandbox: args.sandbox.into(),
        limits: Limits {
            stall: Duration::from_secs(args.stall_timeout.get()),
            // A limit that does not fit on the clock is none; this one is ten years.
            total: Duration::from_secs(args.file_timeout.get().min(10 * 365 * 86_400)),
        },
        n_threads: args.threads.count(),
        progress: args.progress,
        is_verbose: common.verbose,
    }
}

impl From<SandboxFlag> for Sandbox {
    fn from(flag: SandboxFlag) -> Self {
        match flag {
            SandboxFlag::Require => Self::Require,
            SandboxFlag::Auto => Self::Auto,
            SandboxFlag::Off => Self::Off,
        }
    }
}

impl From<PruneFlag> for Prune {
    fn from(flag: PruneFlag) -> Self {
        match flag {
            PruneFlag::Gone => Self::Gone,
            PruneFlag::All => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_flags_of_settings_ask_for_the_same_settings() {
        for flags in [
            "",
            " --frames-per-video 3 --size 128",
            " --sample fps=2.5 --exact --min-sharpness 12.0 --min-brightness 0.1 --drop-duplicates --cuts --size 64 --seed 7",
            " --sample every=4 --exact --min-sharpness auto",
            " --sample jitter",
            " --sample phase",
            " --sample keyframes",
        ] {
            let args = Args::parse_from(format!("wo-extract{flags}").split(' '));
            assert_eq!(settings(&args).flags(), flags);
        }
    }
}
