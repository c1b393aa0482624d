//! Reads tar shards into videos.

use std::path::PathBuf;

use wo_webdataset::{ShardFrame, ShardVideo, Shards, ShardsRest};

use crate::videos::{FrameItem, VideoItem};

/// Reads the shards that `names` stands for, as WebDataset has it, and passes their videos to `visit`. Images of files stay
/// where they are in them.
pub fn videos_of_shards(
    names: &str,
    visit: &mut dyn FnMut(VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<ShardsRest> {
    Shards::of(names)?.read(&mut |video| visit(item_of(video)))
}

fn item_of(of_shard: ShardVideo) -> VideoItem {
    let ShardVideo {
        video,
        frames,
        poses,
        shard: _,
    } = of_shard;
    let frame = |ShardFrame { frame, span }| FrameItem {
        frame,
        base: PathBuf::new(),
        span,
    };
    VideoItem {
        video,
        frames: frames.into_iter().map(frame).collect(),
        poses,
    }
}
