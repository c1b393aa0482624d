//! Which files to try, in order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use walkdir::{DirEntry, WalkDir};
use wo_cli::{Exit, ExitWith};
use wo_folder::{holds_written_images, is_frame_folder};
use wo_record::{Name, code};

use crate::fault::Fault;
use crate::foreign;
use crate::groups::{Groups, Keys};
use crate::labels::{self, Labels, Trouble};
use crate::media_file::MediaFile;
use crate::notes::Notes;

/// Names of videos, pictures and, because phones put videos under it too, of one kind of sound.
const EXTENSIONS: [&str; 34] = [
    "mp4", "m4v", "mov", "qt", "m4a", "3gp", "3gpp", "3g2", "f4v", "insv", "lrv", "mkv", "webm",
    "avi", "divx", "mpg", "mpeg", "mpe", "vob", "ts", "mts", "m2ts", "flv", "wmv", "asf", "ogv",
    "mxf", "gif", "jpg", "jpeg", "jpe", "png", "apng", "webp",
];

/// Those of pictures.
const IMAGE_EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "jpe", "png", "webp", "heic", "heif", "avif"];

/// A file to try, and what its place says about it.
#[derive(Debug)]
pub(crate) struct Source {
    /// As given, or as found in a folder that was given.
    pub(crate) path: PathBuf,
    /// What its folders say.
    pub(crate) labels: Labels,
    /// What a `groups.csv` says.
    pub(crate) keys: Keys,
    /// Why it need not be tried.
    pub(crate) fault: Option<Fault>,
    /// Why it must not be taken: it lies elsewhere too, and is said to be something else there.
    pub(crate) conflict: Option<Conflict>,
}

/// One content that two places say different things of.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    /// Its id.
    pub(crate) video_id: String,
    /// Where it lies, and what is said there.
    pub(crate) what: String,
}

/// The files at `paths` and in the folders among them; `out`, and what tools wrote, are left out.
pub(crate) fn list(paths: &[PathBuf], out: Option<&Path>) -> anyhow::Result<Vec<Source>> {
    let mut listing = Listing {
        out: out.map(labels::absolute),
        ..Listing::default()
    };
    for path in paths {
        if path.is_dir() {
            listing.refuse_out(path)?;
            listing.walk(path)?;
        } else {
            let source = Source::new(path, None, &mut listing.groups)?.0;
            listing.sources.push(source);
        }
    }
    listing.skip_thumbnails();
    listing.say();
    let roots: Vec<PathBuf> = paths.iter().map(|path| labels::absolute(path)).collect();
    listing.groups.say_troubles(&roots);
    if listing.sources.is_empty() && !listing.written.is_empty() {
        return Err(frames_and_no_videos(&listing.written)).exit_with(Exit::Usage);
    }
    mark_conflicts(&mut listing.sources);
    Ok(listing.sources)
}

/// What was found so far.
#[derive(Debug, Default)]
struct Listing {
    out: Option<PathBuf>,
    groups: Groups,
    sources: Vec<Source>,
    notes: Notes,
    /// Folders of frames that tools wrote.
    written: BTreeSet<PathBuf>,
}

impl Listing {
    /// Frames among the videos that they are from would be taken for videos by the next run.
    fn refuse_out(&self, path: &Path) -> anyhow::Result<()> {
        if self.out != Some(labels::absolute(path)) {
            return Ok(());
        }
        Err(anyhow!(
            "{0} is the folder of the videos, and cannot be that of their frames\nhint: wo-extract {0} --out data/labeled_frames",
            path.display()
        ))
        .exit_with(Exit::Usage)
    }

    fn walk(&mut self, path: &Path) -> anyhow::Result<()> {
        let root = labels::absolute(path);
        let mut walk = WalkDir::new(path).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(path);
                    self.sources.push(Source::unreadable(path, &error));
                    continue;
                }
            };
            let is_dir = entry.file_type().is_dir();
            if is_hidden(&entry) || is_dir && Some(labels::absolute(entry.path())) == self.out {
                if is_dir {
                    walk.skip_current_dir();
                } else if is_media_name(entry.path()) && !is_resource_fork(&entry) {
                    self.notes.hidden(entry.path());
                }
            } else if is_dir {
                if self.is_written(&entry) {
                    walk.skip_current_dir();
                }
            } else if entry.path_is_symlink() && entry.path().is_dir() {
                self.notes.link(entry.path());
            } else if is_media_name(entry.path()) {
                let (source, trouble) = Source::new(entry.path(), Some(&root), &mut self.groups)?;
                self.notes.place(trouble, source.labels.label.is_some());
                self.sources.push(source);
            } else {
                self.notes.other(entry.path());
            }
        }
        Ok(())
    }

    /// Whether a folder holds images that a tool wrote.
    fn is_written(&mut self, entry: &DirEntry) -> bool {
        let name = entry.file_name().to_string_lossy();
        let Some(folder) = entry.path().parent() else {
            return false;
        };
        let is_written = holds_written_images(&name) && is_frame_folder(folder);
        if is_written {
            self.written.insert(folder.to_owned());
        }
        is_written
    }

    /// A picture beside a video of the same name is its thumbnail.
    fn skip_thumbnails(&mut self) {
        let stem = |path: &Path| path.with_extension("");
        let videos: HashSet<PathBuf> = self
            .sources
            .iter()
            .filter(|source| !is_image_name(&source.path))
            .flat_map(|source| [stem(&source.path), source.path.clone()])
            .collect();
        let notes = &mut self.notes;
        self.sources.retain(|source| {
            let is_thumbnail = is_image_name(&source.path) && videos.contains(&stem(&source.path));
            if is_thumbnail {
                notes.thumbnail(&source.path);
            }
            !is_thumbnail
        });
    }

    fn say(&self) {
        for folder in &self.written {
            wo_cli::warn!(
                "{}: frames that wo-extract wrote, not taken for videos",
                folder.display()
            );
        }
        self.notes.say();
    }
}

