//! Which files to try, in order.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use walkdir::{DirEntry, WalkDir};
use wo_cli::{Exit, ExitWith, shell_word};
use wo_folder::{holds_written_images, is_frame_folder};

use crate::input::copies;
use crate::input::folders::{Folders, Trouble};
use crate::input::groups::Groups;
use crate::input::keys::Keys;
use crate::input::labels::Labels;
use crate::input::media_names::{is_image_name, is_media_name};
use crate::input::notes::Notes;
use crate::input::paths;
use crate::input::source::Source;

/// Where videos are looked for when no path is given.
const DEFAULT_FOLDER: &str = "data/training_data";
/// How deep, and among how many entries, hidden folders are searched for videos; they are reported, not read.
const HIDDEN_DEPTH: usize = 4;
const MAX_HIDDEN: usize = 10_000;

/// The files at `paths` and in the folders among them, except `out` and what tools wrote.
pub(crate) fn list(paths: &[PathBuf], out: Option<&Path>) -> anyhow::Result<Vec<Source>> {
    let mut listing = Listing {
        out: out.map(paths::absolute),
        ..Listing::default()
    };
    if out.is_some() {
        listing.notes.want_labels();
    }
    for path in paths {
        if path.is_dir() {
            listing.refuse_out(path)?;
            listing.walk(path)?;
        } else {
            let source = listing.source(path, Path::new(""), None)?.0;
            listing.sources.push(source);
        }
    }
    listing.skip_thumbnails();
    listing.say();
    listing.groups.say_troubles();
    if listing.sources.is_empty() && !listing.written.is_empty() {
        return Err(frames_and_no_videos(&listing.written)).exit_with(Exit::Usage);
    }
    copies::settle(&mut listing.sources);
    Ok(listing.sources)
}

/// The given paths, else the default folder. If some exist, the missing ones become `error` records; if none does, the
/// command line is wrong.
pub(crate) fn paths_or_default(given: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if given.iter().any(|path| path.symlink_metadata().is_ok()) {
        return Ok(given);
    }
    if !given.is_empty() {
        let names = wo_cli::named(given.iter().map(|path| path.display()));
        return Err(anyhow!("{names}: no such file or folder")).exit_with(Exit::Usage);
    }
    if Path::new(DEFAULT_FOLDER).is_dir() {
        return Ok(vec![DEFAULT_FOLDER.into()]);
    }
    wo_cli::bail!(
        Exit::Usage,
        "no videos named, and there is no {DEFAULT_FOLDER} here";
        "wo-extract VIDEO_OR_FOLDER…; see --help"
    )
}

/// The labels and keys of a file at its place, whatever folder is given.
pub(crate) fn said_at(path: &Path) -> anyhow::Result<(Labels, Keys)> {
    let file = paths::absolute(path);
    let keys = Groups::default().keys_of(&file, None)?;
    Ok((Folders::default().labels_of(&file, None).0, keys))
}

/// What was found so far.
#[derive(Debug, Default)]
struct Listing {
    out: Option<PathBuf>,
    groups: Groups,
    folders: Folders,
    sources: Vec<Source>,
    notes: Notes,
    /// Folders of frames that tools wrote.
    written: BTreeSet<PathBuf>,
}

impl Listing {
    /// Stops where frames would lie among their videos: the next run would read them as videos.
    fn refuse_out(&self, path: &Path) -> anyhow::Result<()> {
        if self.out != Some(paths::absolute(path)) {
            return Ok(());
        }
        wo_cli::bail!(
            Exit::Usage,
            "{} is the folder of the videos, so the frames need another one", path.display();
            "wo-extract {} --out data/labeled_frames", shell_word(path)
        )
    }

