//! Puts samples together to videos, and sees that each comes once.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

use wo_cli::{Exit, bail, ensure};
use wo_record::Record;

use crate::names::video_of_sample;
use crate::sample::{SAMPLE_SCHEMA, SampleJson, ShardFrame, ShardVideo, VERSION};

/// A sample whose members all came.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) json: SampleJson,
    /// Its image is put in already.
    pub(crate) span: Option<crate::Span>,
}

/// What takes the videos of shards.
pub(crate) type Take<'a> = &'a mut dyn FnMut(ShardVideo) -> anyhow::Result<()>;

/// The videos so far.
#[derive(Default)]
pub(crate) struct GatheredVideos {
    current: Option<Current>,
    /// Hashes of the names of all videos, so that memory grows by 16 bytes a video at most.
    seen: HashSet<u64>,
}

struct Current {
    name: String,
    video: ShardVideo,
    indices: HashSet<u32>,
}

impl GatheredVideos {
    /// Adds a sample of the shard `shard`. A video goes to `take` when the next one begins.
    pub(crate) fn add(
        &mut self,
        sample: Sample,
        shard: &Path,
        take: Take<'_>,
    ) -> anyhow::Result<()> {
        let name = video_of_sample(&sample.name);
        let is_same = self.current.as_ref().is_some_and(|it| it.name == name);
        if !is_same {
            self.end_video(take)?;
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            ensure!(
                self.seen.insert(hasher.finish()),
                Exit::Integrity,
                "{}: the video of this sample came before, with other videos between", sample.name;
                "keep the frames of a video together and name each shard once; wo-describe --to webdataset writes them so"
            );
            self.current = Some(Current {
                name: name.to_owned(),
                video: ShardVideo {
                    video: sample.json.video.clone(),
                    shard: shard.to_owned(),
                    ..ShardVideo::default()
                },
                indices: HashSet::new(),
            });
        }
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let SampleJson {
            video, frame, pose, ..
        } = sample.json;
        ensure!(
            current.indices.insert(frame.index),
            Exit::Integrity,
            "{}: the sample comes twice",
            sample.name
        );
        ensure!(
            video == current.video.video,
            Exit::Integrity,
            "{}: its video is described otherwise than in the sample before it",
            sample.name
        );
        current.video.frames.push(ShardFrame {
            frame,
            span: sample.span,
        });
        current.video.poses.extend(pose);
        Ok(())
    }

    /// The shard ends, and with it its last video.
    pub(crate) fn end_video(&mut self, take: Take<'_>) -> anyhow::Result<()> {
        match self.current.take() {
            Some(current) => take(current.video),
            None => Ok(()),
        }
    }
}

/// Refuses JSON of other programs and later versions, and ids that are none.
pub(crate) fn check(name: &str, json: &SampleJson) -> anyhow::Result<()> {
    ensure!(
        json.schema == SAMPLE_SCHEMA && json.schema_version <= VERSION,
        Exit::Integrity,
        "{name}.json is of {} in version {}, and this wo-train reads {SAMPLE_SCHEMA} up to {VERSION}",
        json.schema,
        json.schema_version
    );
    if json.frame.video_id != json.video.video_id {
        bail!(
            Exit::Integrity,
            "{name}.json: its frame and its video have different ids"
        );
    }
    let records = [
        Record::Video(json.video.clone()),
        Record::Frame(json.frame.clone()),
    ];
    match records.iter().find_map(wo_record::trouble) {
        Some(trouble) => bail!(Exit::Integrity, "{name}.json: {trouble}"),
        None => Ok(()),
    }
}
