//! The training videos as the model sees them, to find the nearest one of another label.

use wo_clip::Judge;
use wo_clip::tch::{Kind, Tensor};
use wo_input::VideoItem;
use wo_record::{Name, Nearest, UNCLEAR, Verdict, Video};

use crate::judge::abstain::label_or_leaning;
use crate::judge::decoded_video::{DecodedVideo, keep_spread};
use crate::judge::evidence::EvidenceFrame;
use crate::judge::thumbnail::small_jpegs;
use crate::judge::video_name::name_of;

/// How far apart the phases of two frames may be, in repetitions.
const SAME_PHASE: f64 = 0.125;

/// A training video with its features.
#[derive(Debug)]
pub(crate) struct TrainedOn {
    video: Video,
    /// `[frames, width]`, each of length one.
    features: Tensor,
    frames: Vec<Frame>,
    /// Thumbnails, if they are shown.
    images: Vec<Vec<u8>>,
}

/// Whether thumbnails of training videos are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thumbnails {
    Keep,
    Drop,
}

/// A frame of a training video.
#[derive(Debug)]
struct Frame {
    index: u32,
    pts_ms: Option<f64>,
    phase: Option<f64>,
}

/// The training frame most similar to a verdict's evidence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearestMatch<'a> {
    video: &'a TrainedOn,
    frame: &'a Frame,
    /// Its place among those of the video.
    place: usize,
    /// The cosine of the two.
    similarity: f64,
}

/// A training frame beside a mistake.
#[derive(Debug)]
pub(crate) struct NearestTrainingFrame {
    pub(crate) name: String,
    pub(crate) label: Name,
    pub(crate) pts_ms: Option<f64>,
    /// A thumbnail of its most similar frame.
    pub(crate) image: Vec<u8>,
    pub(crate) similarity: f64,
}

impl TrainedOn {
    /// Features of evenly spread frames. `None` if no frame loads.
    pub(crate) fn new(mut item: VideoItem, judge: &Judge, thumbnails: Thumbnails) -> Option<Self> {
        keep_spread(&mut item.frames);
        let decoded = DecodedVideo::of(item, judge);
        let frames = decoded.frames().into_iter().map(|it| &it.frame);
        let shown = match thumbnails {
            Thumbnails::Keep => decoded.images(),
            Thumbnails::Drop => &[],
        };
        Some(Self {
            frames: frames.map(Frame::of).collect(),
            images: small_jpegs(shown),
            features: decoded.features?,
            video: decoded.item.video,
        })
    }

    /// The most similar frame at the same phase. `None` if there is none.
    fn nearest_match(&self, evidence: &EvidenceFrame) -> Option<NearestMatch<'_>> {
        let similarities = self.features.matmul(&evidence.features);
        let similarities: Vec<f64> = Vec::try_from(similarities.to_kind(Kind::Double)).ok()?;
        let frames = self.frames.iter().enumerate().zip(similarities);
        frames
            .filter(|((_, frame), _)| is_same_phase(frame.phase, evidence.phase))
            .map(|((place, frame), similarity)| NearestMatch {
                video: self,
                frame,
                place,
                similarity,
            })
            .reduce(more_similar)
    }
}

impl Frame {
    fn of(frame: &wo_record::Frame) -> Self {
        Self {
            index: frame.index,
            pts_ms: frame.pts_ms,
            phase: frame.phase,
        }
    }
}

/// Whether two frames have the same phase; true if one is unknown. A repetition's end is the start of the next.
fn is_same_phase(a: Option<f64>, b: Option<f64>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return true;
    };
    let apart = (a - b).rem_euclid(1.0);
    apart.min(1.0 - apart) <= SAME_PHASE
}

/// The more similar one; the first of equal ones.
fn more_similar<'a>(best: NearestMatch<'a>, next: NearestMatch<'a>) -> NearestMatch<'a> {
    if next.similarity > best.similarity {
        next
    } else {
        best
    }
}

