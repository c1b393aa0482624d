//! The files in which traces may be, and what kind of file each is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};
use wo_folder::{MEDIA_ENDINGS, REVIEWS, has_ending};

use crate::cli::config::{ForgetConfig, Places};
use crate::forget::intent;
use crate::forget::model_ledger;
use crate::forget::search::Search;
use crate::groups::is_groups;

/// Images that are no frames of a phone's, and videos that are named and not read.
const MORE_MEDIA: [&str; 8] = ["heic", "heif", "avif", "bmp", "tif", "tiff", "jxl", "part"];
/// How images end.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "webp", "gif"];
const LINES: [&str; 3] = ["ndjson", "jsonl", "torn"];
const TABLES: [&str; 2] = ["csv", "tsv"];
const PAGES: [&str; 2] = ["html", "htm"];
const TEXTS: [&str; 11] = [
    "md", "txt", "log", "toml", "xml", "yml", "yaml", "err", "out", "srt", "svg",
];
/// What a model knows of itself.
pub(crate) const MANIFEST: &str = "wo.json";
/// Hashes of files, which are made anew where they are missing.
const HASHES: &str = ".hashes.json";
/// The folder of logs among models.
const LOGS: &str = "logs";
/// How the last run went, among models.
const LAST_RUN: &str = "last-run.json";
/// What stands behind the name of a file that was put aside: `retrain.log.1`, `groups.csv.bak2`.
const ASIDE: [&str; 8] = ["bak", "old", "orig", "save", "tmp", "new", "swp", "copy"];
/// Random letters at the end of the name of a file that is being written.
const N_LETTERS: usize = 6;

/// What kind of file it is, which decides how traces are taken out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Where each video came from.
    Ledger,
    /// The log of reviews.
    Reviews,
    /// Records, or other JSON values, one a line.
    Lines,
    /// `groups.csv`.
    Groups,
    /// The table of sources.
    Sources,
    /// Another table.
    Table,
    /// What a model knows of itself.
    Manifest,
    /// One JSON value.
    Json,
    /// A report.
    Page,
    /// A text for people.
    Text,
    /// What our own tools said in a run.
    Log,
    /// How the last run went.
    LastRun,
    /// A video or an image.
    Media,
    /// A model that is one file.
    ModelFile,
    /// What is made anew where it is missing, or was being written when a run was killed.
    Scrap,
    /// Anything else.
    Other,
}

/// The files of all folders that are looked through.
#[derive(Debug)]
pub(crate) struct FileList {
    pub(crate) files: Vec<(PathBuf, Kind)>,
    /// Links to files that are in the list themselves.
    pub(crate) links: Vec<PathBuf>,
    roots: Vec<PathBuf>,
    /// The folder of models, in which images show who knows whom.
    models: PathBuf,
}

impl FileList {
    /// All files of a workspace that are there now.
    pub(crate) fn of(config: &ForgetConfig) -> anyhow::Result<Self> {
        let places = &config.places;
        let roots = [
            &config.data,
            &places.videos,
            &places.sources,
            &places.ledger,
            &config.models,
        ];
        let roots = roots.into_iter().chain(&config.also).cloned();
        Self::walk(roots.collect(), &config.models, Some(places))
    }

    /// All files of a folder of models.
    pub(crate) fn of_models(models: &Path) -> anyhow::Result<Self> {
        Self::walk(vec![models.to_owned()], models, None)
    }

    fn walk(roots: Vec<PathBuf>, models: &Path, places: Option<&Places>) -> anyhow::Result<Self> {
        let mut list = Self {
            files: Vec::new(),
            links: Vec::new(),
            roots: roots.into_iter().filter(|it| it.exists()).collect(),
            models: models.to_owned(),
        };
        let mut seen = BTreeSet::new();
        for root in list.roots.clone() {
            for entry in WalkDir::new(&root).follow_links(true).sort_by_file_name() {
                match entry {
                    Ok(entry) => list.take(&entry, &mut seen, places),
                    // A link that leads nowhere, or in a circle.
                    Err(error) if error.loop_ancestor().is_some() || is_missing(&error) => {}
                    Err(error) => {
                        return Err(error).with_context(|| format!("read {}", root.display()));
                    }
                }
            }
        }
        Ok(list)
    }