    fn walk(&mut self, path: &Path) -> anyhow::Result<()> {
        let root = paths::absolute(path);
        let mut walk = WalkDir::new(path).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let broken = error.path().unwrap_or(path);
                    let place = place_below(path, broken);
                    self.sources.push(Source::unreadable(broken, place, &error));
                    continue;
                }
            };
            let is_dir = entry.file_type().is_dir();
            if is_hidden(&entry) || is_dir && Some(paths::absolute(entry.path())) == self.out {
                if is_dir {
                    if is_hidden(&entry) && holds_media(entry.path()) {
                        self.notes.hidden(entry.path());
                    }
                    walk.skip_current_dir();
                } else if is_media_name(entry.path()) && !is_resource_fork(&entry) {
                    self.notes.hidden(entry.path());
                }
            } else if is_dir {
                if self.is_written(&entry) {
                    walk.skip_current_dir();
                }
            } else if entry.path_is_symlink() && entry.path().is_dir() {
                // The one that was given is followed.
                if entry.depth() == 0 {
                    continue;
                }
                self.notes.link(entry.path());
            } else if is_media_name(entry.path()) {
                let (source, trouble) = self.source(entry.path(), path, Some(&root))?;
                self.notes.place(&source.labels, trouble);
                self.sources.push(source);
            } else {
                self.notes.other(entry.path());
            }
        }
        Ok(())
    }

    /// A file to try, and what its place leaves open. `given` is the folder that it was found in.
    fn source(
        &mut self,
        path: &Path,
        given: &Path,
        root: Option<&Path>,
    ) -> anyhow::Result<(Source, Option<Trouble>)> {
        let file = paths::absolute(path);
        let keys = self.groups.keys_of(&file, root)?;
        let (labels, trouble) = self.folders.labels_of(&file, root);
        let source = Source {
            path: path.to_owned(),
            place: place_below(given, path),
            labels,
            keys,
            copied_id: None,
            error: None,
            conflict: None,
        };
        Ok((source, trouble))
    }

    /// Whether a folder holds images that a tool wrote. The folder that was given may lie within one.
    fn is_written(&mut self, entry: &DirEntry) -> bool {
        let path = paths::absolute(entry.path());
        let n_looked_at = if entry.depth() == 0 { usize::MAX } else { 1 };
        let frames = path.ancestors().take(n_looked_at).find_map(|folder| {
            let name = folder.file_name()?.to_string_lossy();
            let parent = folder.parent()?;
            (holds_written_images(&name) && is_frame_folder(parent)).then_some(parent)
        });
        self.written.extend(frames.map(Path::to_owned));
        frames.is_some()
    }

    /// Skips thumbnails: images with the name of a video beside them.
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
                "{}: skipped, since wo-extract wrote its frames",
                paths::shown(folder)
            );
        }
        self.notes.say(|table| self.groups.has_read(table));
    }
}

fn frames_and_no_videos(folders: &BTreeSet<PathBuf>) -> anyhow::Error {
    let shown = |folder: &PathBuf| paths::shown(folder);
    let first = folders.first().map(shown).unwrap_or_default();
    let first = shell_word(Path::new(&first));
    let error = wo_cli::error!(
        Exit::Usage,
        "there are frames here and no videos: {}", wo_cli::named(folders.iter().map(shown));
        "wo-train --data-dir {first} and wo-review {first} read them"
    );
    error.into()
}

/// Where a file lies below the folder that was given; of a file that was given by itself its name.
fn place_below(given: &Path, path: &Path) -> PathBuf {
    let is_given = given.as_os_str().is_empty() || given == path;
    let below = path.strip_prefix(given).ok().filter(|_| !is_given);
    let name = || path.file_name().map(Path::new);
    below.or_else(name).unwrap_or(path).to_owned()
}

/// The folder that was given may be hidden; the user named it.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether a hidden folder holds videos or images itself, or in its folders.
fn holds_media(folder: &Path) -> bool {
    let walk = WalkDir::new(folder).max_depth(HIDDEN_DEPTH).into_iter();
    let mut files = walk.flatten().take(MAX_HIDDEN);
    files.any(|entry| {
        entry.file_type().is_file() && is_media_name(entry.path()) && !is_resource_fork(&entry)
    })
}

/// What macOS puts beside each file on a foreign disk.
fn is_resource_fork(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b"._")
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
