//! Predicts the verdict of one video.

use std::collections::BTreeSet;

use image::RgbImage;
use wo_clip::{FrameScores, Judge};
use wo_input::{FrameItem, VideoItem};
use wo_record::{AbstainReason, Evidence, Failure, Name, UNCLEAR, Verdict, Video, group_of};

use crate::judge::abstain::{Limits, WithoutThreshold, abstain};
use crate::judge::decoded_video::DecodedVideo;
use crate::judge::evidence::{EvidenceFrame, span};
use crate::judge::facts::Facts;
use crate::judge::label_space::{LabelSpace, most_probable};
use crate::judge::perturb::{Wording, perturbed};
use crate::judge::prediction::{FramePrediction, GroundTruth, Prediction};
use crate::judge::provenance::Provenance;
use crate::judge::region_features::{RegionFeatures, SeenImages};

/// A judged video with its images.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The record.
    pub(crate) verdict: Verdict,
    /// The prediction.
    pub(crate) prediction: Prediction,
    /// The evidence frame.
    pub(crate) evidence: EvidenceFrame,
    /// Images to show, the evidence among them.
    pub(crate) images: Vec<RgbImage>,
    /// Their times, in milliseconds.
    pub(crate) times_ms: Vec<Option<f64>>,
    /// The place of the evidence among the images.
    pub(crate) evidence_idx: usize,
    /// How many frames do not load.
    pub(crate) n_bad_frames: u64,
    /// The warning about them.
    pub(crate) warning: Option<String>,
}

impl Judged {
    /// Whether the verdict is right; `None` without a true label, or if the model abstains on this video. Of a model that
    /// abstains on all, for want of a threshold, the best guess is right or wrong.
    pub(crate) fn is_right(&self) -> Option<bool> {
        let is_told = self.verdict.label.as_str() != UNCLEAR
            || self.verdict.reasons == [AbstainReason::NoThreshold];
        self.prediction.is_right().filter(|_| is_told)
    }

    /// Marks it as seen in training.
    pub(crate) fn mark_seen(&mut self) {
        self.verdict.seen = true;
        self.prediction.seen = true;
    }
}

/// What is computed beside the verdict.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PredictOptions<'a> {
    /// Features of image regions, for the audit.
    pub(crate) regions: bool,
    /// The wordings for the robustness test, if wanted.
    pub(crate) changes: Option<&'a [Wording]>,
    /// Whether there are verdicts of a model without an abstention threshold.
    pub(crate) without_threshold: WithoutThreshold,
}

/// Judges a video by the frames that load. A video without one is a failure.
pub(crate) fn predict(
    item: VideoItem,
    judge: &Judge,
    space: &LabelSpace,
    options: PredictOptions<'_>,
) -> Result<Judged, Failure> {
    let trust = judge.manifest().trust.as_ref();
    let mut decoded = DecodedVideo::of(item, judge);
    if trust.is_some() || options.regions {
        decoded.find_person();
    }
    let (video, frames) = (&decoded.item.video, decoded.frames());
    let features = decoded.features.as_ref();
    let made = features.and_then(|features| {
        let scores = judge.score_features(features);
        let verdict = verdict_of(video, &frames, &scores, space)?;
        Some((features, verdict))
    });
    let (features, (mut verdict, mut prediction, evidence_idx)) =
        made.ok_or_else(|| decoded.no_image())?;
    prediction.facts = Facts::of(video, &frames, decoded.images());
    prediction.set_provenance(Provenance::of(video, judge.manifest()));
    let person = decoded.person.as_ref();
    if let Some(trust) = trust {
        prediction.calibrated = trust.calibrated(&prediction.labels);
        verdict.probability = prediction.confidence();
    }
    let limits = Limits {
        trust,
        without_threshold: options.without_threshold,
        n_exercises: space.exercises.len(),
    };
    prediction.reasons = limits.reasons(&prediction, person);
    abstain(&mut verdict, &prediction.reasons);
    prediction.regions = options
        .regions
        .then(|| RegionFeatures::of(judge, seen_images(&decoded), features));
    if let Some(wordings) = options.changes {
        prediction.perturbed = perturbed(judge, space, &decoded, features, wordings);
    }
    let evidence = EvidenceFrame {
        features: features.get(evidence_idx as i64).copy(),
        phase: verdict.evidence.phase,
    };
    let (n_bad_frames, warning) = (decoded.n_bad(), decoded.warning());
    let (images, times_ms, evidence_idx) = decoded.shown_with(evidence_idx);
    Ok(Judged {
        verdict,
        prediction,
        evidence,
        images,
        times_ms,
        evidence_idx,
        n_bad_frames,
        warning,
    })
}

fn seen_images(decoded: &DecodedVideo) -> SeenImages<'_> {
    SeenImages {
        images: decoded.images(),
        still: decoded.still(),
        person: decoded.person.as_ref(),
    }
}

