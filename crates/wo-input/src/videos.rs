//! A stream of records to videos, one at a time.

use std::path::{Path, PathBuf};

use image::RgbImage;
use wo_record::{Failure, Frame, Pose, ReadError, Reader, Record, Video};

use crate::picture::{ImageError, image_bytes, load_image};

/// One frame and where its picture is meant from.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameItem {
    /// The record.
    pub frame: Frame,
    /// The folder that a relative image path starts from.
    pub base: PathBuf,
}

impl FrameItem {
    /// Loads the picture.
    pub fn load(&self) -> Result<RgbImage, ImageError> {
        load_image(&self.frame.image, &self.base)
    }

    /// The bytes of the picture, not decoded.
    pub fn bytes(&self) -> Result<Vec<u8>, ImageError> {
        image_bytes(&self.frame.image, &self.base)
    }
}

/// One video with its frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoItem {
    /// The record; only the id, exercise and label are filled where a stream has frames without `video` records.
    pub video: Video,
    /// Its frames, in their order.
    pub frames: Vec<FrameItem>,
    /// The poses of those frames of which they are known.
    pub poses: Vec<Pose>,
}

/// Reads a stream to its end and hands out each video when its last frame has come. Relative image paths start from
/// `base`. Returns the `error` records that were in the stream.
pub fn videos_of_stream(
    reader: &mut Reader<'_>,
    base: &Path,
    visit: &mut dyn FnMut(VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Failure>> {
    let mut failures = Vec::new();
    let mut current: Option<VideoItem> = None;
    while let Some(line) = next(reader)? {
        match line {
            Record::Video(video) => {
                if let Some(done) = current.replace(VideoItem {
                    video,
                    ..VideoItem::default()
                }) {
                    visit(done)?;
                }
            }
            Record::Frame(frame) => {
                if current
                    .as_ref()
                    .is_none_or(|item| item.video.video_id != frame.video_id)
                {
                    let video = Video {
                        video_id: frame.video_id.clone(),
                        ..Video::default()
                    };
                    if let Some(done) = current.replace(VideoItem {
                        video,
                        ..VideoItem::default()
                    }) {
                        visit(done)?;
                    }
                }
                if let Some(item) = &mut current {
                    item.push(frame, base);
                }
            }
            Record::Pose(pose) => {
                if let Some(item) = current
                    .as_mut()
                    .filter(|item| item.video.video_id == pose.video_id)
                {
                    item.poses.push(pose);
                }
            }
            Record::Error(failure) => failures.push(failure),
            _ => {}
        }
    }
    if let Some(done) = current {
        visit(done)?;
    }
    Ok(failures)
}

impl VideoItem {
    /// Adds a frame. What the frames say of exercise and label counts more than the video's folder: a table or a
    /// person may have corrected it.
    pub(crate) fn push(&mut self, frame: Frame, base: &Path) {
        if frame.exercise.is_some() {
            self.video.exercise.clone_from(&frame.exercise);
        }
        if frame.label.is_some() {
            self.video.label.clone_from(&frame.label);
        }
        self.frames.push(FrameItem {
            frame,
            base: base.to_owned(),
        });
    }
}

/// The next record of a known type.
fn next(reader: &mut Reader<'_>) -> Result<Option<Record>, ReadError> {
    while let Some(line) = reader.next_line()? {
        if let Ok(record) = line.record {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str =
        r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
    const END: &str = r#"{"type":"end","n_videos":1,"n_frames":3,"n_errors":0}"#;

    fn frame(video: &str, index: u32, label: &str) -> String {
        format!(
            r#"{{"type":"frame","video_id":"{video}","index":{index},"label":"{label}","image":{{"inline":{{"jpeg_base64":""}}}}}}"#
        )
    }

    #[test]
    fn frames_gather_under_their_video_and_carry_the_label() {
        let lines = [
            BEGIN.to_owned(),
            r#"{"type":"video","video_id":"a","path":"a.mp4","person_id":"p","label":"good_form"}"#
                .to_owned(),
            frame("a", 0, "bad_form"),
            frame("a", 1, "bad_form"),
            r#"{"type":"error","code":"decode","what":"broken","tool":"t"}"#.to_owned(),
            frame("b", 0, "good_form"),
            END.to_owned(),
        ];
        let text = lines.join("\n");
        let mut input = text.as_bytes();
        let mut seen = Vec::new();
        let failures = videos_of_stream(
            &mut Reader::new(&mut input, 1 << 20),
            Path::new("x"),
            &mut |item| {
                seen.push((
                    item.video.video_id,
                    item.video.person_id,
                    item.video.label,
                    item.frames.len(),
                ));
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(failures.len(), 1);
        assert_eq!(seen.len(), 2);
        assert_eq!(
            seen[0],
            ("a".into(), Some("p".into()), Some("bad_form".into()), 2)
        );
        assert_eq!(seen[1], ("b".into(), None, Some("good_form".into()), 1));
    }
}
