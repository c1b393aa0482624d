//! A folder as `wo-collect init` makes it, and what a run in it leaves.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wo_testkit::{Run, TempDir, Tool, skip, tempdir};

/// Four seconds of a test pattern, H.264 in MP4. Made by
/// `ffmpeg -bitexact -f lavfi -i testsrc=size=64x48:rate=10:duration=4 -c:v libx264 -bf 0 -g 10 -crf 40 -pix_fmt yuv420p
/// -movflags +faststart`.
const VIDEO: &[u8] = include_bytes!("fixtures/four_seconds.mp4");

/// A video whose bytes differ with `n`: behind it stands a box that players pass over.
pub(crate) fn video(n: u32) -> Vec<u8> {
    let size = 12_u32.to_be_bytes();
    [VIDEO, &size, b"free", &n.to_be_bytes()].concat()
}

/// The program, on the path or where `scripts/setup collect` installs it. Where there is none the test is skipped.
pub(crate) fn yt_dlp() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cache = std::env::var_os("WO_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        cache.or(home).map(|cache| cache.join("wo"))
    });
    let folders = std::env::split_paths(&path);
    let folders = folders.chain(cache.map(|cache| cache.join("venv-collect/bin")));
    let mut programs = folders.map(|folder| folder.join("yt-dlp"));
    let found = programs.find(|program| program.is_file());
    if found.is_none() {
        skip::not_installed("yt-dlp");
    }
    found
}

/// A folder to collect in.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: TempDir,
    yt_dlp: Option<PathBuf>,
}

impl Workspace {
    /// A new one, with no pauses.
    pub(crate) fn new() -> Self {
        let workspace = Self {
            folder: tempdir().unwrap(),
            yt_dlp: None,
        };
        assert_eq!(workspace.tool(&["init", "."]).run().status, 0);
        workspace.settings("max_bytes = \"1 MiB\"\npause_s = 0\nattempts = 2\ntimeout_s = 5\n");
        workspace
    }

    /// A new one that fetches with this program.
    pub(crate) fn with(yt_dlp: PathBuf) -> Self {
        Self {
            yt_dlp: Some(yt_dlp),
            ..Self::new()
        }
    }

    /// The section `[collect]` of the settings.
    pub(crate) fn settings(&self, text: &str) {
        fs::write(self.path("wo.toml"), format!("[collect]\n{text}")).unwrap();
    }

    /// A path in it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes the table of sources. Each row is a url and what stands behind it.
    pub(crate) fn sources(&self, rows: &[(&str, &str)]) {
        let header =
            "url,exercise,label,faults,person,source,angle,start,end,licence,consent,note\n";
        let mut text = header.to_owned();
        for (url, rest) in rows {
            writeln!(text, "\"{}\",{rest}", url.replace('"', "\"\"")).unwrap();
        }
        fs::write(self.path("data/sources.csv"), text).unwrap();
    }

    /// The tool with these arguments.
    pub(crate) fn tool(&self, arguments: &[&str]) -> Tool {
        let mut tool = Tool::new(env!("CARGO_BIN_EXE_wo-collect"))
            .args(arguments)
            .current_dir(self.folder.path())
            // The loopback is asked without what this machine asks others through.
            .env("NO_PROXY", "*")
            .env("no_proxy", "*");
        if let Some(yt_dlp) = &self.yt_dlp {
            tool = tool.env("WO_YT_DLP", yt_dlp);
        }
        tool
    }

    /// Runs it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.tool(arguments).run()
    }

    /// The videos, from the folder of videos.
    pub(crate) fn videos(&self) -> Vec<String> {
        let mut videos = Vec::new();
        let root = self.path("data/training_data");
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                let name = entry.file_name().into_string().unwrap();
                if path.is_dir() {
                    folders.push(path);
                } else if !["README.md", ".gitkeep", "groups.csv"].contains(&name.as_str()) {
                    let path = path.strip_prefix(&root).unwrap();
                    videos.push(path.to_str().unwrap().to_owned());
                }
            }
        }
        videos.sort();
        videos
    }

    /// A file as text.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The entries of the ledger.
    pub(crate) fn ledger(&self) -> Vec<Value> {
        let text = self.text("data/ledger.ndjson");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["entry"].clone()).collect()
    }
}

/// The records of a type.
pub(crate) fn records(run: &Run, kind: &str) -> Vec<Value> {
    let lines = run.lines().into_iter();
    let records = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["type"] == kind).collect()
}

/// What became of each source: the end of its url, and the outcome.
pub(crate) fn outcomes(run: &Run) -> Vec<(String, String)> {
    let sources = records(run, "source").into_iter();
    let end = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    sources
        .map(|it| (end(&text(&it["url"])), text(&it["outcome"])))
        .collect()
}
