//! A folder of images with `metadata.jsonl`: the ImageFolder of Hugging Face datasets.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wo_cli::Exit;
use wo_folder::Beneath;
use wo_record::Name;

use super::image_names::stems;
use crate::media::ImageFolder;
use crate::store::Store;

/// The metadata file of an ImageFolder.
const METADATA: &str = "metadata.jsonl";
/// At most this many unreadable images are named.
const N_NAMED: u64 = 5;

/// A line of `metadata.jsonl`.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    file_name: &'a str,
    text: &'a str,
    label: Option<&'a Name>,
    exercise: Option<&'a Name>,
    faults: &'a [Name],
    video_id: &'a str,
}

/// A line that this tool wrote. Other tools write other fields.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "that the fields are there is what counts")]
struct OwnLine {
    file_name: String,
    text: String,
    label: Option<Name>,
    exercise: Option<Name>,
    faults: Vec<Name>,
    video_id: String,
}

/// Copies the images and writes a line about each. Deletes images of an earlier export that are not exported now. Returns
/// how many images could not be read.
pub(super) fn write_imagefolder(store: &Store, folder: &Path) -> anyhow::Result<u64> {
    fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let to = Target::open(folder)?;
    let before = to.named_before()?;
    let images = ImageFolder::new(&store.folder.dir);
    let stems = stems(store.folder.videos.iter().map(|video| video.id.as_str()));
    let mut lines = Vec::new();
    let mut now = BTreeSet::new();
    let mut letters = HashSet::new();
    let mut unreadable = Unreadable::default();
    for (id, frame, judgement) in store.kept() {
        let (Some(video), Some(stem)) = (
            store.folder.video_of(frame),
            stems.get(frame.video as usize),
        ) else {
            continue;
        };
        let (bytes, media_type) = match read_image(store, &images, id) {
            Ok(read) => read,
            Err(why) => {
                unreadable.add(format!("frame {} of {}: {why}", frame.index, video.id));
                continue;
            }
        };
        let name = format!("{stem}_{:03}.{}", frame.index, extension(media_type));
        if !letters.insert(name.to_lowercase()) {
            wo_cli::bail!(
                Exit::Integrity,
                "two images would be named {}", folder.join(&name).display();
                "rename one of the videos, or export --to ndjson"
            );
        }
        if before.contains(&name) {
            to.write(&name, &bytes)?;
        } else {
            to.write_new(&name, &bytes)?;
        }
        let line = Metadata {
            file_name: &name,
            text: judgement.description.as_deref().unwrap_or_default(),
            label: judgement.label.as_ref(),
            exercise: frame.exercise.as_ref(),
            faults: &judgement.faults,
            video_id: &video.id,
        };
        serde_json::to_writer(&mut lines, &line)?;
        lines.push(b'\n');
        now.insert(name);
    }
    unreadable.warn();
    to.write(METADATA, &lines)?;
    before
        .difference(&now)
        .try_for_each(|name| to.remove(name))?;
    Ok(unreadable.n)
}

/// The bytes and media type of the image of a frame, or why there are none.
fn read_image(
    store: &Store,
    images: &ImageFolder,
    id: u32,
) -> Result<(Vec<u8>, &'static str), String> {
    let image = store.folder.image(id).ok_or("it has none")?;
    images.read(&image).map_err(|e| e.to_string())
}

/// The file extension of a media type.
fn extension(media_type: &str) -> String {
    media_type
        .trim_start_matches("image/")
        .replace("jpeg", "jpg")
}

/// Images that cannot be read. The first ones are named.
#[derive(Debug, Default)]
struct Unreadable {
    n: u64,
    named: Vec<String>,
}

impl Unreadable {
    fn add(&mut self, line: String) {
        self.n += 1;
        if self.n <= N_NAMED {
            self.named.push(line);
        }
    }

    fn warn(&self) {
        if self.n == 0 {
            return;
        }
        let n_more = self.n - self.named.len() as u64;
        let more = (n_more > 0).then(|| format!("and {n_more} more"));
        let message = wo_cli::message!(
            "{} cannot be read:",
            wo_cli::count(self.n, "image");
            "delete the frames on the page of wo-review, or extract them again with wo-extract"
        );
        wo_cli::warn_line(&message.items(self.named.iter().cloned().chain(more)));
    }
}

/// The folder that is written. Nothing outside of it is, whatever the names are and whatever links lie in it.
struct Target<'a> {
    path: &'a Path,
    dir: Beneath,
}

impl<'a> Target<'a> {
    fn open(path: &'a Path) -> anyhow::Result<Self> {
        let dir = Beneath::open(path).with_context(|| format!("open {}", path.display()))?;
        Ok(Self { path, dir })
    }

    fn has(&self, name: &str) -> anyhow::Result<bool> {
        self.dir
            .has(Path::new(name))
            .with_context(|| format!("look at {}", self.path.join(name).display()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.dir
            .write(Path::new(name), bytes)
            .with_context(|| format!("write {}", self.path.join(name).display()))
    }

    /// Writes an image that no earlier export wrote, unless it would overwrite a foreign file.
    fn write_new(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = Path::new(name);
        if self.has(name)? {
            // An equal file is left from a killed export.
            if self.dir.read(path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            wo_cli::bail!(
                Exit::Usage,
                "{} exists and is not from an earlier export", self.path.join(name).display();
                "move it away, or name another folder with -o"
            );
        }
        self.write(name, bytes)
    }

    /// Removes an image of an earlier export.
    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = Path::new(name);
        if !self.has(name)? {
            return Ok(());
        }
        self.dir
            .remove(path)
            .with_context(|| format!("remove {}", self.path.join(name).display()))
    }

    /// The images of an earlier export. A metadata file of another tool is an error, so that its images stay.
    fn named_before(&self) -> anyhow::Result<BTreeSet<String>> {
        let metadata = self.path.join(METADATA);
        let mut text = String::new();
        let read = self.dir.open_file(Path::new(METADATA));
        match read.and_then(|mut file| file.read_to_string(&mut text)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            read => read.with_context(|| format!("read {}", metadata.display()))?,
        };
        let mut names = BTreeSet::new();
        for (line, text) in (1..).zip(text.lines()) {
            let own: Option<OwnLine> = serde_json::from_str(text).ok();
            let name = own.map(|own| own.file_name);
            // Only names inside the folder.
            let is_inside = |name: &String| Path::new(name).file_name() == Some(name.as_ref());
            let Some(name) = name.filter(is_inside) else {
                wo_cli::bail!(
                    Exit::Usage,
                    "{}:{line}: wo-review did not write this line, so it does not overwrite the file",
                    metadata.display();
                    "name another folder with -o, or move the file away"
                );
            };
            names.insert(name);
        }
        Ok(names)
    }
}
