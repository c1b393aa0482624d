//! Whether the videos are photographs or drawings, judged by some of their frames.

use wo_input::FrameItem;
use wo_picture::is_photograph;

/// Videos that are looked at; more add no certainty.
const MAX_VIDEOS: usize = 64;
/// The base model of `--init tiny` has only seen drawings.
pub(crate) const WARNING: &str =
    "the frames look like photographs, but the base model has only seen drawn lifters";
pub(crate) const HINT: &str = "--init openai/clip-vit-base-patch32 is a base model that knows photographs (600 MB, fetched once)";
/// The same at the end of a run.
pub(crate) const REMINDER: &str = "the base model of this model has only seen drawn lifters: expect better results with --init openai/clip-vit-base-patch32";

/// Counts of what was looked at.
#[derive(Debug, Default)]
pub(crate) struct PhotoSurvey {
    n_videos: usize,
    n_photographs: usize,
}

impl PhotoSurvey {
    /// Looks at the middle frame of a video.
    pub(crate) fn look(&mut self, frames: &[FrameItem]) {
        if self.n_videos >= MAX_VIDEOS {
            return;
        }
        let middle = frames.get(frames.len() / 2);
        // A frame that does not load is reported elsewhere.
        if let Some(image) = middle.and_then(|frame| frame.load().ok()) {
            self.n_videos += 1;
            self.n_photographs += usize::from(is_photograph(&image));
        }
    }

    /// Whether most are photographs.
    pub(crate) fn are_photographs(&self) -> bool {
        2 * self.n_photographs > self.n_videos
    }
}
