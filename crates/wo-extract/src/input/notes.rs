//! Warnings about skipped files and unclear folder names, each given once with what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wo_folder::is_frame_folder;
use wo_record::Name;

use crate::input::folders::Trouble;
use crate::input::labels::Labels;
use crate::input::paths::{absolute, shown};
use crate::input::unknown_folder::{UnknownFolder, files};

/// Tables and workbooks: somebody wrote something into them.
const TABLES: [&str; 6] = ["csv", "tsv", "xlsx", "xls", "ods", "numbers"];
/// Files that belong beside videos and are no mistake there.
const COMPANIONS: [&str; 8] = [
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
    tables: Vec<PathBuf>,
    thumbnails: Vec<PathBuf>,
    /// Whether labels matter: new videos that are to be judged have none.
    wants_labels: bool,
    /// Folders without a label, with how many files.
    unlabelled: BTreeMap<PathBuf, usize>,
    new_labels: BTreeMap<PathBuf, usize>,
    long_names: BTreeMap<PathBuf, usize>,
    misspelt: BTreeMap<(PathBuf, &'static str), usize>,
    /// Folders whose names the captions table does not know.
    unknown: BTreeMap<UnknownFolder, usize>,
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
            "{}: skipped, its name is not one of a video or image",
            path.display()
        );
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        if TABLES.iter().any(|table| kind == *table) {
            self.tables.push(path.to_owned());
        } else if COMPANIONS.iter().all(|companion| kind != *companion) {
            self.others.push(path.to_owned());
        }
    }

    /// An image that is the thumbnail of a video.
    pub(crate) fn thumbnail(&mut self, path: &Path) {
        self.thumbnails.push(path.to_owned());
    }

    /// The frames go into a folder, whose tables are of labelled frames.
    pub(crate) fn want_labels(&mut self) {
        self.wants_labels = true;
    }

    /// What the place of a file says.
    pub(crate) fn place(&mut self, labels: &Labels, trouble: Option<Trouble>) {
        self.wants_labels |= labels.label.is_some();
        let count = match trouble {
            None => return,
            Some(Trouble::NoLabel(folder)) => self.unlabelled.entry(folder).or_default(),
            Some(Trouble::NewLabel(folder)) => self.new_labels.entry(folder).or_default(),
            Some(Trouble::LongName(folder)) => self.long_names.entry(folder).or_default(),
            Some(Trouble::Misspelt { folder, meant }) => {
                self.misspelt.entry((folder, meant)).or_default()
            }
            Some(Trouble::Unknown(doubt)) => self.unknown.entry(doubt).or_default(),
            Some(Trouble::Several(troubles)) => {
                for trouble in troubles {
                    self.place(labels, Some(trouble));
                }
                return;
            }
        };
        *count += 1;
    }

    /// Prints all warnings. Tables that `are_read`, by their absolute paths, give none.
    pub(crate) fn say(&self, are_read: impl Fn(&Path) -> bool) {
        self.say_labels();
        self.say_all_skipped(are_read);
    }

    fn say_labels(&self) {
        for ((folder, meant), n) in &self.misspelt {
            let folder = shown(folder);
            wo_cli::warn!(
                "{folder}: {} no label: no label has this name", files(*n, "gets", "get");
                "if you mean {meant}, rename the folder"
            );
        }
        for (folder, n) in &self.long_names {
            wo_cli::warn!(
                "{}: {} neither exercise nor label from it: its name is longer than {} bytes",
                shown(folder),
                files(*n, "gets", "get"),
                Name::MAX_BYTES;
                "give the folder a shorter name"
            );
        }
        for (folder, n) in &self.new_labels {
            let folder = shown(folder);
            wo_cli::warn!(
                "{folder}: {} a new label; the tools know good_form, bad_form and unclear",
                files(*n, "gets", "get")
            );
        }
        self.say_unknown();
        if self.wants_labels {
            for (folder, n) in &self.unlabelled {
                let folder = shown(folder);
                wo_cli::warn!(
                    "{folder}: {} no label: no folder above has the name of a label",
                    files(*n, "gets", "get");
                    "move the videos into good_form, bad_form or unclear in the folder of their exercise, such as squat/good_form"
                );
            }
        }
    }

    fn say_all_skipped(&self, are_read: impl Fn(&Path) -> bool) {
        say_skipped(
            &self.thumbnails,
            "it has the name of a video beside it and counts as its thumbnail",
            "they have the names of videos beside them and count as their thumbnails",
            None,
        );
        say_skipped(
            &self.hidden,
            "it is hidden",
            "they are hidden",
            Some("to read them, rename them so that no name begins with a dot"),
        );
        say_skipped(
            &self.links,
            "links to folders are not followed",
            "links to folders are not followed",
            Some("name the folder on the command line"),
        );
        say_skipped(
            &self.others,
            "its extension is not one of a video or image",
            "their extensions are not ones of videos or images",
            None,
        );
        let is_unread = |path: &&PathBuf| {
            let of_frames = path.parent().is_some_and(is_frame_folder);
            !of_frames && !are_read(&absolute(path))
        };
        let unread: Vec<PathBuf> = self.tables.iter().filter(is_unread).cloned().collect();
        say_skipped(
            &unread,
            "groups.csv is the only table that is read beside or above videos",
            "groups.csv is the only table that is read beside or above videos",
            Some(
                "persons, sources and angles go into groups.csv (path,person_id,source_id,angle), labels of frames into \
                 the tables of the folder of frames",
            ),
        );
    }

    /// Warns about folders that name an unknown exercise or fault; those that may mean anything share one line.
    fn say_unknown(&self) {
        let mut others = BTreeSet::new();
        for (doubt, n) in &self.unknown {
            match doubt.words(*n) {
                Some(words) => wo_cli::warn_line(&words),
                None => others.extend(doubt.folder().file_name()),
            }
        }
        if !others.is_empty() {
            let others = wo_cli::named(others.iter().map(|name| name.display()));
            wo_cli::warn!("folders below the label that name no fault: {others}");
        }
    }
}

fn say_skipped(paths: &[PathBuf], why_it: &str, why_they: &str, hint: Option<&str>) {
    if paths.is_empty() {
        return;
    }
    let n = paths.len();
    let skipped = files(n, "is", "are");
    let named = wo_cli::named(paths.iter().map(|path| path.display()));
    let message = wo_cli::message!(
        "{skipped} skipped, since {}: {named}",
        wo_cli::verb(n, why_it, why_they)
    );
    wo_cli::warn_line(&message.hints(hint));
}
