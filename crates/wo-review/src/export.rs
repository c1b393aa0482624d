//! The labels as they are after all reviews, in the formats of others.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use serde::Serialize;
use serde_json::Value;
use wo_cli::{Exit, ExitWith, Outcome};
use wo_folder::Row;
use wo_record::{Begin, Frame, Image, Judgement, Name, Record, Video, Writer};

use crate::args::{Export, Format};
use crate::folder::FrameItem;
use crate::label_studio;
use crate::picture_file::PictureFolder;
use crate::projection::Projection;
use crate::store::Store;

/// What Hugging Face datasets reads about the pictures of a folder.
const METADATA: &str = "metadata.jsonl";

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

/// Writes the store in a format.
pub(crate) fn export(
    store: &Store,
    args: &Export,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if args.to == Format::Imagefolder {
        let Some(folder) = &args.output else {
            return Err(anyhow::anyhow!(
                "imagefolder is a folder\nhint: name it with -o DIR"
            ))
            .exit_with(Exit::Usage);
        };
        return write_imagefolder(store, folder);
    }
    match args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"))
    {
        None => write(store, args.to, None, stdout)?,
        Some(path) => {
            let what = || format!("write {}", path.display());
            let mut file = AtomicWriteFile::open(path).with_context(what)?;
            write(store, args.to, Some(path), &mut file)?;
            file.commit().with_context(what)?;
        }
    }
    Ok(Outcome::Done)
}

fn write(
    store: &Store,
    format: Format,
    to: Option<&Path>,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let base = base(&store.folder.dir, to)?;
    match format {
        Format::Csv => {
            let rows = kept(store).filter_map(|(_, frame, judgement)| {
                Some(Row {
                    frame_path: base.join(frame.path.as_ref()?).to_str()?.to_owned(),
                    label: Some(judgement.label.clone()?),
                    faults: Vec::new(),
                    description: judgement.description.clone(),
                })
            });
            let rows: Vec<Row> = rows.collect();
            wo_folder::write_table(output, &rows)?;
        }
        Format::Ndjson if store.folder.has_records => {
            if to.is_none() && !store.folder.inline.is_empty() {
                wo_cli::refuse_terminal("`> FILE` or `-o FILE` keeps the records")?;
            }
            Projection::of(store).write_stream(&base, output)?;
        }
        Format::Ndjson => write_records(store, &base, output)?,
        Format::LabelStudio => {
            let tasks = label_studio::tasks(store);
            serde_json::to_writer_pretty(&mut *output, &tasks).map_err(std::io::Error::from)?;
            writeln!(output)?;
        }
        Format::Imagefolder => {}
    }
    Ok(())
}

/// From where the pictures are to be found by whoever reads what is written.
fn base(dir: &Path, to: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(to) = to else {
        return Ok(dir.to_owned());
    };
    let absolute = |path: &Path| std::path::absolute(path).context("find the working directory");
    let dir = absolute(dir)?;
    if absolute(to)?.parent() == Some(&dir) {
        return Ok(PathBuf::new());
    }
    Ok(dir)
}

/// All frames that were not thrown away, and what holds of them.
pub(crate) fn kept(store: &Store) -> impl Iterator<Item = (u32, &FrameItem, &Judgement)> {
    let frames = (0..).zip(&store.folder.frames);
    frames
        .map(|(id, frame)| (id, frame, store.judgement(id, frame)))
        .filter(|(_, _, judgement)| !judgement.deleted)
}

/// Records of a folder that has only tables.
fn write_records(store: &Store, base: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
    let begin = Begin::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), &[]);
    let mut writer = Writer::begin_with(output, begin)?;
    let judgements: HashMap<u32, (&FrameItem, &Judgement)> = kept(store)
        .map(|(id, frame, judgement)| (id, (frame, judgement)))
        .collect();
    for video in &store.folder.videos {
        let frames: Vec<_> = video
            .frames
            .iter()
            .filter_map(|id| judgements.get(id).copied())
            .collect();
        writer.record(&Record::Video(Video {
            video_id: video.id.clone(),
            n_frames: Some(frames.len() as u32),
            ..Video::default()
        }))?;
        for (frame, judgement) in frames {
            let Some(path) = &frame.path else { continue };
            writer.record(&Record::Frame(Frame {
                video_id: video.id.clone(),
                index: frame.index,
                pts_ms: None,
                width_px: None,
                height_px: None,
                image: Image::File {
                    path: base.join(path).into(),
                    blake3: None,
                },
                exercise: frame.exercise.clone(),
                label: judgement.label.clone(),
                label_origin: judgement.label_origin,
                faults: judgement.faults.clone(),
                description: judgement.description.clone(),
                quality: None,
                repetition: None,
                phase: None,
                shot: None,
            }))?;
        }
    }
    writer.end()?;
    Ok(())
}

/// The pictures that a run, this one or one before it, wrote a line about.
fn named_in(metadata: &Path) -> anyhow::Result<BTreeSet<String>> {
    if !metadata.exists() {
        return Ok(BTreeSet::new());
    }
    let what = || format!("read {}", metadata.display());
    let text = fs::read_to_string(metadata).with_context(what)?;
    let name = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        let name = line.get("file_name")?.as_str()?.to_owned();
        // Only what this tool wrote, and nothing outside.
        (Path::new(&name).file_name() == Some(name.as_ref())).then_some(name)
    };
    Ok(text.lines().filter_map(name).collect())
}

/// Copies the pictures, with a line about each. Pictures of a run before that are no longer wanted go.
fn write_imagefolder(store: &Store, folder: &Path) -> anyhow::Result<Outcome> {
    fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let pictures = PictureFolder::new(&store.folder.dir);
    let mut lines = Vec::new();
    let mut n_failed = 0;
    for (id, frame, judgement) in kept(store) {
        let (Some(picture), Some(video)) = (store.folder.picture(id), store.folder.video_of(frame))
        else {
            continue;
        };
        let (bytes, media_type) = match pictures.read(&picture) {
            Ok(read) => read,
            Err(e) => {
                wo_cli::warn!("frame {} of {}: {e}", frame.index, video.id);
                n_failed += 1;
                continue;
            }
        };
        let video_id: String = video.id.chars().take(16).collect();
        let ending = media_type
            .trim_start_matches("image/")
            .replace("jpeg", "jpg");
        let name = format!("{video_id}_{:03}.{ending}", frame.index);
        let to = folder.join(&name);
        fs::write(&to, bytes).with_context(|| format!("write {}", to.display()))?;
        let metadata = Metadata {
            file_name: &name,
            text: judgement.description.as_deref().unwrap_or_default(),
            label: judgement.label.as_ref(),
            exercise: frame.exercise.as_ref(),
            faults: &judgement.faults,
            video_id: &video.id,
        };
        serde_json::to_writer(&mut lines, &metadata)?;
        lines.push(b'\n');
    }
    let path = folder.join(METADATA);
    let gone = named_in(&path)?;
    let mut file =
        AtomicWriteFile::open(&path).with_context(|| format!("create {}", path.display()))?;
    file.write_all(&lines)
        .and_then(|()| file.commit())
        .with_context(|| format!("write {}", path.display()))?;
    for name in gone.difference(&named_in(&path)?) {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(Outcome::from_failures(n_failed))
}
