//! The configuration: flags with their defaults filled in and contradictions rejected.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Exit, Reading};
use wo_clip::Precision;
use wo_shard::ShardNumber;
use wo_stats::Confidence;

use crate::cli::args::{AnalysisArgs, Args, Command, Compare, PrecisionFlag};
use crate::input::source::Source;
use crate::judge::abstain::WithoutThreshold;
use crate::judge::place::Place;
use crate::score::gate::Terms;
use crate::score::slices::USUAL;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Config {
    Evaluate(EvaluateConfig),
    Compare(CompareConfig),
}

/// An evaluation of one model, or of predictions.
#[derive(Debug)]
pub(crate) struct EvaluateConfig {
    pub(crate) subject: Subject,
    /// Whether videos that the model has seen are scored too, apart from the others.
    pub(crate) allow_seen: bool,
    pub(crate) analysis: AnalysisConfig,
    pub(crate) outputs: Outputs,
    pub(crate) reading: Reading,
}

/// What is evaluated.
#[derive(Debug)]
pub(crate) enum Subject {
    /// A file of `prediction` records.
    Predictions(PathBuf),
    /// A model that judges videos.
    Model(ModelConfig),
    /// What runs over shards left of a model's judging.
    Merge(MergeConfig),
}

/// The parts of an evaluation, and the model that made them.
#[derive(Debug)]
pub(crate) struct MergeConfig {
    pub(crate) model: PathBuf,
    pub(crate) files: Vec<PathBuf>,
}

/// A model, and the videos that it judges.
#[derive(Debug)]
pub(crate) struct ModelConfig {
    pub(crate) model: PathBuf,
    pub(crate) source: Source,
    /// The part of the videos that is judged; without one all are, and scored.
    pub(crate) shard: Option<ShardNumber>,
    pub(crate) captions: CaptionsFlag,
    pub(crate) compute: Compute,
    /// Whether it judges changed frames too.
    pub(crate) robustness: bool,
    /// Whether it gives verdicts where it has no abstention threshold.
    pub(crate) without_threshold: WithoutThreshold,
}

/// Where a model computes.
#[derive(Debug)]
pub(crate) struct Compute {
    pub(crate) device: String,
    pub(crate) precision: PrecisionFlag,
    pub(crate) n_threads: usize,
}

impl Compute {
    /// Finds the device.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let asked = match self.precision {
            PrecisionFlag::Auto => None,
            PrecisionFlag::Fp32 => Some(Precision::Fp32),
            PrecisionFlag::Tf32 => Some(Precision::Tf32),
            PrecisionFlag::Bf16 => Some(Precision::Bf16),
        };
        Place::find(&self.device, self.n_threads, asked)
    }
}

/// What is written beside messages.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// Whether stdout is a table and not records.
    pub(crate) shows_table: bool,
    /// Where the records go in place of stdout.
    pub(crate) records: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) contact_sheet: Option<ContactSheetConfig>,
}

/// The contact sheet.
#[derive(Debug)]
pub(crate) struct ContactSheetConfig {
    pub(crate) path: PathBuf,
    pub(crate) n_videos: usize,
}

/// A comparison of two models, or of what they predicted.
#[derive(Debug)]
pub(crate) struct CompareConfig {
    /// The candidate and the champion: a model, or a file of predictions.
    pub(crate) sides: [PathBuf; 2],
    pub(crate) source: Source,
    pub(crate) gate: Option<Terms>,
    pub(crate) few_groups: FewGroups,
    /// Of the intervals of differences.
    pub(crate) confidence: Confidence,
    pub(crate) shows_table: bool,
    pub(crate) compute: Compute,
    pub(crate) seed: u64,
    pub(crate) captions: CaptionsFlag,
    pub(crate) reading: Reading,
}

/// What a gate does where the videos of a class come from too few groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FewGroups {
    /// It stays shut.
    Refuse,
    /// It judges all the same.
    Allow,
}

/// Whether a part of the analysis is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Request {
    /// It is not.
    #[default]
    No,
    /// It is, if there is something for it.
    Implied,
    /// It is, and the run says why if there is nothing for it.
    Explicit,
}

/// Which parts of the analysis are made, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnalysisConfig {
    /// Probes that look for shortcuts.
    pub(crate) audit: Request,
    /// Label errors and duplicates.
    pub(crate) suspects: Request,
    /// What to film next.
    pub(crate) next: Request,
    /// Scores of parts of the videos.
    pub(crate) slices: Request,
    /// The fields that slices are made by.
    pub(crate) slice_by: Vec<String>,
    /// What the model must reach.
    pub(crate) fail_under: Option<Terms>,
    /// The seed of all resamples.
    pub(crate) seed: u64,
}

impl Request {
    /// Whether it is made.
    pub(crate) fn is_made(self) -> bool {
        self != Self::No
    }

    /// Whether a flag asks for it by name.
    pub(crate) fn is_explicit(self) -> bool {
        self == Self::Explicit
    }
}

