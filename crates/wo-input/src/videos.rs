//! Groups a stream of records into videos, one at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::RgbImage;
use wo_folder::stream_error;
use wo_record::{Failure, Frame, Image, Name, Pose, Reader, Record, UNCLEAR, Video};

use wo_webdataset::Span;

use crate::images::{ImageError, decode_image, image_bytes, span_bytes};

/// One frame, and the folder that its image path is relative to.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameItem {
    /// The record.
    pub frame: Frame,
    /// The folder that a relative image path starts from.
    pub base: PathBuf,
    /// Where the image is in the file, if that holds more than it, as a shard does.
    pub span: Option<Span>,
}

impl FrameItem {
    /// Loads the image.
    pub fn load(&self) -> Result<RgbImage, ImageError> {
        decode_image(&self.bytes()?)
    }

    /// The encoded bytes of the image.
    pub fn bytes(&self) -> Result<Vec<u8>, ImageError> {
        match (&self.frame.image, self.span) {
            (Image::File { path, .. }, Some(span)) => {
                span_bytes(&self.base.join(path.as_path()), span)
            }
            (image, _) => image_bytes(image, &self.base),
        }
    }
}

/// One video with its frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoItem {
    /// The record. Of a folder that has tables alone it has only the id, until [`settle`](Self::settle) adds the exercise
    /// and the label.
    pub video: Video,
    /// Its frames, in order.
    pub frames: Vec<FrameItem>,
    /// The poses of its frames, where known.
    pub poses: Vec<Pose>,
}

/// Reads a stream to its end and passes each complete video to `visit`. Relative image paths start from
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
                // The reader refuses frames of other videos than the last one.
                if let Some(item) = current
                    .as_mut()
                    .filter(|item| item.video.video_id == frame.video_id)
                {
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
    /// Adds a frame.
    pub(crate) fn push(&mut self, frame: Frame, base: &Path) {
        self.frames.push(FrameItem {
            frame,
            base: base.to_owned(),
            span: None,
        });
    }

    /// Decides the exercise and the label of the video by its frames, since a table or a person may have corrected
    /// them.
    ///
    /// A frame without its own exercise or label takes the video's. The video takes the most frequent exercise and
    /// label of its frames. `unclear` counts only if no frame has another label: an unclear frame tells nothing about
    /// the others. If two are equally frequent, the video has none, and its frames keep theirs.
    pub fn settle(&mut self) -> Settled {
        self.fill_frames();
        if self.frames.is_empty() {
            return Settled::default();
        }
        let exercises = most_said(self.frames.iter().map(|it| it.frame.exercise.as_ref()));
        let labels = most_said(self.frames.iter().map(|it| it.frame.label.as_ref()));
        let only = |most: &[Name]| match most {
            [one] => Some(one.clone()),
            _ => None,
        };
        self.video.exercise = only(&exercises);
        self.video.label = only(&labels);
        self.fill_frames();
        let tied = |most: Vec<Name>| if most.len() > 1 { most } else { Vec::new() };
        let (exercises, labels) = (tied(exercises), tied(labels));
        let is_tied = !exercises.is_empty() || !labels.is_empty();
        let Video {
            exercise, label, ..
        } = &self.video;
        let is_contrary =
            |it: &FrameItem| it.frame.exercise != *exercise || it.frame.label != *label;
        let places = 0..self.frames.len();
        Settled {
            contrary: if is_tied {
                Vec::new()
            } else {
                places.filter(|&it| is_contrary(&self.frames[it])).collect()
            },
            tied: [exercises, labels].concat(),
        }
    }

    fn fill_frames(&mut self) {
        for FrameItem { frame, .. } in &mut self.frames {
            fill(&mut frame.exercise, self.video.exercise.as_ref());
            fill(&mut frame.label, self.video.label.as_ref());
        }
    }
}

/// How far the frames of a video agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The indices of the frames that differ from their video.
    pub contrary: Vec<usize>,
    /// Equally frequent names, which leave the video without exercise or label.
    pub tied: Vec<Name>,
}

/// Fills a missing name of a frame from its video.
fn fill(of_frame: &mut Option<Name>, of_video: Option<&Name>) {
    if of_frame.as_ref().is_none_or(Name::is_empty) {
        *of_frame = of_video.filter(|name| !name.is_empty()).cloned();
    }
}

