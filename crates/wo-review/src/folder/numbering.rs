//! The numbers of frames: the same from start to start while the folder has the same frames, deleted ones among them.

use std::collections::HashMap;
use std::path::Path;

use super::{Folder, FrameItem};

impl Folder {
    /// Numbers the frames video by video, in the order of their index.
    pub(crate) fn number(&mut self) {
        let frames = &self.frames;
        for video in &mut self.videos {
            let index = |&frame: &u32| frames.get(frame as usize).map(|it| it.index);
            video.frames.sort_by_key(index);
        }
        let order: Vec<u32> = self
            .videos
            .iter()
            .flat_map(|it| it.frames.clone())
            .collect();
        if order.is_sorted() {
            return;
        }
        let mut unsorted: Vec<_> = std::mem::take(&mut self.frames)
            .into_iter()
            .map(Some)
            .collect();
        let take = |old: &u32| unsorted.get_mut(*old as usize).and_then(Option::take);
        self.frames = order.iter().filter_map(take).collect();
        let new: HashMap<u32, u32> = order.into_iter().zip(0..).collect();
        let renumber = |id: &mut u32| *id = new.get(id).copied().unwrap_or(*id);
        let of_videos = self.videos.iter_mut().flat_map(|it| &mut it.frames);
        of_videos
            .chain(self.frames_by_place.values_mut())
            .for_each(renumber);
        let inline = std::mem::take(&mut self.inline).into_iter();
        let inline = inline.filter_map(|(id, image)| Some((*new.get(&id)?, image)));
        self.inline = inline.collect();
    }

    /// What the numbers mean: the same for two folders of the same frames.
    pub(crate) fn numbering(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for video in &self.videos {
            hasher.update(video.id.as_bytes());
            for frame in video.frames.iter().filter_map(|&id| self.frame(id)) {
                hasher.update(&frame.index.to_le_bytes());
                hasher.update(frame.blake3.as_deref().unwrap_or_default().as_bytes());
                let path = frame.path.as_deref().unwrap_or(Path::new(""));
                hasher.update(path.as_os_str().as_encoded_bytes());
            }
        }
        hasher.finalize().to_hex().chars().take(16).collect()
    }

    /// Whether its first frames are those of another folder.
    pub(crate) fn begins_as(&self, first: &Self) -> bool {
        let key = |it: &FrameItem| (it.video, it.index, it.path.clone());
        let own = self.frames.iter().take(first.frames.len()).map(key);
        own.eq(first.frames.iter().map(key))
    }
}
