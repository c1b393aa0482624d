//! What the frames of a stream of predictions look like, without a model: for the shortcut audit.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use image::RgbImage;
use wo_input::{FrameItem, folder_of_paths};
use wo_picture::moving_person;
use wo_record::{Frame, Video};

use crate::judge::decoded_video::keep_spread;
use crate::judge::facts::{Facts, first_start_ms};
use crate::judge::region_features::{RegionFeatures, SeenImages, still};

/// The looks of videos, of which one at a time is held with its frames.
#[derive(Debug)]
pub(crate) struct FrameLooks {
    base: PathBuf,
    current: Option<(String, Vec<FrameItem>)>,
    done: HashMap<String, VideoLook>,
    n_bad: usize,
}

/// What the frames of a video that load look like.
#[derive(Debug)]
pub(crate) struct VideoLook {
    pub(crate) facts: Facts,
    pub(crate) regions: Option<RegionFeatures>,
}

impl FrameLooks {
    /// Of a stream in this file, where relative paths of images start.
    pub(crate) fn of(stream: &Path) -> Self {
        Self {
            base: folder_of_paths(Some(stream)).to_owned(),
            current: None,
            done: HashMap::new(),
            n_bad: 0,
        }
    }

    /// Takes a frame; the frames of a video follow one another, after its record.
    pub(crate) fn take(&mut self, frame: Frame, videos: &BTreeMap<String, Video>) {
        let is_next = self
            .current
            .as_ref()
            .is_none_or(|it| it.0 != frame.video_id);
        if is_next {
            self.look(videos);
        }
        let empty = || (frame.video_id.clone(), Vec::new());
        let (_, frames) = self.current.get_or_insert_with(empty);
        frames.push(FrameItem {
            frame,
            base: self.base.clone(),
            span: None,
        });
    }

    /// All looks, by video.
    pub(crate) fn finish(mut self, videos: &BTreeMap<String, Video>) -> HashMap<String, VideoLook> {
        self.look(videos);
        if self.n_bad > 0 {
            let frames = wo_cli::count(self.n_bad, "frame");
            wo_cli::warn!("{frames} of the stream cannot be loaded: the audit does not see them");
        }
        self.done
    }

    /// Looks at the video whose frames are there.
    fn look(&mut self, videos: &BTreeMap<String, Video>) {
        if let Some((video_id, mut frames)) = self.current.take() {
            keep_spread(&mut frames);
            let unknown = Video::default();
            let video = videos.get(&video_id).unwrap_or(&unknown);
            let load = |frame| Some((frame, FrameItem::load(frame).ok()?));
            let loaded: Vec<_> = frames.iter().filter_map(load).collect();
            self.n_bad += frames.len() - loaded.len();
            self.done.insert(video_id, look(video, loaded));
        }
    }
}

fn look(video: &Video, loaded: Vec<(&FrameItem, RgbImage)>) -> VideoLook {
    let (loaded, images): (Vec<&FrameItem>, Vec<RgbImage>) = loaded.into_iter().unzip();
    let times_ms: Vec<Option<f64>> = loaded.iter().map(|it| it.frame.pts_ms).collect();
    let person = moving_person(&images).ok();
    let seen = SeenImages {
        images: &images,
        still: still(&images, &times_ms, first_start_ms(video)),
        person: person.as_ref(),
    };
    VideoLook {
        facts: Facts::of(video, &loaded, &images),
        regions: RegionFeatures::of_colours(seen),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wo_testkit::tempdir;

    use super::*;

    fn frame(video_id: &str, index: u32, file: &Path) -> Frame {
        let image = json!({"file": {"path": file}});
        let frame = json!({"video_id": video_id, "index": index, "image": image});
        serde_json::from_value(frame).expect("a frame")
    }

    #[test]
    fn frames_of_a_stream_are_looked_at_video_by_video() {
        let folder = tempdir().expect("make a folder");
        let videos = BTreeMap::new();
        let mut looks = FrameLooks::of(&folder.path().join("records.ndjson"));
        for (video_id, level) in [("dark", 20), ("bright", 220)] {
            let file = folder.path().join(format!("{video_id}.png"));
            let image = RgbImage::from_pixel(32, 32, image::Rgb([level; 3]));
            image.save(&file).expect("write an image");
            // Relative to the stream.
            let name = Path::new(file.file_name().expect("a name"));
            looks.take(frame(video_id, 0, name), &videos);
        }
        looks.take(frame("gone", 0, Path::new("no.png")), &videos);
        let found = looks.finish(&videos);
        let brightness = |video_id: &str| found[video_id].facts.brightness;
        assert!(brightness("dark") < brightness("bright"));
        let first = |video_id: &str| found[video_id].regions.as_ref().map(|it| &it.first_frame);
        assert_ne!(first("dark"), first("bright"));
        assert!(first("gone").is_none() && brightness("gone").is_none());
    }
}
