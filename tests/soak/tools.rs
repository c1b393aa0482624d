//! The tools, run in the workspace with a cache of its own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wo_testkit::{Run, Tool};

/// Exit code of a tool that was done with the good inputs, and named the others.
const SOME_FAILED: i32 = 3;

/// Where the tools run.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// `folder` is made anew.
    pub(crate) fn new(folder: &Path) -> Self {
        if folder.exists() {
            fs::remove_dir_all(folder).expect("remove what an earlier run made");
        }
        fs::create_dir_all(folder).expect("make the folder");
        let folder = folder.canonicalize().expect("the folder is there");
        Self { folder }
    }

    /// The folder of the chart; the workspace and drawn videos lie in it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The workspace.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// A tool or script, about to run in the workspace.
    pub(crate) fn tool(&self, name: impl AsRef<Path>) -> Tool {
        let workspace = self.workspace();
        let here = if workspace.is_dir() {
            &workspace
        } else {
            &self.folder
        };
        Tool::new(name.as_ref())
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .current_dir(here)
    }
}

/// The output of a run that went well. Inputs that failed may be named.
pub(crate) fn output(what: &str, run: Run) -> String {
    let is_done = [0, SOME_FAILED].contains(&run.status);
    assert!(is_done, "{what}: exit {}\n{}", run.status, run.stderr);
    run.stdout
}

/// The records of a stream.
pub(crate) fn records(stream: &str) -> Vec<Value> {
    let lines = stream.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

/// The records of this type.
pub(crate) fn of_type<'a>(records: &'a [Value], name: &str) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |it| it["type"] == name)
}