    fn take(&mut self, entry: &DirEntry, seen: &mut BTreeSet<PathBuf>, places: Option<&Places>) {
        let path = entry.path();
        let is_note = entry
            .file_name()
            .to_string_lossy()
            .starts_with(intent::NAME);
        if !entry.file_type().is_file() || is_note {
            return;
        }
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if entry.path_is_symlink() && self.is_inside(&place) {
            self.links.push(path.to_owned());
        } else if seen.insert(place) {
            let kind = kind_of(path, places, &self.models);
            self.files.push((path.to_owned(), kind));
        }
    }

    fn is_inside(&self, place: &Path) -> bool {
        let mut roots = self.roots.iter().flat_map(fs::canonicalize);
        roots.any(|root| place.starts_with(root))
    }

    /// The files of some kinds.
    pub(crate) fn of_kind<'a>(&'a self, kinds: &'a [Kind]) -> impl Iterator<Item = &'a Path> {
        let files = self.files.iter().filter(|(_, kind)| kinds.contains(kind));
        files.map(|(path, _)| path.as_path())
    }

    /// The files beside a video that have its name and another ending, such as subtitles.
    pub(crate) fn notes_of<'a>(&'a self, video: &'a Path) -> impl Iterator<Item = &'a Path> {
        let stem = video.file_stem().unwrap_or_default().as_encoded_bytes();
        let is_note = move |path: &&Path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            let rest = name.strip_prefix(stem);
            path.parent() == video.parent()
                && rest.is_some_and(|rest| rest.starts_with(b"."))
                && !has_ending(path, &MEDIA_ENDINGS)
        };
        let files = self.files.iter().map(|(path, _)| path.as_path());
        files.filter(is_note)
    }

    /// Whether an image was made by a model: nobody can tell from the file whom it shows.
    pub(crate) fn is_image_of_model(&self, path: &Path) -> bool {
        path.starts_with(&self.models) && has_ending(path, &IMAGES)
    }

    /// Where a link leads that is outside of all folders.
    pub(crate) fn target_outside(path: &Path) -> Option<PathBuf> {
        let is_link = path.symlink_metadata().is_ok_and(|it| it.is_symlink());
        fs::canonicalize(path).ok().filter(|_| is_link)
    }

    /// Whether the path of a file, from the folder that is looked through, has the name of somebody who is forgotten.
    pub(crate) fn names_in_path(&self, path: &Path, search: &Search) -> bool {
        let mut below = self.roots.iter().flat_map(|root| path.strip_prefix(root));
        below.any(|path| search.names(&path.to_string_lossy()))
    }
}

fn is_missing(error: &walkdir::Error) -> bool {
    let error = error.io_error();
    error.is_some_and(|it| it.kind() == std::io::ErrorKind::NotFound)
}

fn kind_of(path: &Path, places: Option<&Places>, models: &Path) -> Kind {
    let is_place = |place: fn(&Places) -> &PathBuf| {
        let place = places.map(place);
        let place = place.and_then(|place| fs::canonicalize(place).ok());
        let both = fs::canonicalize(path).ok().zip(place);
        both.is_some_and(|(one, other)| one == other)
    };
    let name = path.file_name().unwrap_or_default();
    let text = name.to_string_lossy();
    let below_models = path.strip_prefix(models).ok();
    if is_place(|it| &it.ledger) || below_models == Some(Path::new(model_ledger::NAME)) {
        Kind::Ledger
    } else if is_place(|it| &it.sources) {
        Kind::Sources
    } else if text == HASHES || is_begun(&text) {
        Kind::Scrap
    } else if text == REVIEWS {
        Kind::Reviews
    } else if text == MANIFEST {
        Kind::Manifest
    } else if is_groups(name) {
        Kind::Groups
    } else if below_models == Some(Path::new(LAST_RUN)) {
        Kind::LastRun
    } else if below_models.is_some_and(|it| it.starts_with(LOGS) || is_log(it)) {
        Kind::Log
    } else {
        kind_of_ending(path)
    }
}