impl Config {
    /// What the command line asks for.
    pub(crate) fn from_args(args: &Args) -> anyhow::Result<Self> {
        if let Some(Command::Compare(compare)) = &args.command {
            return Ok(Self::Compare(CompareConfig::of(compare)));
        }
        let fail_under = args.analysis.fail_under.as_ref();
        if fail_under.is_some_and(Terms::need_champion) {
            wo_cli::bail!(
                Exit::Usage,
                "--fail-under knows no champion";
                "wo-eval compare CANDIDATE CHAMPION --gate does"
            );
        }
        Ok(Self::Evaluate(EvaluateConfig::of(args)))
    }
}

impl EvaluateConfig {
    /// Whether more comes of it than what goes to stdout: a file, or an exit code that answers.
    pub(crate) fn ends_elsewhere(&self) -> bool {
        let outputs = &self.outputs;
        outputs.records.is_some()
            || outputs.report.is_some()
            || outputs.contact_sheet.is_some()
            || self.analysis.fail_under.is_some()
    }

    fn of(args: &Args) -> Self {
        let contact_sheet = args.contact_sheet.clone().map(|path| ContactSheetConfig {
            path,
            n_videos: usize::from(args.contact_videos),
        });
        Self {
            subject: Subject::of(args),
            allow_seen: args.allow_seen,
            analysis: AnalysisConfig::of(
                &args.analysis,
                args.report.as_ref(),
                args.judging.seed.seed,
            ),
            outputs: Outputs {
                // A part has no metrics to show.
                shows_table: args.shard.shard.is_none()
                    && (args.table || (!args.json && io::stdout().is_terminal())),
                records: args.output.clone(),
                report: args.report.clone(),
                contact_sheet,
            },
            reading: args.judging.reading.clone(),
        }
    }
}

impl Subject {
    fn of(args: &Args) -> Self {
        if let Some(file) = &args.predictions {
            return Self::Predictions(file.clone());
        }
        if !args.merge.is_empty() {
            return Self::Merge(MergeConfig {
                model: args.model.clone(),
                files: args.merge.clone(),
            });
        }
        Self::Model(ModelConfig {
            shard: args.shard.shard,
            model: args.model.clone(),
            source: Source::of(args.data_dir.clone(), args.input.clone()),
            captions: args.judging.captions.clone(),
            compute: Compute {
                device: args.judging.device.clone(),
                precision: args.judging.precision,
                n_threads: args.judging.threads.count(),
            },
            robustness: args.analysis.robustness,
            without_threshold: if args.force_verdict {
                WithoutThreshold::Answer
            } else {
                WithoutThreshold::Abstain
            },
        })
    }

    /// The file or directory that is evaluated.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Predictions(file) => file.display().to_string(),
            Self::Model(config) => config.model.display().to_string(),
            Self::Merge(config) => config.model.display().to_string(),
        }
    }

    /// The folder of frames that the videos come from, where they do.
    pub(crate) fn folder_of_frames(&self) -> Option<PathBuf> {
        match self {
            Self::Predictions(_) | Self::Merge(_) => None,
            Self::Model(config) => config.source.folder_of_frames(),
        }
    }
}

impl AnalysisConfig {
    /// Whether it needs features of image regions.
    pub(crate) fn needs_regions(&self) -> bool {
        self.audit.is_made() || self.suspects.is_made()
    }

    /// What the flags ask for. A report has all that costs little.
    fn of(args: &AnalysisArgs, report: Option<&PathBuf>, seed: u64) -> Self {
        let (slices, slice_by) = if args.slice_by.is_empty() {
            (Request::Implied, USUAL.map(str::to_owned).to_vec())
        } else {
            (Request::Explicit, args.slice_by.clone())
        };
        let implied = report.map_or(Request::No, |_| Request::Implied);
        let [audit, suspects, next] = [args.audit, args.suspects, args.next]
            .map(|flag| if flag { Request::Explicit } else { implied });
        Self {
            audit,
            suspects,
            next,
            slices,
            slice_by,
            fail_under: args.fail_under.clone(),
            seed,
        }
    }
}

impl CompareConfig {
    fn of(args: &Compare) -> Self {
        Self {
            sides: [args.candidate.clone(), args.champion.clone()],
            source: Source::of(args.data_dir.clone(), None),
            gate: args.gate.clone(),
            few_groups: if args.allow_few_groups {
                FewGroups::Allow
            } else {
                FewGroups::Refuse
            },
            confidence: args.confidence,
            shows_table: args.table || (!args.json && io::stdout().is_terminal()),
            compute: Compute {
                device: args.judging.device.clone(),
                precision: args.judging.precision,
                n_threads: args.judging.threads.count(),
            },
            seed: args.judging.seed.seed,
            captions: args.judging.captions.clone(),
            reading: args.judging.reading.clone(),
        }
    }
}
