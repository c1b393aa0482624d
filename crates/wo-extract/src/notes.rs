//! What a walk over folders passed over, and what their places leave open: said once, with what to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::labels::{Trouble, shown};

/// Of each kind so many examples are named.
const N_NAMED: usize = 5;
/// Files that belong beside videos and are no mistake there.
const COMPANIONS: [&str; 9] = [
    "csv",
    "md",
    "json",
    "toml",
    "srt",
    "vtt",
    "description",
    "lock",
    "ndjson",
];

/// What is to be said.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    hidden: Vec<PathBuf>,
    links: Vec<PathBuf>,
    others: Vec<PathBuf>,
    thumbnails: Vec<PathBuf>,
    n_labelled: usize,
    /// Folders without a label, with how many files.
    unlabelled: BTreeMap<PathBuf, usize>,
    new_labels: BTreeMap<PathBuf, usize>,
    misspelt: BTreeMap<(PathBuf, &'static str), usize>,
}

impl Notes {
    /// A hidden file with the name of a video.
    pub(crate) fn hidden(&mut self, path: &Path) {
        self.hidden.push(path.to_owned());
    }

    /// A link to a folder.
    pub(crate) fn link(&mut self, path: &Path) {
        self.links.push(path.to_owned());
    }

    /// A file of another kind.
    pub(crate) fn other(&mut self, path: &Path) {
        wo_cli::info!(
            "{}: skipped, not a name of a video or picture",
            path.display()
        );
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        if COMPANIONS.iter().all(|companion| kind != *companion) {
            self.others.push(path.to_owned());
        }
    }

    /// A picture that is the thumbnail of a video.
    pub(crate) fn thumbnail(&mut self, path: &Path) {
        self.thumbnails.push(path.to_owned());
    }

    /// What the place of a file says.
    pub(crate) fn place(&mut self, trouble: Option<Trouble>, is_labelled: bool) {
        self.n_labelled += usize::from(is_labelled);
        let count = match trouble {
            None => return,
            Some(Trouble::NoLabel(folder)) => self.unlabelled.entry(folder).or_default(),
            Some(Trouble::NewLabel(folder)) => self.new_labels.entry(folder).or_default(),
            Some(Trouble::Misspelt { folder, meant }) => {
                self.misspelt.entry((folder, meant)).or_default()
            }
        };
        *count += 1;
    }

    /// Says it.
    pub(crate) fn say(&self) {
        for ((folder, meant), n) in &self.misspelt {
            let folder = shown(folder);
            wo_cli::warn!(
                "{folder}: {} no label: none is called so\nhint: rename the folder to {meant}, if that is meant",
                files(*n, "gets", "get")
            );
        }
        for (folder, n) in &self.new_labels {
            let folder = shown(folder);
            wo_cli::warn!(
                "{folder}: {} a label of your own; the tools know good_form, bad_form and unclear",
                files(*n, "gets", "get")
            );
        }
        // Where nothing is labelled nobody wanted labels: new videos are to be judged.
        if self.n_labelled > 0 {
            for (folder, n) in &self.unlabelled {
                let folder = shown(folder);
                wo_cli::warn!(
                    "{folder}: {} no label: no folder above is called like one\nhint: move the videos into {folder}/good_form, bad_form or unclear",
                    files(*n, "gets", "get"),
                );
            }
        }
        say_skipped(
            &self.thumbnails,
            "pictures named like a video beside them are its thumbnails",
            "",
        );
        let rename = "\nhint: rename them, so that their names do not begin with a dot";
        say_skipped(&self.hidden, "hidden files are not taken", rename);
        let name_it = "\nhint: name the folder on the command line";
        say_skipped(&self.links, "links to folders are not followed", name_it);
        say_skipped(
            &self.others,
            "the endings are none of videos or pictures",
            "",
        );
    }
}

fn files(n: usize, one: &str, more: &str) -> String {
    if n == 1 {
        format!("1 file {one}")
    } else {
        format!("{n} files {more}")
    }
}

fn say_skipped(paths: &[PathBuf], why: &str, hint: &str) {
    if paths.is_empty() {
        return;
    }
    let named = paths
        .iter()
        .take(N_NAMED)
        .map(|path| path.display().to_string());
    let named: Vec<String> = named.collect();
    let more = if paths.len() > N_NAMED { ", …" } else { "" };
    let skipped = files(paths.len(), "skipped", "skipped");
    wo_cli::warn!("{skipped}, since {why}: {}{more}{hint}", named.join(", "));
}
