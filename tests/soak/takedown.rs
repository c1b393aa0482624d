//! A takedown, and the search for what must be gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::checks::Checks;
use crate::reviews::ids;
use crate::workspace::Workspace;

/// Exit code of `forget` where a model was trained on who is forgotten: it is named, and stays in use until another is better.
const MODEL_NAMED: i32 = 1;
/// Files of frames begin with so many digits of the id of their video.
const SHORT_ID: usize = 16;

impl Workspace {
    /// Forgets the first person of a week, and looks for what is left.
    pub(crate) fn forget_person_of(&mut self, week: usize, checks: &mut Checks) -> String {
        let mut videos = self.videos.iter();
        let first = videos.find(|it| it.week == week).expect("a person");
        let person = first.person.clone();
        let theirs = self.videos.iter().filter(|it| it.person == person);
        let ids = ids(&self.extracted());
        let mut traces = BTreeSet::from([person.clone()]);
        for video in theirs {
            let id = ids.get(&video.name).expect("its frames were taken");
            traces.insert(video.source.clone());
            traces.insert(video.name.trim_end_matches(".mp4").to_owned());
            traces.insert(id.chars().take(SHORT_ID).collect());
        }
        self.forgotten.extend(traces);
        // Else a search that looks in the wrong place would find nothing either.
        let n_before = self.left().len();
        checks.require(n_before > 0, || {
            "nothing was there of the person who is to be forgotten".to_owned()
        });
        let tool = self.tools.tool("wo-collect");
        let tool = tool.arg("forget").arg(format!("person:{person}"));
        let run = tool.args(["--why", "asked by the person"]).run();
        checks.require([0, MODEL_NAMED].contains(&run.status), || {
            format!("wo-collect forget: exit {}\n{}", run.status, run.stderr)
        });
        let n_videos = self.videos.len();
        self.videos.retain(|it| it.person != person);
        self.check_forgotten(checks);
        format!(
            "1 person forgotten ({} videos)",
            n_videos - self.videos.len()
        )
    }

    /// The forgotten person is nowhere.
    pub(crate) fn check_forgotten(&self, checks: &mut Checks) {
        let left = self.left();
        checks.require(left.is_empty(), || {
            format!(
                "of the forgotten person there is still: {}",
                left.join(", ")
            )
        });
    }

    /// Where traces of who is forgotten are found: in names or bytes of files below the folder.
    fn left(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(&self.tools.workspace(), &mut files);
        list(&self.tools.folder().join("cache"), &mut files);
        let mut left = Vec::new();
        for path in files {
            let bytes = fs::read(&path).unwrap_or_default();
            let name = path.to_string_lossy().into_owned();
            for trace in &self.forgotten {
                if name.contains(trace.as_str()) || has(&bytes, trace.as_bytes()) {
                    left.push(format!("{trace} in {name}"));
                }
            }
        }
        left
    }
}

/// All files below a folder. Links are not followed: what they lead to lies in it as well.
fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let entry = entry.expect("a folder can be listed");
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() {
            list(&entry.path(), files);
        }
        files.push(entry.path());
    }
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    let first = wanted[0];
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(wanted) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
