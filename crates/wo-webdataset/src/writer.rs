//! Writes shards. Each appears whole or not at all, and its bytes depend on the records and images alone.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use anyhow::Context;
use tar::{Builder, EntryType, Header};
use wo_cli::{Exit, ExitWith, OutputFile, bail};
use wo_record::{Failure, Frame, Image, Pose, Producer, Video};

use crate::encoded_image::extension;
use crate::names::{LAST_MEMBER, sample_name, video_name};
use crate::sample::{SAMPLE_SCHEMA, SHARD_SCHEMA, SampleJson, ShardJson, VERSION};
use crate::shard_names::ShardNames;
use crate::shard_size::ShardSize;

/// The unit of a tar file: headers are as long, and contents are filled up to it.
const BLOCK: u64 = 512;

/// How much was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The shards, all with their numbers from 0.
    pub n_shards: u32,
    /// Videos that have frames.
    pub n_videos: u64,
    /// Frames.
    pub n_frames: u64,
}

/// Writes videos and frames in the order of their records.
pub struct ShardWriter {
    names: ShardNames,
    size: ShardSize,
    open: Option<OpenShard>,
    video: Option<CurrentVideo>,
    /// The sample whose pose may still come.
    pending: Option<(SampleJson, &'static str, Vec<u8>)>,
    /// How often each video came, by a hash of its id.
    n_before: HashMap<u64, u32>,
    upstream: Vec<Producer>,
    failures: Vec<Failure>,
    written: Written,
}

struct OpenShard {
    path: PathBuf,
    tar: Builder<OutputFile>,
    n_bytes: u64,
    n_videos: u64,
    n_frames: u64,
}

struct CurrentVideo {
    record: Video,
    name: String,
    indices: HashSet<u32>,
}

impl std::fmt::Debug for ShardWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardWriter")
            .field("names", &self.names)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl ShardWriter {
    /// Writes nothing yet. Fails where shards of these names are there.
    pub fn new(names: ShardNames, size: ShardSize) -> anyhow::Result<Self> {
        names.ensure_none_is_there()?;
        Ok(Self {
            names,
            size,
            open: None,
            video: None,
            pending: None,
            n_before: HashMap::new(),
            upstream: Vec::new(),
            failures: Vec::new(),
            written: Written::default(),
        })
    }

    /// The next frames are from this video.
    pub fn video(&mut self, video: &Video) -> anyhow::Result<()> {
        self.write_pending()?;
        let mut hasher = DefaultHasher::new();
        video.video_id.hash(&mut hasher);
        let n_before = self.n_before.entry(hasher.finish()).or_default();
        self.video = Some(CurrentVideo {
            record: video.clone(),
            name: video_name(&video.video_id, *n_before),
            indices: HashSet::new(),
        });
        *n_before += 1;
        Ok(())
    }

    /// Adds a frame of the last video. The inner error says why the image is none, and then nothing is added.
    pub fn frame(
        &mut self,
        frame: &Frame,
        image: Vec<u8>,
    ) -> anyhow::Result<Result<(), &'static str>> {
        self.write_pending()?;
        let Some(video) = &mut self.video else {
            return Ok(Err("no video record came before it"));
        };
        let extension = match extension(&image) {
            Ok(extension) => extension,
            Err(why) => return Ok(Err(why)),
        };
        if !video.indices.insert(frame.index) {
            bail!(
                Exit::Integrity,
                "frame {} of video {} comes twice, and a sample of WebDataset can be there once",
                frame.index,
                frame.video_id;
                "extract the video again"
            );
        }
        let member = format!("{}.{extension}", sample_name(&video.name, frame.index));
        let blake3 = match &frame.image {
            Image::File { blake3, .. } => blake3.clone(),
            Image::Inline { .. } => None,
        };
        let json = SampleJson {
            schema: SAMPLE_SCHEMA.to_owned(),
            schema_version: VERSION,
            video: video.record.clone(),
            frame: Frame {
                image: Image::File {
                    path: member.into(),
                    blake3,
                },
                ..without_image(frame)
            },
            pose: None,
        };
        self.pending = Some((json, extension, image));
        Ok(Ok(()))
    }

    /// Adds a pose to the frame that came before it.
    pub fn pose(&mut self, pose: &Pose) {
        if let Some((json, ..)) = &mut self.pending {
            let frame = &json.frame;
            if frame.video_id == pose.video_id && frame.index == pose.index {
                json.pose = Some(pose.clone());
            }
        }
    }

