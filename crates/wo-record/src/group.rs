//! What a split keeps together.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Video;

/// A person, a source or, where neither is known, one video. All videos of a group are on one side of a split.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(String);

impl Group {
    /// The group of which only a video is known.
    pub fn of_video_id(video_id: &str) -> Self {
        Self(format!("video:{video_id}"))
    }

    /// The group that text such as `person:anna` names.
    pub fn of_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The group as text: `person:…`, `source:…` or `video:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The group of a video: its person, else its source, else itself.
pub fn group_of(video: &Video) -> Group {
    if let Some(person) = &video.person_id {
        Group(format!("person:{person}"))
    } else if let Some(source) = &video.source_id {
        Group(format!("source:{source}"))
    } else {
        Group::of_video_id(&video.video_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_wins_over_source_over_video() {
        let mut video = Video {
            video_id: "v".into(),
            ..Video::default()
        };
        assert_eq!(group_of(&video).as_str(), "video:v");
        video.source_id = Some("s".into());
        assert_eq!(group_of(&video).as_str(), "source:s");
        video.person_id = Some("p".into());
        assert_eq!(group_of(&video).as_str(), "person:p");
    }
}
