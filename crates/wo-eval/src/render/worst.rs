//! The most confident mistakes, with thumbnails of their frames.

use image::RgbImage;
use wo_record::{Name, Verdict};

use crate::judge::nearest_training::NearestTrainingFrame;
use crate::judge::predict::Judged;
use crate::judge::thumbnail::small;

/// How many are kept.
const MAX_VIDEOS: usize = 12;
/// Frames that are shown of each.
const MAX_FRAMES: usize = 8;

/// The kept videos.
#[derive(Debug, Default)]
pub(crate) struct Worst {
    /// Whether a page will show them.
    keeps: bool,
    /// How many were wrong.
    pub(crate) n_wrong: u64,
    pub(crate) videos: Vec<WorstVideo>,
}

/// One mistake.
#[derive(Debug)]
pub(crate) struct WorstVideo {
    pub(crate) verdict: Verdict,
    pub(crate) true_faults: Vec<Name>,
    /// Thumbnails with their times and whether each is the evidence.
    pub(crate) frames: Vec<(RgbImage, Option<f64>, bool)>,
    /// The most similar training frame of another label.
    pub(crate) nearest: Option<NearestTrainingFrame>,
}

impl Worst {
    /// An empty list that keeps mistakes; the default list keeps none.
    pub(crate) fn keeping() -> Self {
        Self {
            keeps: true,
            ..Self::default()
        }
    }

    /// Keeps a wrong video that is among the most confident.
    pub(crate) fn add(&mut self, judged: &Judged) {
        let verdict = &judged.verdict;
        if !self.keeps || judged.prediction.seen || judged.is_right() != Some(false) {
            return;
        }
        self.n_wrong += 1;
        let place = self
            .videos
            .partition_point(|it| it.verdict.probability >= verdict.probability);
        if place >= MAX_VIDEOS {
            return;
        }
        self.videos.insert(
            place,
            WorstVideo {
                verdict: verdict.clone(),
                true_faults: judged.prediction.faults.clone(),
                frames: small_frames(judged),
                nearest: None,
            },
        );
        self.videos.truncate(MAX_VIDEOS);
    }

    /// Adds the nearest training frame of a kept video.
    pub(crate) fn add_nearest(
        &mut self,
        video_id: &str,
        nearest: impl FnOnce() -> Option<NearestTrainingFrame>,
    ) {
        let mut kept = self.videos.iter_mut();
        if let Some(video) = kept.find(|it| it.verdict.video_id == video_id) {
            video.nearest = nearest();
        }
    }
}

/// Evenly spread frames, the evidence among them.
fn small_frames(judged: &Judged) -> Vec<(RgbImage, Option<f64>, bool)> {
    let n = judged.images.len();
    let step = n.div_ceil(MAX_FRAMES).max(1);
    (0..n)
        .filter(|place| place % step == 0 || *place == judged.evidence_idx)
        .filter_map(|place| {
            let image = judged.images.get(place)?;
            let is_evidence = place == judged.evidence_idx;
            let time = judged.times_ms.get(place).copied().flatten();
            Some((small(image), time, is_evidence))
        })
        .collect()
}