/// The most similar frame of a training video with the same exercise and another label.
pub(crate) fn nearest_of_another_label<'a>(
    trained_on: &'a [TrainedOn],
    verdict: &Verdict,
    evidence: &EvidenceFrame,
) -> Option<NearestMatch<'a>> {
    let predicted = label_or_leaning(verdict);
    trained_on
        .iter()
        .filter(|it| it.video.exercise.as_ref() == Some(&verdict.exercise))
        .filter(|it| {
            let label = it.video.label.as_ref();
            label.is_some_and(|label| label != predicted && label.as_str() != UNCLEAR)
        })
        .filter_map(|it| it.nearest_match(evidence))
        .reduce(more_similar)
}

impl NearestMatch<'_> {
    /// As a record.
    pub(crate) fn named(&self) -> Nearest {
        let video = &self.video.video;
        Nearest {
            video_id: video.video_id.clone(),
            path: video.path.clone(),
            label: video.label.clone().unwrap_or_default(),
            index: self.frame.index,
            phase: self.frame.phase,
            similarity: self.similarity,
        }
    }

    /// As the page shows it; `None` without a thumbnail.
    pub(crate) fn shown(&self) -> Option<NearestTrainingFrame> {
        let TrainedOn { video, images, .. } = self.video;
        Some(NearestTrainingFrame {
            name: name_of(video),
            label: video.label.clone().unwrap_or_default(),
            pts_ms: self.frame.pts_ms,
            image: images.get(self.place)?.clone(),
            similarity: self.similarity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained_on(video_id: &str, label: &str, frames: &[(f32, Option<f64>)]) -> TrainedOn {
        let features: Vec<f32> = frames.iter().flat_map(|it| [it.0, 0.0]).collect();
        let frame = |(index, frame): (u32, &(f32, Option<f64>))| Frame {
            index,
            pts_ms: None,
            phase: frame.1,
        };
        TrainedOn {
            video: Video {
                video_id: video_id.to_owned(),
                exercise: Some("squat".into()),
                label: Some(label.into()),
                ..Video::default()
            },
            features: Tensor::from_slice(&features).view([-1, 2]),
            frames: (0..).zip(frames).map(frame).collect(),
            images: Vec::new(),
        }
    }

    fn nearest(trained_on: &[TrainedOn], phase: Option<f64>) -> Option<(String, u32)> {
        let verdict = Verdict {
            label: "good_form".into(),
            exercise: "squat".into(),
            ..Verdict::default()
        };
        let evidence = EvidenceFrame {
            features: Tensor::from_slice(&[1.0_f32, 0.0]),
            phase,
        };
        let nearest = nearest_of_another_label(trained_on, &verdict, &evidence)?.named();
        Some((nearest.video_id, nearest.index))
    }

    #[test]
    fn a_verdict_is_held_against_the_same_phase() {
        let all = [
            trained_on("same label", "good_form", &[(1.0, Some(0.5))]),
            trained_on("no label", "unclear", &[(1.0, Some(0.5))]),
            trained_on(
                "bad",
                "bad_form",
                &[
                    (0.9, Some(0.0)),
                    (0.3, Some(0.45)),
                    (0.2, Some(0.6)),
                    (0.8, Some(0.8)),
                ],
            ),
        ];
        let at = |phase| nearest(&all, phase).map(|(_, index)| index);
        assert_eq!(at(Some(0.5)), Some(1));
        assert_eq!(
            at(Some(0.7)),
            Some(3),
            "0.6 is nearer in time, not in looks"
        );
        assert_eq!(at(Some(0.95)), Some(0), "the end is the start of the next");
        assert_eq!(at(Some(0.25)), None, "it shows nothing of that phase");
        assert_eq!(at(None), Some(0), "any, where the phase is not known");
    }

    #[test]
    fn videos_that_say_no_phase_are_held_against_all_the_same() {
        let all = [
            trained_on("phases", "bad_form", &[(0.9, Some(0.0)), (0.3, Some(0.5))]),
            trained_on("none", "bad_form", &[(0.1, None), (0.6, None)]),
        ];
        assert_eq!(nearest(&all, Some(0.5)), Some(("none".to_owned(), 1)));
        assert_eq!(nearest(&all, Some(0.0)), Some(("phases".to_owned(), 0)));
    }
}
