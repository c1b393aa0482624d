//! The videos of a stream, and what sides depend on: who is in them, where they come from, and what they show.

use std::collections::BTreeMap;

use wo_record::{Frame, Group, GroupBy, Line, Name, Record, UNCLEAR, Video, keys_of};

/// One video.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct SplitVideo {
    /// Its path, or its id where it has none.
    pub(crate) name: String,
    /// The persons and sources that join it to other videos, and itself: who is in it may be corrected, and what a model
    /// was trained on stays so.
    pub(crate) keys: Vec<Group>,
    exercise: Option<Name>,
    label: Option<Name>,
    /// How many frames show each exercise and label.
    frames: BTreeMap<(Name, Name), usize>,
}

/// What a video shows.
pub(crate) type Cell = (Name, Name);

impl SplitVideo {
    /// The exercise and the label of most frames, `unclear` only where there is no other; without frames those of the video.
    pub(crate) fn cell(&self) -> Cell {
        let is_clear = |(_, label): &&Cell| label.as_str() != UNCLEAR;
        let any_clear = self.frames.keys().any(|it| is_clear(&it));
        let counted = self.frames.iter();
        let counted = counted.filter(|(cell, _)| !any_clear || is_clear(cell));
        // Of two that are equally frequent the first in the order of names.
        let most = counted.rev().max_by_key(|(_, n)| **n);
        let own = || {
            let name = |it: &Option<Name>| it.clone().unwrap_or_else(|| Name::new(""));
            (name(&self.exercise), name(&self.label))
        };
        most.map_or_else(own, |(cell, _)| cell.clone())
    }

    /// Its label, where it is one that models learn.
    pub(crate) fn label(&self) -> Option<Name> {
        let (_, label) = self.cell();
        (!label.is_empty() && label.as_str() != UNCLEAR).then_some(label)
    }

    /// Whether nobody said who is in it or where it comes from.
    pub(crate) fn is_alone(&self) -> bool {
        !self.keys.iter().any(Group::is_known)
    }
}

/// The videos of a stream, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Videos {
    group_by: GroupBy,
    by_id: BTreeMap<String, SplitVideo>,
}

impl Videos {
    /// None yet.
    pub(crate) fn new(group_by: GroupBy) -> Self {
        Self {
            group_by,
            by_id: BTreeMap::new(),
        }
    }

    /// Takes what a line says of a video.
    pub(crate) fn take(&mut self, line: &Line) {
        match &line.record {
            Ok(Record::Video(video)) => self.take_video(video),
            Ok(Record::Frame(frame)) => self.take_frame(frame),
            _ => {}
        }
    }

    fn take_video(&mut self, video: &Video) {
        let id = &video.video_id;
        let joining = self.group_by.joining(&keys_of(video), id);
        let known = self.by_id.entry(id.clone()).or_default();
        let path = video.path.as_ref().map(ToString::to_string);
        known.name = path.unwrap_or_else(|| id.clone());
        // The same video may come twice, with another person each time: it is of both.
        for key in joining.into_iter().chain([Group::of_video_id(id)]) {
            if !known.keys.contains(&key) {
                known.keys.push(key);
            }
        }
        known.exercise.clone_from(&video.exercise);
        known.label.clone_from(&video.label);
    }

    /// Its video came before it, or the reader would have refused it.
    fn take_frame(&mut self, frame: &Frame) {
        if let Some(video) = self.by_id.get_mut(&frame.video_id) {
            let own = |it: &Option<Name>, of_video: &Option<Name>| {
                let own = it.as_ref().filter(|it| !it.is_empty());
                own.or(of_video.as_ref()).cloned()
            };
            let exercise = own(&frame.exercise, &video.exercise);
            let label = own(&frame.label, &video.label);
            if let Some(cell) = exercise.zip(label) {
                *video.frames.entry(cell).or_default() += 1;
            }
        }
    }

    /// Each with its id, in the order of ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &SplitVideo)> {
        self.by_id.iter()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The line of a video.
    pub(crate) fn line_of(video: &Video) -> Line {
        line(&serde_json::to_string(&Record::Video(video.clone())).unwrap())
    }

    fn line(text: &str) -> Line {
        Line::of_text(text.to_owned()).unwrap()
    }

    fn videos(lines: &[&str]) -> Videos {
        let mut videos = Videos::new(GroupBy::Both);
        for text in lines {
            videos.take(&line(text));
        }
        videos
    }

    fn frame(label: &str) -> String {
        format!(
            r#"{{"type":"frame","video_id":"v","index":0,"image":{{"file":{{"path":"a.jpg"}}}},"exercise":"squat","label":"{label}"}}"#
        )
    }

    #[test]
    fn most_frames_say_what_a_video_shows() {
        let video = r#"{"type":"video","video_id":"v","path":"a.mp4","exercise":"squat","label":"good_form"}"#;
        let label = |frames: &[&str]| {
            let frames: Vec<String> = frames.iter().map(|it| frame(it)).collect();
            let frames = frames.iter().map(String::as_str);
            let all = videos(&[&[video], &frames.collect::<Vec<_>>()[..]].concat());
            all.by_id["v"].label().map(|it| it.to_string())
        };
        assert_eq!(label(&[]).as_deref(), Some("good_form"));
        let bad = ["bad_form", "good_form", "bad_form"];
        assert_eq!(label(&bad).as_deref(), Some("bad_form"));
        let unclear = ["unclear", "unclear", "bad_form"];
        assert_eq!(label(&unclear).as_deref(), Some("bad_form"));
        assert_eq!(label(&["unclear"]), None);
    }

    #[test]
    fn a_video_that_comes_twice_is_of_both_persons() {
        let all = videos(&[
            r#"{"type":"video","video_id":"v","path":"a.mp4"}"#,
            r#"{"type":"video","video_id":"v","path":"a.mp4","person_id":"Anna"}"#,
            r#"{"type":"video","video_id":"v","path":"b.mp4","person_id":"ben"}"#,
            r#"{"type":"video","video_id":"w","path":"w.mp4"}"#,
        ]);
        let keys = |id: &str| -> Vec<String> {
            let keys = all.by_id[id].keys.iter();
            keys.map(ToString::to_string).collect()
        };
        assert_eq!(keys("v"), ["video:v", "person:anna", "person:ben"]);
        assert_eq!(keys("w"), ["video:w"]);
        assert!(all.by_id["w"].is_alone() && !all.by_id["v"].is_alone());
    }
}