fn kind_of_ending(path: &Path) -> Kind {
    let kinds: [(&[&str], Kind); 8] = [
        (&LINES, Kind::Lines),
        (&TABLES, Kind::Table),
        (&["json"], Kind::Json),
        (&PAGES, Kind::Page),
        (&TEXTS, Kind::Text),
        (&MEDIA_ENDINGS, Kind::Media),
        (&MORE_MEDIA, Kind::Media),
        (&["pt"], Kind::ModelFile),
    ];
    let found = kinds.iter().find(|(endings, _)| has_ending(path, endings));
    match (found, before_aside(path)) {
        (Some((_, kind)), _) => *kind,
        (None, Some(before)) => kind_of_ending(&before),
        (None, None) => Kind::Other,
    }
}

fn is_log(path: &Path) -> bool {
    has_ending(path, &["log"]) || before_aside(path).is_some_and(|before| is_log(&before))
}

/// What a file was called before it was put aside.
fn before_aside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    if let Some(before) = name.strip_suffix('~') {
        return Some(path.with_file_name(before.trim_end_matches('~')));
    }
    let (before, end) = name.rsplit_once('.')?;
    let word = end.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_aside = word.is_empty() || ASIDE.iter().any(|it| it.eq_ignore_ascii_case(word));
    (is_aside && !before.is_empty()).then(|| path.with_file_name(before))
}

/// Whether a name is that of a file that was being written: a dot, the name to be, a dot, six letters.
fn is_begun(name: &str) -> bool {
    let parts = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once('.'));
    parts.is_some_and(|(before, letters)| {
        before.contains('.')
            && letters.len() == N_LETTERS
            && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_file_is() {
        for (name, kind) in [
            ("records.ndjson", Kind::Lines),
            ("reviews.ndjson.torn", Kind::Lines),
            ("A.CSV", Kind::Table),
            ("report.html", Kind::Page),
            ("a.MP4", Kind::Media),
            ("a.mp4.part", Kind::Media),
            ("m.pt.bak2", Kind::ModelFile),
            ("m.pt.README.md", Kind::Text),
            ("retrain.log.1", Kind::Text),
            ("retrain.log.old.12", Kind::Text),
            ("groups.csv~", Kind::Table),
            ("sources.csv.bak", Kind::Table),
            ("records.ndjson.orig", Kind::Lines),
            ("wo.json.old", Kind::Json),
            ("model.safetensors.bak", Kind::Other),
            ("1", Kind::Other),
            (".1", Kind::Other),
            ("model.safetensors", Kind::Other),
        ] {
            assert_eq!(kind_of_ending(Path::new(name)), kind, "{name}");
        }
        let models = Path::new("models");
        for (path, kind) in [
            ("models/ledger.ndjson", Kind::Ledger),
            ("models/retired/ledger.ndjson", Kind::Lines),
            ("models/last-run.json", Kind::LastRun),
            ("models/logs/retrain.log", Kind::Log),
            ("models/logs/retrain.log.4", Kind::Log),
            ("models/logs/odd", Kind::Log),
            ("models/retrain.log.1", Kind::Log),
            ("data/notes.log.1", Kind::Text),
        ] {
            assert_eq!(kind_of(Path::new(path), None, models), kind, "{path}");
        }
        assert!(is_begun(".groups.csv.a1B2c3"));
        assert!(!is_begun(".wo-extract.ndjson") && !is_begun(".gitkeep"));
    }
}
