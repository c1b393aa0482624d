//! The videos that were judged wrong, the surest first, with small pictures of their frames.

use image::RgbImage;
use image::imageops::thumbnail;
use wo_record::Verdict;

use crate::predict::Judged;

/// How many are kept.
const MAX_VIDEOS: usize = 12;
/// Frames that are shown of each.
const MAX_FRAMES: usize = 8;
/// The longer side of a small picture, in pixels.
const SIDE: u32 = 200;

/// Those that are kept.
#[derive(Debug, Default)]
pub(crate) struct Worst {
    is_asked: bool,
    /// How many were wrong.
    pub(crate) n_wrong: u64,
    pub(crate) videos: Vec<WorstVideo>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct WorstVideo {
    pub(crate) verdict: Verdict,
    /// Small pictures with their times and whether each is the evidence.
    pub(crate) frames: Vec<(RgbImage, Option<f64>, bool)>,
}

impl Worst {
    /// None yet; nothing is kept unless it is asked for.
    pub(crate) fn new(is_asked: bool) -> Self {
        Self {
            is_asked,
            n_wrong: 0,
            videos: Vec::new(),
        }
    }

    /// Keeps a video where it is wrong and surer than another one.
    pub(crate) fn add(&mut self, judged: &Judged) {
        let verdict = &judged.verdict;
        if !self.is_asked || judged.prediction.seen || judged.prediction.is_right() != Some(false) {
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
                frames: small(judged),
            },
        );
        self.videos.truncate(MAX_VIDEOS);
    }
}

/// Evenly spread frames, the evidence among them.
fn small(judged: &Judged) -> Vec<(RgbImage, Option<f64>, bool)> {
    let n = judged.pictures.len();
    let step = n.div_ceil(MAX_FRAMES).max(1);
    (0..n)
        .filter(|place| place % step == 0 || *place == judged.evidence_idx)
        .filter_map(|place| {
            let picture = judged.pictures.get(place)?;
            let longer = picture.width().max(picture.height()).max(1);
            let scaled = |side: u32| (side * SIDE).div_ceil(longer).max(1);
            let small = thumbnail(picture, scaled(picture.width()), scaled(picture.height()));
            let is_evidence = place == judged.evidence_idx;
            let time = judged.times_ms.get(place).copied().flatten();
            Some((small, time, is_evidence))
        })
        .collect()
}
