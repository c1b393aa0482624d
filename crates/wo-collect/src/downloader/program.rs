//! Finds `yt-dlp`, the JavaScript runtime that it needs for the largest site, and `ffmpeg`, which cuts sections.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_record::Producer;

/// What brings all of it.
pub(crate) const CURE: &str = "scripts/setup collect";
/// The runtimes that yt-dlp knows, each with the names of its program; the first that is found is taken.
const RUNTIMES: [(&str, &[&str]); 4] = [
    ("deno", &["deno"]),
    ("node", &["node", "nodejs"]),
    ("quickjs", &["qjs", "quickjs"]),
    ("bun", &["bun"]),
];
/// The oldest Node.js that yt-dlp takes.
const OLDEST_NODE: u32 = 20;

/// The programs, as they were found.
#[derive(Debug)]
pub(crate) struct Downloader {
    pub(crate) yt_dlp: PathBuf,
    version: String,
    /// A name and a path, as `--js-runtimes` takes them.
    pub(crate) runtime: Option<String>,
    pub(crate) ffmpeg: Option<PathBuf>,
}

impl Downloader {
    /// Finds the programs: `named`, else the first on the path, else those that set-up installed.
    pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let installed = installed_programs();
        let yt_dlp = match named {
            Some(path) if path.components().count() > 1 && !path.is_file() => {
                wo_cli::bail!(Exit::Usage, "{} is not there", path.display(); "{CURE}")
            }
            Some(path) => Some(path.to_owned()),
            None => find("yt-dlp", installed.as_deref()),
        };
        let Some(yt_dlp) = yt_dlp else {
            wo_cli::bail!(
                Exit::Environment,
                "the program yt-dlp is not installed, and nothing else fetches videos";
                "{CURE}";
                "or install it yourself: pip install \"yt-dlp[default]\""
            );
        };
        // It runs in a folder of its own; a bare name is looked for on the path.
        let yt_dlp = if yt_dlp.components().count() > 1 {
            std::path::absolute(&yt_dlp).with_context(|| format!("find {}", yt_dlp.display()))?
        } else {
            yt_dlp
        };
        // A runtime that came with yt-dlp stands beside it.
        let beside = yt_dlp.parent().map(Path::to_owned).or(installed);
        Ok(Self {
            version: version_of(&yt_dlp)?,
            runtime: runtime(beside.as_deref()),
            ffmpeg: find("ffmpeg", beside.as_deref()),
            yt_dlp,
        })
    }

    /// Says what is missing for the largest site.
    pub(crate) fn warn_of_missing_runtime(&self) {
        if self.runtime.is_none() {
            wo_cli::warn!(
                "yt-dlp finds no JavaScript runtime, and without one YouTube gives few formats or none";
                "{CURE} brings Deno; Node.js {OLDEST_NODE} or newer and QuickJS do as well"
            );
        }
    }

    /// The programs that have a hand in what is fetched.
    pub(crate) fn tools(&self) -> Producer {
        Producer {
            tool: "yt-dlp".to_owned(),
            version: self.version.clone(),
        }
    }
}

/// The folder of programs that `scripts/setup collect` makes.
fn installed_programs() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|it| !it.is_empty());
    let cache = variable("WO_CACHE").map(PathBuf::from).or_else(|| {
        let home = || variable("HOME").map(|home| Path::new(&home).join(".cache"));
        let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
        cache.map(|cache| cache.join("wo"))
    });
    cache.map(|cache| cache.join("venv-collect/bin"))
}

/// The first program of this name on the path, else in `folder`.
fn find(name: &str, folder: Option<&Path>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(folder.map(Path::to_owned));
    let mut programs = folders.map(|folder| folder.join(name));
    programs.find(|program| program.is_file())
}

fn runtime(beside: Option<&Path>) -> Option<String> {
    RUNTIMES.iter().find_map(|(runtime, names)| {
        let program = names.iter().find_map(|name| find(name, beside))?;
        let is_new = *runtime != "node" || is_new_node(&program);
        is_new.then(|| format!("{runtime}:{}", program.display()))
    })
}

fn is_new_node(program: &Path) -> bool {
    let version = version_of(program).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next();
    major.is_some_and(|major| major.parse::<u32>().is_ok_and(|it| it >= OLDEST_NODE))
}

/// What a program says to `--version`, on one line.
fn version_of(program: &Path) -> anyhow::Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {}", program.display()))
        .exit_with(Exit::Environment)?;
    if !output.status.success() {
        wo_cli::bail!(
            Exit::Environment,
            "{} --version failed: {}",
            program.display(),
            String::from_utf8_lossy(&output.stderr).trim();
            "{CURE} installs one that works"
        );
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
