//! Whether the videos are photographs or drawings, judged by some of their frames.

use image::RgbImage;
use rayon::prelude::*;
use wo_cli::{count, verb};
use wo_input::{FrameItem, VideoItem};
use wo_picture::looks_photographed;
use wo_record::UNCLEAR;

/// Frames of a video that are looked at, spread over it.
const FRAMES_OF_VIDEO: usize = 3;
/// A larger share of photographed videos than this makes the data photographs. One video that is misjudged must not change
/// what a thousand drawn ones start from.
const MIN_SHARE: f64 = 0.05;

/// Counts of what was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PhotoSurvey {
    n_drawn: usize,
    n_photographed: usize,
}

impl PhotoSurvey {
    /// Counts a video of this kind.
    pub(crate) fn add(&mut self, look: Look) {
        match look {
            Look::Drawn => self.n_drawn += 1,
            Look::Photographed => self.n_photographed += 1,
            Look::Unknown => {}
        }
    }

    /// How many videos were looked at.
    pub(crate) fn n_videos(&self) -> usize {
        self.n_drawn + self.n_photographed
    }

    /// Whether the base model has to know photographs. Some of them are enough: a model that knows photographs learns
    /// drawings as well, and one that only knows drawings is worth little on photographs.
    pub(crate) fn are_photographs(&self) -> bool {
        self.n_photographed as f64 > MIN_SHARE * self.n_videos() as f64
    }

    /// What was seen: `all 12 videos look drawn`.
    pub(crate) fn in_words(&self) -> String {
        let n = self.n_videos();
        match (self.n_drawn, self.n_photographed) {
            (0, 0) => "no video has a frame that loads".to_owned(),
            (0, 1) => "the one video looks photographed".to_owned(),
            (1, 0) => "the one video looks drawn".to_owned(),
            (0, _) => format!("all {n} videos look photographed"),
            (_, 0) => format!("all {n} videos look drawn"),
            (drawn, photographed) => {
                let why = if self.are_photographs() {
                    "a model that knows photographs learns drawings as well"
                } else {
                    "too few to matter"
                };
                format!(
                    "of {} {photographed} {} photographed and {drawn} drawn; {why}",
                    count(n, "video"),
                    verb(photographed, "looks", "look")
                )
            }
        }
    }
}

/// What a video looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Drawn,
    Photographed,
    /// None of its frames loads, which is reported elsewhere.
    Unknown,
}

impl Look {
    /// Looks at some frames of a video.
    pub(crate) fn of(frames: &[FrameItem]) -> Self {
        let places =
            (0..FRAMES_OF_VIDEO).map(|n| (2 * n + 1) * frames.len() / (2 * FRAMES_OF_VIDEO));
        let mut places: Vec<usize> = places.collect();
        places.dedup();
        let images: Vec<RgbImage> = places
            .into_par_iter()
            .filter_map(|place| frames.get(place)?.load().ok())
            .collect();
        match looks_photographed(&images) {
            None => Self::Unknown,
            Some(true) => Self::Photographed,
            Some(false) => Self::Drawn,
        }
    }
}

/// Whether a video has what training needs: a label and a description.
pub(crate) fn is_trained_on(item: &VideoItem) -> bool {
    let mut item = item.clone();
    let settled = item.settle();
    let label = item.video.label.as_ref();
    settled.tied.is_empty()
        && item.video.exercise.is_some()
        && label.is_some_and(|it| it.as_str() != UNCLEAR)
        && item.frames.iter().any(|it| it.frame.description.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(n_drawn: usize, n_photographed: usize) -> PhotoSurvey {
        let mut survey = PhotoSurvey::default();
        (0..n_drawn).for_each(|_| survey.add(Look::Drawn));
        (0..n_photographed).for_each(|_| survey.add(Look::Photographed));
        survey.add(Look::Unknown);
        survey
    }

    #[test]
    fn some_photographs_are_enough_and_one_among_many_is_not() {
        for (drawn, photographed, expected) in [
            (0, 0, false),
            (0, 1, true),
            (1, 0, false),
            (200, 0, false),
            (99, 1, false),
            (95, 5, false),
            (94, 6, true),
            (3, 1, true),
            (0, 15, true),
        ] {
            let survey = survey(drawn, photographed);
            assert_eq!(survey.are_photographs(), expected, "{survey:?}");
        }
    }

    #[test]
    fn what_was_seen_is_said_with_both_numbers() {
        assert_eq!(survey(12, 0).in_words(), "all 12 videos look drawn");
        assert_eq!(survey(0, 1).in_words(), "the one video looks photographed");
        assert_eq!(
            survey(9, 3).in_words(),
            "of 12 videos 3 look photographed and 9 drawn; a model that knows photographs learns drawings as well"
        );
        assert_eq!(
            survey(99, 1).in_words(),
            "of 100 videos 1 looks photographed and 99 drawn; too few to matter"
        );
    }
}
