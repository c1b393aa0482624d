//! Frames with their images into tar shards.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wo_cli::{count, shell_word};
use wo_folder::BaseFolder;
use wo_record::{Begin, Failure, Frame, Image, Producer, Record, Shard, Video, code};
use wo_webdataset::{MAX_IMAGE_BYTES, ShardNames, ShardSize, ShardWriter};

/// Writes the frames of a stream as samples.
pub(crate) struct ShardSink {
    writer: ShardWriter,
    /// Where relative paths of images start.
    images: BaseFolder,
    video: Option<Video>,
    n_failed: u64,
    /// Which part of a whole the input is, and how many parts came.
    part: Option<Shard>,
    n_parts: u32,
}

impl ShardSink {
    /// Writes nothing yet. Fails where shards of these names are there.
    pub(crate) fn new(
        names: ShardNames,
        size: ShardSize,
        images: BaseFolder,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            writer: ShardWriter::new(names, size)?,
            images,
            video: None,
            n_failed: 0,
            part: None,
            n_parts: 0,
        })
    }

    /// A stream begins. Tar files do not know of parts, so one that is not whole is said.
    pub(crate) fn begin(&mut self, begin: &Begin) {
        self.set_upstream(&begin.upstream);
        if begin.shard != self.part {
            self.n_parts += 1;
            self.part.clone_from(&begin.shard);
        }
    }

    /// The tools that made the records, without this one.
    pub(crate) fn set_upstream(&mut self, upstream: &[Producer]) {
        let this = Producer {
            tool: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let others = upstream.iter().filter(|it| **it != this).cloned();
        self.writer
            .set_upstream(others.chain([this.clone()]).collect());
    }

    /// Takes a record. Shards hold frames, with their videos and poses, and the errors of the stream.
    pub(crate) fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        match record {
            Record::Video(video) => {
                self.video = Some(video.clone());
                self.writer.video(video)
            }
            Record::Frame(frame) => self.frame(frame),
            Record::Pose(pose) => {
                self.writer.pose(pose);
                Ok(())
            }
            Record::Error(failure) => {
                self.writer.failure(failure.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Adds a frame. One whose image is not there or is none is reported and left out.
    fn frame(&mut self, frame: &Frame) -> anyhow::Result<()> {
        let added = match self.bytes(&frame.image) {
            Ok(bytes) => {
                let added = self.writer.frame(frame, bytes)?;
                added.map_err(str::to_owned)
            }
            Err(error) => Err(format!("{error:#}")),
        };
        let Err(why) = added else {
            return Ok(());
        };
        let path = self.video.as_ref().and_then(|video| video.path.clone());
        let name = path
            .as_ref()
            .map_or_else(|| frame.video_id.clone(), ToString::to_string);
        let what = format!("frame {}: {why}", frame.index);
        wo_cli::warn!("{name}: {what}");
        self.n_failed += 1;
        self.writer.failure(Failure {
            code: code::BAD_IMAGE.to_owned(),
            what,
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path,
            video_id: Some(frame.video_id.clone()),
        });
        Ok(())
    }

    /// The encoded image.
    fn bytes(&self, image: &Image) -> anyhow::Result<Vec<u8>> {
        match image {
            Image::Inline { jpeg_base64 } => STANDARD
                .decode(jpeg_base64)
                .context("decode the base64 of the image"),
            Image::File { path, .. } => {
                let path = self.images.resolve(path.as_path());
                read(&path).with_context(|| format!("read {}", path.display()))
            }
        }
    }

    /// Ends the last shard. Returns how many images could not be written.
    pub(crate) fn end(self) -> anyhow::Result<u64> {
        if let Some(lone) = self.part.filter(|it| self.n_parts == 1 && it.count > 1) {
            wo_cli::warn!(
                "the input is shard {lone} alone, and tar files do not say so";
                "give the output of all shards: cat part-*.ndjson | wo-describe --to webdataset …"
            );
        }
        let first = self.writer.path(0);
        let written = self.writer.finish()?;
        let (n_frames, n_videos) = (written.n_frames as usize, written.n_videos as usize);
        let Some(last) = written.n_shards.checked_sub(1) else {
            wo_cli::warn!("no frame came, so no shard is written");
            return Ok(self.n_failed);
        };
        wo_cli::say!(
            "wrote {} of {} in {}, the first is {}, the last number {last}",
            count(n_frames, "frame"),
            count(n_videos, "video"),
            count(written.n_shards as usize, "shard"),
            shell_word(&first)
        );
        Ok(self.n_failed)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    wo_cli::open_file(path)?
        .take(MAX_IMAGE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    anyhow::ensure!(
        bytes.len() as u64 <= MAX_IMAGE_BYTES,
        "the image file has more than {MAX_IMAGE_BYTES} bytes"
    );
    Ok(bytes)
}
