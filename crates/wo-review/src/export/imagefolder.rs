//! A folder of pictures with `metadata.jsonl`, as Hugging Face datasets reads it.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};
use wo_cli::{Exit, ExitWith};
use wo_record::Name;

use super::image_names::stems;
use crate::media::ImageFolder;
use crate::store::Store;

/// What Hugging Face datasets reads about the pictures of a folder.
const METADATA: &str = "metadata.jsonl";
/// So many pictures that cannot be read are named.
const N_NAMED: u64 = 5;

/// A line of `metadata.jsonl`, as Hugging Face datasets wants it.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    file_name: &'a str,
    text: &'a str,
    label: Option<&'a Name>,
    exercise: Option<&'a Name>,
    faults: &'a [Name],
    video_id: &'a str,
}

/// A line that this tool wrote. Other tools have other fields.
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

/// Copies the pictures, with a line about each. Pictures of a run before that are no longer wanted go. Returns how many
/// could not be read.
pub(super) fn write_imagefolder(store: &Store, folder: &Path) -> anyhow::Result<u64> {
    fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let metadata = folder.join(METADATA);
    let before = named_in(&metadata)?;
    let pictures = ImageFolder::new(&store.folder.dir);
    let stems = stems(store.folder.videos.iter().map(|video| video.id.as_str()));
    let mut lines = Vec::new();
    let mut now = BTreeSet::new();
    let mut letters = HashSet::new();
    let mut failed = Vec::new();
    let mut n_failed = 0;
    for (id, frame, judgement) in store.kept() {
        let (Some(video), Some(stem)) = (
            store.folder.video_of(frame),
            stems.get(frame.video as usize),
        ) else {
            continue;
        };
        let read = match store.folder.image(id) {
            Some(picture) => pictures.read(&picture).map_err(|e| e.to_string()),
            None => Err("it has none".to_owned()),
        };
        let (bytes, media_type) = match read {
            Ok(read) => read,
            Err(why) => {
                n_failed += 1;
                if n_failed <= N_NAMED {
                    failed.push(format!("frame {} of {}: {why}", frame.index, video.id));
                }
                continue;
            }
        };
        let ending = media_type
            .trim_start_matches("image/")
            .replace("jpeg", "jpg");
        let name = format!("{stem}_{:03}.{ending}", frame.index);
        if !letters.insert(name.to_lowercase()) {
            return Err(anyhow!(
                "two pictures would be {}\nhint: rename one of the videos, or export --to ndjson",
                folder.join(&name).display()
            ))
            .exit_with(Exit::Integrity);
        }
        write_picture(&folder.join(&name), &bytes, before.contains(&name))?;
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
    say_failed(&failed, n_failed);
    let mut file = AtomicWriteFile::open(&metadata)
        .with_context(|| format!("create {}", metadata.display()))?;
    file.write_all(&lines)
        .and_then(|()| file.commit())
        .with_context(|| format!("write {}", metadata.display()))?;
    for name in before.difference(&now) {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(n_failed)
}

fn say_failed(failed: &[String], n_failed: u64) {
    if n_failed == 0 {
        return;
    }
    let more = n_failed - failed.len() as u64;
    let more = match more {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    wo_cli::warn!(
        "{} cannot be read:\n  {}{more}\nhint: delete the frames on the page of wo-review, or take them anew with wo-extract",
        wo_cli::count(n_failed, "picture"),
        failed.join("\n  ")
    );
}

/// Writes a picture, unless that would overwrite a file of somebody else.
fn write_picture(path: &Path, bytes: &[u8], is_own: bool) -> anyhow::Result<()> {
    if !is_own && path.exists() {
        // A run that was killed left it, or it is nothing of ours.
        if fs::read(path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        return Err(anyhow!(
            "{} is there already, and is no picture of an export before\nhint: move it away, or name another folder with -o",
            path.display()
        ))
        .exit_with(Exit::Usage);
    }
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}

/// The pictures that a run, this one or one before it, wrote a line about. A file that somebody else wrote is left alone, and
/// so are its pictures.
fn named_in(metadata: &Path) -> anyhow::Result<BTreeSet<String>> {
    if !metadata.exists() {
        return Ok(BTreeSet::new());
    }
    let what = || format!("read {}", metadata.display());
    let text = fs::read_to_string(metadata).with_context(what)?;
    let mut names = BTreeSet::new();
    for (line, text) in (1..).zip(text.lines()) {
        let own: Option<OwnLine> = serde_json::from_str(text).ok();
        let name = own.map(|own| own.file_name);
        // Nothing outside of the folder.
        let is_inside = |name: &String| Path::new(name).file_name() == Some(name.as_ref());
        let Some(name) = name.filter(is_inside) else {
            return Err(anyhow!(
                "{}:{line}: wo-review did not write this line, and would overwrite it\n\
                 hint: name another folder with -o, or move the file away",
                metadata.display()
            ))
            .exit_with(Exit::Usage);
        };
        names.insert(name);
    }
    Ok(names)
}
