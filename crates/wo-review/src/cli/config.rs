//! What a run does: the flags with their defaults filled in.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use wo_cli::{CaptionsFlag, Exit, check_file, ensure, shell_word};
use wo_record::Name;

use crate::cli::args::{Args, Command, Export, FormatFlag, Import, QueueFlag, Serve};
use crate::export::format::Format;
use crate::label_studio::role::Role;
use crate::queue::QueueName;
use crate::store::OnLoss;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Config {
    /// Serve the page.
    Serve(ServeConfig),
    /// Print a queue.
    List(ListConfig),
    /// Write the reviewed labels in another format.
    Export(ExportConfig),
    /// Read labels as reviews.
    Import(ImportConfig),
}

/// Which folder is reviewed, by whom, and how the page is reached.
#[derive(Debug, Clone)]
pub(crate) struct ServeConfig {
    pub(crate) folder: PathBuf,
    pub(crate) captions: CaptionsFlag,
    pub(crate) findings: FindingsConfig,
    /// Each once; at least one.
    pub(crate) reviewers: Vec<String>,
    pub(crate) first_queue: QueueName,
    /// Actions or labels, each with its key.
    pub(crate) keys: Vec<(String, String)>,
    /// The part of the decisions that is asked for again.
    pub(crate) repeat_share: f64,
    pub(crate) access: Access,
    pub(crate) opens_browser: bool,
    pub(crate) on_loss: OnLoss,
}

/// Which queue is printed.
#[derive(Debug)]
pub(crate) struct ListConfig {
    pub(crate) folder: PathBuf,
    pub(crate) captions: CaptionsFlag,
    pub(crate) findings: FindingsConfig,
    /// The first one; the queue may depend on it.
    pub(crate) reviewer: String,
    pub(crate) queue: QueueName,
}

/// What a model found in the folder, which queues are made of.
#[derive(Debug, Clone)]
pub(crate) struct FindingsConfig {
    pub(crate) suspects: Option<PathBuf>,
    pub(crate) predictions: Option<PathBuf>,
}

/// Where the server listens, and under which names.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) address: IpAddr,
    /// `None` for the folder's own port, or a free one.
    pub(crate) port: Option<u16>,
    /// Whether other machines may reach it.
    pub(crate) is_remote: bool,
    /// Names of the server.
    pub(crate) hosts: Vec<String>,
}

/// What is written, and where.
#[derive(Debug)]
pub(crate) struct ExportConfig {
    pub(crate) folder: PathBuf,
    pub(crate) captions: CaptionsFlag,
    pub(crate) format: Format,
    /// `None` for stdout.
    pub(crate) output: Option<PathBuf>,
}

/// What is read, and what its words mean.
#[derive(Debug)]
pub(crate) struct ImportConfig {
    pub(crate) folder: PathBuf,
    pub(crate) captions: CaptionsFlag,
    pub(crate) file: PathBuf,
    /// Questions, each with its meaning where that is given.
    pub(crate) questions: Vec<(String, Option<Role>)>,
    /// Choices, each with its label.
    pub(crate) labels: Vec<(String, Name)>,
    /// The reviewer of answers without a person.
    pub(crate) reviewer: String,
}

impl Config {
    /// Fails where flags contradict each other.
    pub(crate) fn of(args: Args) -> anyhow::Result<Self> {
        Ok(match args.command {
            None if args.serve.list => Self::List(ListConfig::of(args.serve)?),
            None => Self::Serve(ServeConfig::of(args.serve)?),
            Some(Command::Export(export)) => Self::Export(export.into()),
            Some(Command::Import(import)) => Self::Import(import.into()),
        })
    }
}

impl ServeConfig {
    fn of(args: Serve) -> anyhow::Result<Self> {
        ensure!(
            args.bind.is_loopback() || args.allow_remote,
            Exit::Usage,
            "{} can be reached from other machines", args.bind;
            "forward a port instead (ssh -L), or use --allow-remote behind a TLS proxy"
        );
        Ok(Self {
            findings: FindingsConfig::of(&args)?,
            folder: args.folder,
            captions: args.captions,
            reviewers: reviewers(args.reviewer),
            first_queue: args.queue.into(),
            keys: args.key,
            repeat_share: args.blind_repeats / 100.0,
            access: Access {
                address: args.bind,
                port: args.port,
                is_remote: args.allow_remote,
                hosts: args.host,
            },
            opens_browser: !args.no_open,
            on_loss: if args.accept_lost_reviews {
                OnLoss::Accept
            } else {
                OnLoss::Refuse
            },
        })
    }
}

impl ListConfig {
    fn of(args: Serve) -> anyhow::Result<Self> {
        Ok(Self {
            findings: FindingsConfig::of(&args)?,
            folder: args.folder,
            captions: args.captions,
            reviewer: reviewers(args.reviewer).swap_remove(0),
            queue: args.queue.into(),
        })
    }
}

impl FindingsConfig {
    fn of(args: &Serve) -> anyhow::Result<Self> {
        ensure!(
            args.queue != QueueFlag::Uncertain || args.predictions.is_some(),
            Exit::Usage,
            "--queue uncertain needs --predictions FILE";
            "wo-eval --model MODEL --data-dir {} --output FILE writes it", shell_word(&args.folder)
        );
        Ok(Self {
            suspects: args.suspects.clone(),
            predictions: args.predictions.clone(),
        })
    }

    /// Fails where a file is not there.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut files = self.suspects.iter().chain(&self.predictions);
        files.try_for_each(|it| check_file(it))
    }
}

/// The given names, each once, else the name of the user.
fn reviewers(mut given: Vec<String>) -> Vec<String> {
    if !given.is_empty() {
        let mut seen = HashSet::new();
        given.retain(|name| seen.insert(name.clone()));
        return given;
    }
    let user = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    vec![
        user.filter(|user| !user.is_empty() && user.len() <= Name::MAX_BYTES)
            .unwrap_or_else(|| "reviewer".to_owned()),
    ]
}

impl From<Export> for ExportConfig {
    fn from(args: Export) -> Self {
        Self {
            folder: args.folder,
            captions: args.captions,
            format: args.to.into(),
            output: args.output.filter(|path| path != Path::new("-")),
        }
    }
}

impl From<Import> for ImportConfig {
    fn from(args: Import) -> Self {
        Self {
            folder: args.folder,
            captions: args.captions,
            file: args.file,
            questions: args.question,
            labels: args.label,
            reviewer: args.reviewer,
        }
    }
}

impl From<QueueFlag> for QueueName {
    fn from(flag: QueueFlag) -> Self {
        match flag {
            QueueFlag::All => Self::All,
            QueueFlag::Undecided => Self::Undecided,
            QueueFlag::Uncertain => Self::Uncertain,
            QueueFlag::Blurry => Self::Blurry,
            QueueFlag::NearDuplicates => Self::NearDuplicates,
            QueueFlag::Suspects => Self::Suspects,
            QueueFlag::Disagreements => Self::Disagreements,
            QueueFlag::SecondOpinion => Self::SecondOpinion,
            QueueFlag::Trash => Self::Trash,
        }
    }
}

impl From<FormatFlag> for Format {
    fn from(flag: FormatFlag) -> Self {
        match flag {
            FormatFlag::Csv => Self::Csv,
            FormatFlag::Ndjson => Self::Ndjson,
            FormatFlag::LabelStudio => Self::LabelStudio,
            FormatFlag::Imagefolder => Self::Imagefolder,
        }
    }
}
