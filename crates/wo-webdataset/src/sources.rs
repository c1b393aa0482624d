//! Where shards are read from: files by their names, and commands whose output is a shard.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, bail, ensure};

use crate::braces::expanded;

/// What a command begins with, as WebDataset has it.
const PIPE: &str = "pipe:";
/// What a file may begin with, as WebDataset has it.
const FILE: &str = "file:";
/// What stands between several names, as WebDataset has it.
const BETWEEN: &str = "::";

/// Where one shard is read from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ShardSource {
    /// A file.
    File(PathBuf),
    /// The output of a command of the shell.
    Pipe(String),
}

/// All shards that a text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) all: Vec<ShardSource>,
    /// Whether each was named, so that fewer than there are may be meant.
    pub(crate) are_named: bool,
}

impl fmt::Display for ShardSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Pipe(command) => write!(f, "{PIPE}{command}"),
        }
    }
}

/// Whether a text that is no folder means shards: names of tar files, or commands.
pub fn is_list_of_shards(text: &str) -> bool {
    text.starts_with(PIPE)
        || text.starts_with(FILE)
        || text.contains("://")
        || Path::new(text)
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("tar"))
        || text.contains(".tar")
}

impl Sources {
    /// The shards that a text stands for, in the order of their names.
    pub(crate) fn of(text: &str) -> anyhow::Result<Self> {
        let mut sources = Self {
            all: Vec::new(),
            are_named: true,
        };
        for part in text.split(BETWEEN).filter(|it| !it.is_empty()) {
            for name in expanded(part)? {
                sources.add(&name)?;
            }
        }
        ensure!(!sources.all.is_empty(), Exit::Usage, "no shard is named");
        let mut seen = HashSet::new();
        if let Some(again) = sources.all.iter().find(|it| !seen.insert(*it)) {
            bail!(Exit::Usage, "the shard {again} is named twice");
        }
        sources.ensure_all_are_there()?;
        Ok(sources)
    }

    fn add(&mut self, name: &str) -> anyhow::Result<()> {
        if let Some(command) = name.strip_prefix(PIPE) {
            ensure!(
                !command.trim().is_empty(),
                Exit::Usage,
                "no command follows {PIPE}";
                "give one whose output is a tar file, such as 'pipe:aws s3 cp s3://bucket/frames-000000.tar -'"
            );
            self.all.push(ShardSource::Pipe(command.to_owned()));
            return Ok(());
        }
        if let Some((scheme, _)) = name.split_once("://").filter(|(it, _)| *it != "file") {
            let how = match scheme {
                "s3" => format!("'pipe:aws s3 cp {name} -'"),
                "gs" => format!("'pipe:gcloud storage cat {name}'"),
                _ => format!("'pipe:curl -fsSL {name}'"),
            };
            bail!(
                Exit::Usage,
                "{name} is no file, and wo-train fetches no shards itself";
                "give the command that does, such as {how}"
            );
        }
        let path = name.strip_prefix(FILE).unwrap_or(name);
        let path = path
            .strip_prefix("//")
            .filter(|_| path.len() < name.len())
            .unwrap_or(path);
        if Path::new(path).exists() || !path.contains(['*', '?', '[']) {
            self.all.push(ShardSource::File(path.into()));
            return Ok(());
        }
        self.are_named = false;
        let found = glob::glob(path)
            .with_context(|| format!("{path} is no pattern of files"))
            .exit_with(Exit::Usage)?;
        let found: Result<Vec<_>, _> = found.collect();
        let found = found.with_context(|| format!("look for {path}"))?;
        ensure!(!found.is_empty(), Exit::Usage, "no file is named as {path}");
        self.all.extend(found.into_iter().map(ShardSource::File));
        Ok(())
    }

    fn ensure_all_are_there(&self) -> anyhow::Result<()> {
        let is_missing =
            |it: &&ShardSource| matches!(it, ShardSource::File(path) if !path.exists());
        let mut missing = self.all.iter().filter(is_missing);
        let Some(first) = missing.next() else {
            return Ok(());
        };
        let n = missing.count() + 1;
        bail!(
            Exit::Usage,
            "the shard {first} is not there: {n} of {} {} missing",
            wo_cli::count(self.all.len(), "shard"),
            wo_cli::verb(n, "is", "are")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let sources = Sources::of(text).unwrap();
        sources.all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commands_and_lists_are_those_of_webdataset() {
        assert_eq!(
            names("pipe:cat {0..1}.tar"),
            ["pipe:cat 0.tar", "pipe:cat 1.tar"]
        );
        assert_eq!(
            names("pipe:cat a::pipe:cat b"),
            ["pipe:cat a", "pipe:cat b"]
        );
        assert_eq!(names("pipe:cat ${HOME}/a"), ["pipe:cat ${HOME}/a"]);
    }

    #[test]
    fn files_are_found_by_names_and_patterns() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b-0.tar", "b-1.tar", "c[1].tar"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        let both = [at("b-0.tar"), at("b-1.tar")];
        assert_eq!(names(&at("b-{0..1}.tar")), both);
        assert_eq!(names(&at("b-*.tar")), both);
        assert_eq!(names(&format!("file:{}::{}", both[0], both[1])), both);
        assert_eq!(names(&at("c[1].tar")), [at("c[1].tar")]);
        let says = |text: &str| Sources::of(text).unwrap_err().to_string();
        assert_eq!(
            says(&at("b-{0..3}.tar")),
            format!(
                "the shard {} is not there: 2 of 4 shards are missing",
                at("b-2.tar")
            )
        );
        assert_eq!(
            says(&at("x*.tar")),
            format!("no file is named as {}", at("x*.tar"))
        );
        let twice = format!("{}::{}", both[0], both[0]);
        assert_eq!(
            says(&twice),
            format!("the shard {} is named twice", both[0])
        );
        assert!(says("s3://b/f.tar").starts_with("s3://b/f.tar is no file"));
        assert!(says("pipe: ").starts_with("no command follows pipe:"));
    }

    #[test]
    fn names_of_tar_files_and_commands_mean_shards() {
        for text in [
            "a.tar",
            "a-{0..1}.tar",
            "pipe:x",
            "s3://b/k",
            "*.tar::b",
            "a.TAR",
        ] {
            assert!(is_list_of_shards(text), "{text}");
        }
        for text in ["frames", "data/labeled_frames", "x{0..1}"] {
            assert!(!is_list_of_shards(text), "{text}");
        }
    }
}
