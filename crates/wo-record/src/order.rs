//! The order of records: the frames of a video follow its `video` record, before the next video.
//!
//! A frame elsewhere has no person, no source and perhaps no label, so a tool that took it would learn or judge something
//! else than was meant. The same video may come again with frames of its own: whether the two agree is not decided here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::Record;

/// The longest part of an id in a message, in characters. Ids of our tools have 32.
const MAX_SHOWN: usize = 64;

/// What a record means for the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A stream begins.
    Begin,
    /// A video of this id.
    Video(&'a str),
    /// A frame of the video of this id.
    Frame(&'a str),
    /// A record that may be anywhere.
    Other,
}

impl<'a> Step<'a> {
    /// What `record` means.
    pub(crate) fn of(record: &'a Record) -> Self {
        match record {
            Record::Begin(_) => Self::Begin,
            Record::Video(video) => Self::Video(&video.video_id),
            Record::Frame(frame) => Self::Frame(&frame.video_id),
            _ => Self::Other,
        }
    }
}

/// Why a frame may not come where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// No video of its id came before it.
    BeforeVideo {
        /// The video's id, shortened.
        video: String,
    },
    /// Another video came between its video and it.
    AfterAnother {
        /// The video's id, shortened.
        video: String,
        /// The line of the video.
        line: u64,
        /// The line of the other video, or of the `begin` that came between.
        other: u64,
    },
}

impl Misplaced {
    /// What the user can do about it.
    pub(crate) const HINT: &'static str = "put each frame behind the `video` record of its video and before the next \
                                        video, as wo-extract writes them; a filter must keep both the order and the `video` records";
}

impl std::fmt::Display for Misplaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BeforeVideo { video } => {
                write!(
                    f,
                    "a `frame` record of video {video}, and no `video` record of it came before"
                )
            }
            Self::AfterAnother { video, line, other } => write!(
                f,
                "a `frame` record of video {video}, whose `video` record is line {line}, and line {other} came between"
            ),
        }
    }
}

/// The videos so far.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// The video whose frames may come.
    current: Option<String>,
    /// The line of the last `begin` or `video` record.
    line: u64,
    /// The last line of each video by a hash of its id, for messages only.
    seen: HashMap<u64, u64>,
    hasher: RandomState,
}

impl Order {
    /// Takes the next record, which is on line `line`.
    pub(crate) fn take(&mut self, step: Step<'_>, line: u64) -> Result<(), Misplaced> {
        match step {
            Step::Other => Ok(()),
            Step::Begin => {
                self.current = None;
                self.line = line;
                Ok(())
            }
            Step::Video(id) => {
                self.seen.insert(self.hasher.hash_one(id), line);
                self.current = Some(id.to_owned());
                self.line = line;
                Ok(())
            }
            Step::Frame(id) if self.current.as_deref() == Some(id) => Ok(()),
            Step::Frame(id) => Err(self.misplaced(id)),
        }
    }

    fn misplaced(&self, id: &str) -> Misplaced {
        let mut video: String = id.chars().take(MAX_SHOWN).collect();
        if video.len() < id.len() {
            video.push('…');
        }
        match self.seen.get(&self.hasher.hash_one(id)) {
            Some(&line) => Misplaced::AfterAnother {
                video,
                line,
                other: self.line,
            },
            None => Misplaced::BeforeVideo { video },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of the last of these records, if anything.
    fn last(steps: &[Step<'_>]) -> Option<String> {
        let mut order = Order::default();
        let mut said = None;
        for (step, line) in steps.iter().zip(1..) {
            said = order.take(*step, line).err().map(|it| it.to_string());
        }
        said
    }

    #[test]
    fn frames_follow_their_video() {
        use Step::{Begin, Frame, Other, Video};
        assert_eq!(last(&[Begin, Video("a"), Frame("a")]), None);
        assert_eq!(
            last(&[Begin, Video("a"), Frame("a"), Other, Frame("a")]),
            None
        );
        // The same video again, as of a copy in another folder.
        assert_eq!(
            last(&[Begin, Video("a"), Frame("a"), Video("a"), Frame("a")]),
            None
        );
        assert_eq!(
            last(&[Begin, Frame("a")]).as_deref(),
            Some("a `frame` record of video a, and no `video` record of it came before")
        );
        let between =
            "a `frame` record of video a, whose `video` record is line 2, and line 3 came between";
        assert_eq!(
            last(&[Begin, Video("a"), Video("b"), Frame("a")]).as_deref(),
            Some(between)
        );
        // A stream has its own videos.
        assert_eq!(
            last(&[Begin, Video("a"), Begin, Frame("a")]).as_deref(),
            Some(between)
        );
    }

    #[test]
    fn a_long_id_does_not_fill_the_screen() {
        let id = "ä".repeat(1 << 20);
        let said = last(&[Step::Begin, Step::Frame(&id)]).expect("misplaced");
        assert!(said.chars().count() < 200, "{}", said.len());
    }
}
