//! Whether the videos are filmed or drawn, from some of their frames.

use wo_input::FrameItem;
use wo_picture::is_photograph;

/// So many videos are enough to tell.
const MAX_VIDEOS: usize = 64;
/// The start of `--init tiny` has seen nothing but drawings.
pub(crate) const HINT: &str = "the frames look like photographs, and the start has only ever seen drawn lifters: it knows nothing of real \
     pictures\nhint: --init openai/clip-vit-base-patch32 starts from one that does (600 MB, fetched once)";
/// The same beside the result.
pub(crate) const REMINDER: &str = "this model started from drawn lifters and was fitted to photographs: expect more of --init openai/clip-vit-base-patch32";

/// What was looked at.
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
        // One that does not load is told elsewhere.
        if let Some(picture) = middle.and_then(|frame| frame.load().ok()) {
            self.n_videos += 1;
            self.n_photographs += usize::from(is_photograph(&picture));
        }
    }

    /// Whether most are photographs.
    pub(crate) fn are_photographs(&self) -> bool {
        2 * self.n_photographs > self.n_videos
    }
}