/// The most frequent names, sorted: several if they are equally frequent, none if no frame has one.
fn most_said<'a>(said: impl Iterator<Item = Option<&'a Name>>) -> Vec<Name> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for name in said.flatten() {
        *counts.entry(name).or_default() += 1;
    }
    if counts.len() > 1 {
        counts.retain(|name, _| name.as_str() != UNCLEAR);
    }
    let most = counts.values().copied().max();
    let of_most = counts.into_iter().filter(|(_, n)| Some(*n) == most);
    of_most.map(|(name, _)| name.clone()).collect()
}

/// The next record of a known type.
fn next(reader: &mut Reader<'_>) -> anyhow::Result<Option<Record>> {
    while let Some(line) = reader.next_line().map_err(stream_error)? {
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
            r#"{"type":"video","video_id":"b"}"#.to_owned(),
            frame("b", 0, "good_form"),
            END.to_owned(),
        ];
        let text = lines.join("\n");
        let mut input = text.as_bytes();
        let mut seen = Vec::new();
        let failures = videos_of_stream(
            &mut Reader::new(&mut input, 1 << 20),
            Path::new("x"),
            &mut |mut item| {
                item.settle();
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

    /// A video of the folder label `of_video`, with frames of these labels; an empty one is no label.
    fn item(of_video: &str, labels: &[&str]) -> VideoItem {
        let name = |text: &str| (!text.is_empty()).then(|| Name::from(text));
        let mut item = VideoItem::default();
        item.video.exercise = Some("squat".into());
        item.video.label = name(of_video);
        for label in labels {
            let line = frame("a", 0, "x");
            let mut frame: Frame = serde_json::from_str(&line).expect("a frame");
            frame.label = name(label);
            item.push(frame, Path::new(""));
        }
        item
    }

    #[test]
    fn a_video_has_the_label_of_most_of_its_frames() {
        let check = |of_video: &str, labels: &[&str], expected: &str, contrary: &[usize]| {
            let mut item = item(of_video, labels);
            let settled = item.settle();
            assert_eq!(item.video.label, Some(expected.into()), "{labels:?}");
            assert_eq!(settled.contrary, contrary, "{labels:?}");
            assert!(settled.tied.is_empty());
            // Settling again changes nothing.
            assert_eq!(item.settle(), settled);
        };
        let (good, bad, unclear) = ("good_form", "bad_form", "unclear");
        check(good, &[good, good, bad], good, &[2]);
        check(good, &[bad, good, good], good, &[0]);
        check(good, &[bad, bad, good], bad, &[2]);
        check(good, &["", "", bad], good, &[2]);
        check(good, &["", ""], good, &[]);
        check("", &[bad, ""], bad, &[]);
        check(good, &[unclear, unclear, good], good, &[0, 1]);
        check(good, &[unclear, unclear], unclear, &[]);
    }

    #[test]
    fn a_video_whose_frames_are_divided_has_no_label() {
        let mut item = item("good_form", &["good_form", "bad_form", "unclear"]);
        let settled = item.settle();
        assert_eq!(item.video.label, None);
        assert_eq!(settled.tied, ["bad_form".into(), "good_form".into()]);
        assert_eq!(settled.contrary, [0_usize; 0]);
        assert_eq!(item.frames[0].frame.label, Some("good_form".into()));
    }

    #[test]
    fn a_video_has_the_exercise_of_most_of_its_frames() {
        let mut item = item("good_form", &["", "", ""]);
        item.frames[2].frame.exercise = Some("deadlift".into());
        assert_eq!(item.settle().contrary, [2]);
        assert_eq!(item.video.exercise, Some("squat".into()));
        item.frames.remove(0);
        assert_eq!(item.settle().tied, ["deadlift".into(), "squat".into()]);
        assert_eq!(item.video.exercise, None);
    }

    #[test]
    fn a_video_without_frames_keeps_what_its_folder_says() {
        let mut item = item("bad_form", &[]);
        assert_eq!(item.settle(), Settled::default());
        assert_eq!(item.video.label, Some("bad_form".into()));
    }
}