fn frames_and_no_videos(folders: &BTreeSet<PathBuf>) -> anyhow::Error {
    let names: Vec<String> = folders.iter().map(|it| it.display().to_string()).collect();
    let first = names.first().cloned().unwrap_or_default();
    anyhow!(
        "there are frames here and no videos: {}\nhint: wo-train --data-dir {first} and wo-review {first} read them",
        names.join(", ")
    )
}

/// Marks files of one content that their places say different things of. Only files of one size can be alike, so few are
/// read for it.
fn mark_conflicts(sources: &mut [Source]) {
    let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, source) in sources.iter().enumerate() {
        if let Ok(metadata) = source.path.metadata() {
            by_size.entry(metadata.len()).or_default().push(place);
        }
    }
    let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for places in by_size.into_values().filter(|places| places.len() > 1) {
        for place in places {
            if let Ok(file) = MediaFile::open(&sources[place].path) {
                by_id.entry(file.id).or_default().push(place);
            }
        }
    }
    for (video_id, mut places) in by_id {
        places.sort_unstable();
        let of = |place: &usize| &sources[*place];
        let Some(first) = places.first().map(of) else {
            continue;
        };
        let is_other =
            |source: &Source| source.labels != first.labels || source.keys.contradicts(&first.keys);
        if !places.iter().map(of).any(is_other) {
            continue;
        }
        let said: Vec<String> = places.iter().map(of).map(Source::in_words).collect();
        let what = conflict_in_words(&said);
        for place in places {
            sources[place].conflict = Some(Conflict {
                video_id: video_id.clone(),
                what: what.clone(),
            });
        }
    }
}

/// That one content lies in several places that say different things of it.
pub(crate) fn conflict_in_words(places: &[String]) -> String {
    format!(
        "the same video is there twice with different labels, persons or sources, so it is left out until one is removed: {}",
        places.join(" and ")
    )
}

/// A place and what it says, such as `a.mp4 (squat/bad_form)`.
pub(crate) fn place_in_words(path: &Path, labels: &Labels, keys: &Keys) -> String {
    let word = |name: &Option<Name>| {
        name.as_ref()
            .map_or_else(|| "none".to_owned(), Name::to_string)
    };
    let said = format!("{}/{}", word(&labels.exercise), word(&labels.label));
    let key = |what: &str, id: &Option<String>| {
        id.as_ref()
            .map_or_else(String::new, |id| format!(", {what} {id}"))
    };
    format!(
        "{} ({said}{}{})",
        path.display(),
        key("person", &keys.person_id),
        key("source", &keys.source_id)
    )
}

impl Source {
    fn in_words(&self) -> String {
        place_in_words(&self.path, &self.labels, &self.keys)
    }

    fn new(
        path: &Path,
        root: Option<&Path>,
        groups: &mut Groups,
    ) -> anyhow::Result<(Self, Option<Trouble>)> {
        let file = labels::absolute(path);
        let keys = groups.keys_of(&file, root)?;
        let (labels, trouble) = labels::of(&file, root);
        let source = Self {
            path: path.to_owned(),
            labels,
            keys,
            fault: None,
            conflict: None,
        };
        Ok((source, trouble))
    }

    fn unreadable(path: &Path, error: &walkdir::Error) -> Self {
        let what = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let fault = Some(Fault::new(code::UNREADABLE, what));
        Self {
            path: path.to_owned(),
            labels: Labels::default(),
            keys: Keys::default(),
            fault,
            conflict: None,
        }
    }
}

/// The folder that was given may be hidden; the user named it.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// What macOS puts beside each file on a foreign disk.
fn is_resource_fork(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b"._")
}

/// Whether a file's name is that of a video or a picture, or of one that is not read: that is named, with what to do.
pub(crate) fn is_media_name(path: &Path) -> bool {
    has_extension(path, &EXTENSIONS) || foreign::of_name(path).is_some()
}

/// Whether a file's name is that of a picture.
pub(crate) fn is_image_name(path: &Path) -> bool {
    has_extension(path, &IMAGE_EXTENSIONS)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extensions.contains(&extension.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_order_without_hidden_and_other_files() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for name in [
            "b/2.MP4",
            "b/10.mp4",
            "a.mov",
            ".h/x.mp4",
            ".y.mp4",
            "n.txt",
            "out/f.jpg",
            "groups.txt",
            "c",
        ] {
            make(name);
        }
        std::os::unix::fs::symlink(dir.path().join("b"), dir.path().join("link.mp4")).unwrap();
        let paths = [
            dir.path().to_owned(),
            dir.path().join("n.txt"),
            dir.path().join("none.mp4"),
        ];
        let found = list(&paths, Some(&dir.path().join("out"))).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|s| s.path.strip_prefix(dir.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.mov", "b/10.mp4", "b/2.MP4", "n.txt", "none.mp4"]);
    }
}