/// The verdict, the prediction, and the place of the evidence frame. `None` without frames or classes.
fn verdict_of(
    video: &Video,
    frames: &[&FrameItem],
    scores: &FrameScores,
    space: &LabelSpace,
) -> Option<(Verdict, Prediction, usize)> {
    let top = space.top(&scores.video)?;
    let of_label: Vec<f64> = scores
        .frames
        .iter()
        .map(|scores| space.label_probability(scores, top.label))
        .collect();
    let (evidence_idx, probability) = most_probable(of_label.iter().copied())?;
    let evidence = &frames.get(evidence_idx)?.frame;
    let chance = 1.0 / space.labels.len().max(1) as f64;
    let verdict = Verdict {
        video_id: video.video_id.clone(),
        path: video.path.clone(),
        label: space.labels.get(top.label)?.clone(),
        probability: top.label_probability,
        exercise: space.exercises.get(top.exercise)?.clone(),
        exercise_probability: top.exercise_probability,
        faults: space.faults(&scores.video, top).to_vec(),
        evidence: Evidence {
            index: evidence.index,
            pts_ms: evidence.pts_ms,
            probability,
            phase: evidence.phase,
        },
        n_frames: frames.len() as u32,
        true_label: video.label.clone(),
        true_exercise: video.exercise.clone(),
        span_ms: span(frames, &of_label, evidence_idx, chance),
        ..Verdict::default()
    };
    let labels = space.label_probabilities(&scores.video);
    let prediction = Prediction {
        video_id: video.video_id.clone(),
        path: video.path.clone(),
        calibrated: labels.clone(),
        labels,
        exercises: space.exercise_probabilities(&scores.video),
        faults: faults_of(frames),
        predicted_faults: verdict.faults.clone(),
        fold: None,
        reasons: Vec::new(),
        facts: Facts::default(),
        regions: None,
        perturbed: Vec::new(),
        provenance: Provenance::default(),
        group: group_of(video),
        seen: false,
        duration_ms: video.duration_ms,
        ground_truth: GroundTruth::of(video, space),
        top,
        frames: frame_predictions(video, frames, scores, space)?,
    };
    Some((verdict, prediction, evidence_idx))
}

/// The top prediction of each frame beside its own label, else that of the video. `None` without classes.
fn frame_predictions(
    video: &Video,
    frames: &[&FrameItem],
    scores: &FrameScores,
    space: &LabelSpace,
) -> Option<Vec<FramePrediction>> {
    let of_frame = |(item, scores): (&&FrameItem, &Vec<f64>)| {
        let label = item.frame.label.as_ref().or(video.label.as_ref());
        Some(FramePrediction {
            true_label: label.and_then(|label| space.label(label)),
            top: space.top(scores)?,
        })
    };
    frames.iter().zip(&scores.frames).map(of_frame).collect()
}

/// The true faults of the frames.
fn faults_of(frames: &[&FrameItem]) -> Vec<Name> {
    let all: BTreeSet<&Name> = frames.iter().flat_map(|it| &it.frame.faults).collect();
    all.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, frame};

    #[test]
    fn the_evidence_is_the_frame_that_speaks_most_for_the_label() {
        let space = LabelSpace::new(&classes());
        let video = Video {
            video_id: "v".to_owned(),
            person_id: Some("p".to_owned()),
            exercise: Some("squat".into()),
            label: Some("good_form".into()),
            ..Video::default()
        };
        let frames = [
            frame(3, None),
            frame(7, Some("bad_form")),
            frame(9, Some("unclear")),
        ];
        let scores = FrameScores {
            frames: vec![
                vec![0.5, 0.25, 0.25, 0.0, 0.0],
                vec![0.25, 0.5, 0.125, 0.0, 0.125],
                vec![1.0, 0.0, 0.0, 0.0, 0.0],
            ],
            video: vec![0.25, 0.5, 0.25, 0.0, 0.0],
        };
        let frames: Vec<&FrameItem> = frames.iter().collect();
        let (verdict, prediction, idx) = verdict_of(&video, &frames, &scores, &space).unwrap();
        assert_eq!(verdict.label.as_str(), "bad_form");
        assert_eq!(verdict.faults, ["knees_cave".into()]);
        assert_eq!(
            verdict.evidence,
            Evidence {
                index: 7,
                pts_ms: Some(700.0),
                probability: 0.75,
                phase: None,
            }
        );
        assert_eq!((idx, verdict.n_frames), (1, 3));
        assert_eq!(prediction.is_right(), Some(false));
        // The video's label, its own label, and none, since `unclear` is neither right nor wrong.
        let truths: Vec<_> = prediction
            .frames
            .iter()
            .map(|frame| frame.true_label)
            .collect();
        assert_eq!(truths, [Some(1), Some(0), None]);
        assert_eq!(prediction.group.as_str(), "person:p");
    }

    #[test]
    fn no_frames_no_verdict() {
        let scores = FrameScores {
            frames: Vec::new(),
            video: vec![1.0; 5],
        };
        assert_eq!(
            verdict_of(
                &Video::default(),
                &[],
                &scores,
                &LabelSpace::new(&classes()),
            ),
            None
        );
    }
}