    /// Keeps an `error` record of the stream for the last shard.
    pub fn failure(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    /// Ends the last shard.
    pub fn finish(mut self) -> anyhow::Result<Written> {
        self.write_pending()?;
        if self.open.is_some() {
            self.close(true)?;
        }
        Ok(self.written)
    }

    /// The tools that made the records so far, for the last member of shards.
    pub fn set_upstream(&mut self, upstream: Vec<Producer>) {
        self.upstream = upstream;
    }

    /// The path of a shard.
    pub fn path(&self, number: u32) -> PathBuf {
        self.names.path(number)
    }

    fn write_pending(&mut self) -> anyhow::Result<()> {
        let (Some((json, extension, image)), Some(video)) = (self.pending.take(), &self.video)
        else {
            return Ok(());
        };
        let is_first = video.indices.len() == 1;
        let sample = sample_name(&video.name, json.frame.index);
        // Only a frame opens another shard, so that there always is a last one.
        let (size, open) = (self.size, self.open.as_ref());
        if is_first && open.is_some_and(|shard| shard.is_full(size)) {
            self.close(false)?;
        }
        let number = self.written.n_shards;
        let shard = match &mut self.open {
            Some(shard) => shard,
            none => none.insert(OpenShard::create(self.names.path(number))?),
        };
        let text = serde_json::to_vec(&json).context("write the JSON of a sample")?;
        shard.member(&format!("{sample}.{extension}"), &image)?;
        shard.member(&format!("{sample}.json"), &text)?;
        if let Some(description) = &json.frame.description {
            shard.member(&format!("{sample}.txt"), description.as_bytes())?;
        }
        shard.n_frames += 1;
        self.written.n_frames += 1;
        if is_first {
            shard.n_videos += 1;
            self.written.n_videos += 1;
        }
        Ok(())
    }

    // A bool, as in the last member.
    fn close(&mut self, is_last: bool) -> anyhow::Result<()> {
        let Some(shard) = self.open.take() else {
            return Ok(());
        };
        let json = ShardJson {
            schema: SHARD_SCHEMA.to_owned(),
            schema_version: VERSION,
            shard: self.written.n_shards,
            n_videos: shard.n_videos,
            n_frames: shard.n_frames,
            is_last,
            upstream: self.upstream.clone(),
            failures: if is_last {
                std::mem::take(&mut self.failures)
            } else {
                Vec::new()
            },
        };
        shard.close(&json)?;
        self.written.n_shards += 1;
        Ok(())
    }
}

/// A frame whose image is to be replaced: an inline one is not copied.
fn without_image(frame: &Frame) -> Frame {
    let image = Image::Inline {
        jpeg_base64: String::new(),
    };
    let Frame {
        video_id,
        index,
        pts_ms,
        width_px,
        height_px,
        image: _,
        exercise,
        label,
        label_origin,
        faults,
        description,
        quality,
        repetition,
        phase,
        shot,
    } = frame;
    Frame {
        video_id: video_id.clone(),
        index: *index,
        pts_ms: *pts_ms,
        width_px: *width_px,
        height_px: *height_px,
        image,
        exercise: exercise.clone(),
        label: label.clone(),
        label_origin: *label_origin,
        faults: faults.clone(),
        description: description.clone(),
        quality: quality.clone(),
        repetition: *repetition,
        phase: *phase,
        shot: *shot,
    }
}

impl OpenShard {
    fn create(path: PathBuf) -> anyhow::Result<Self> {
        if path.symlink_metadata().is_ok() {
            bail!(
                Exit::Usage,
                "{} came while this set of shards was written", path.display();
                "let one run at a time write shards of a name"
            );
        }
        let file = OutputFile::open(&path)
            .with_context(|| format!("write {}", path.display()))
            .exit_with(Exit::Io)?;
        Ok(Self {
            path,
            tar: Builder::new(file),
            n_bytes: 0,
            n_videos: 0,
            n_frames: 0,
        })
    }

    fn is_full(&self, size: ShardSize) -> bool {
        match size {
            ShardSize::Frames(n) => self.n_frames >= n,
            ShardSize::Bytes(n) => self.n_bytes >= n,
        }
    }

    fn member(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Nobody and never, so that the same records give the same bytes.
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        self.tar
            .append_data(&mut header, name, content)
            .with_context(|| format!("write {}", self.path.display()))
            .exit_with(Exit::Io)?;
        self.n_bytes += BLOCK + (content.len() as u64).next_multiple_of(BLOCK);
        Ok(())
    }

    fn close(mut self, json: &ShardJson) -> anyhow::Result<()> {
        let text = serde_json::to_vec(json).context("write the last member of a shard")?;
        self.member(LAST_MEMBER, &text)?;
        let written = || format!("write {}", self.path.display());
        let file = self
            .tar
            .into_inner()
            .with_context(written)
            .exit_with(Exit::Io)?;
        file.commit().with_context(written).exit_with(Exit::Io)
    }
}
