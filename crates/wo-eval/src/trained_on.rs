//! The videos that a model was trained on, as it sees them, to hold verdicts against.

use wo_clip::Judge;
use wo_clip::tch::{Kind, Tensor};
use wo_input::VideoItem;
use wo_record::{Nearest, UNCLEAR, Verdict, Video};

use crate::predict::{name_of, said_of};
use crate::watched::{Watched, keep_spread};
use crate::worst::{Twin, small_jpegs};

/// A training video as the model sees it.
#[derive(Debug)]
pub(crate) struct TrainedOn {
    video: Video,
    /// `[frames, width]`, each of length one.
    features: Tensor,
    /// The index and time of each frame.
    frames: Vec<(u32, Option<f64>)>,
    /// The frames as small JPEGs, where they may be shown.
    pictures: Vec<Vec<u8>>,
}

/// The frame of a training video that is most like a verdict's evidence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Likest<'a> {
    video: &'a TrainedOn,
    place: usize,
    /// The cosine of the two.
    similarity: f64,
}

impl TrainedOn {
    /// Of a long video some frames are enough, evenly spread. `None` without one that loads.
    pub(crate) fn new(mut item: VideoItem, judge: &Judge, is_shown: bool) -> Option<Self> {
        keep_spread(&mut item.frames);
        // Nobody asks who moves in it.
        let watched = Watched::of(item, judge, false);
        let frames = watched.frames().into_iter().map(|it| &it.frame);
        let shown = if is_shown { watched.pictures() } else { &[] };
        Some(Self {
            frames: frames.map(|it| (it.index, it.pts_ms)).collect(),
            pictures: small_jpegs(shown),
            features: watched.features?,
            video: watched.item.video,
        })
    }

    fn likest(&self, evidence: &Tensor) -> Likest<'_> {
        let similarities = self.features.matmul(evidence).to_kind(Kind::Double);
        let place = similarities.argmax(0, false).int64_value(&[]);
        Likest {
            video: self,
            place: place as usize,
            similarity: similarities.double_value(&[place]),
        }
    }
}

/// The training video of the same exercise and another label that is most like the features of the evidence.
pub(crate) fn likest_of_another_label<'a>(
    trained_on: &'a [TrainedOn],
    verdict: &Verdict,
    evidence: &Tensor,
) -> Option<Likest<'a>> {
    let said = said_of(verdict);
    trained_on
        .iter()
        .filter(|it| it.video.exercise.as_ref() == Some(&verdict.exercise))
        .filter(|it| {
            let label = it.video.label.as_ref();
            label.is_some_and(|label| label != said && label.as_str() != UNCLEAR)
        })
        .map(|it| it.likest(evidence))
        .reduce(|best, next| {
            if next.similarity > best.similarity {
                next
            } else {
                best
            }
        })
}

impl Likest<'_> {
    /// As a verdict names it.
    pub(crate) fn named(&self) -> Nearest {
        let TrainedOn { video, frames, .. } = self.video;
        Nearest {
            video_id: video.video_id.clone(),
            path: video.path.clone(),
            label: video.label.clone().unwrap_or_default(),
            index: frames.get(self.place).map_or(0, |(index, _)| *index),
            similarity: self.similarity,
        }
    }

    /// As the report shows it; `None` where it may not be shown.
    pub(crate) fn shown(&self) -> Option<Twin> {
        let TrainedOn {
            video,
            frames,
            pictures,
            ..
        } = self.video;
        Some(Twin {
            name: name_of(video),
            label: video.label.clone().unwrap_or_default(),
            pts_ms: frames.get(self.place).and_then(|(_, pts_ms)| *pts_ms),
            picture: pictures.get(self.place)?.clone(),
            similarity: self.similarity,
        })
    }
}
