//! Made-up classes and predictions that the tests of this crate share.

use std::path::PathBuf;

use image::{Rgb, RgbImage};
use wo_clip::{Class, Split, SplitVideo};
use wo_input::FrameItem;
use wo_record::{AbstainReason, Frame, Group, Image};

use crate::judge::facts::Facts;
use crate::judge::label_space::{LabelSpace, TopPrediction};
use crate::judge::prediction::{FramePrediction, GroundTruth, Prediction};
use crate::judge::provenance::Provenance;
use crate::score::evaluate::{Baselines, evaluate};
use crate::score::evaluation::Evaluation;
use crate::score::key::Whole;

/// Squats good, with caving knees and with a rounded back; rows good and with a rounded back.
pub(crate) fn classes() -> Vec<Class> {
    let class = |exercise: &str, label: &str, faults: &[&str]| Class {
        exercise: exercise.into(),
        label: label.into(),
        faults: faults.iter().map(|&fault| fault.into()).collect(),
    };
    vec![
        class("squat", "good_form", &[]),
        class("squat", "bad_form", &["knees_cave"]),
        class("squat", "bad_form", &["rounded_back"]),
        class("row", "good_form", &[]),
        class("row", "bad_form", &["rounded_back"]),
    ]
}

/// A squat (exercise 1) of a person; label 0 is bad form, 1 good. Its two frames have the video's prediction.
pub(crate) fn squat(person: usize, truth: usize, predicted: usize, duration_ms: f64) -> Prediction {
    let top = TopPrediction {
        label: predicted,
        label_probability: 0.75,
        exercise: 1,
        exercise_probability: 0.5,
    };
    let mut labels = vec![0.25; 2];
    labels[predicted] = 0.75;
    Prediction {
        video_id: format!("{person:03}-{truth}"),
        path: None,
        calibrated: labels.clone(),
        labels,
        exercises: vec![0.5, 0.5],
        faults: Vec::new(),
        predicted_faults: Vec::new(),
        fold: None,
        reasons: Vec::new(),
        facts: Facts::default(),
        regions: None,
        perturbed: Vec::new(),
        group: Group::of_video_id(&format!("{person:03}")),
        provenance: Provenance {
            keys: ["person:p", "source:s"].map(Group::of_text).to_vec(),
            is_seen_known: true,
            ..Provenance::default()
        },
        seen: false,
        duration_ms: Some(duration_ms),
        ground_truth: GroundTruth::Scored {
            label: truth,
            exercise: Some(1),
        },
        top,
        frames: vec![
            FramePrediction {
                true_label: Some(truth),
                top
            };
            2
        ],
    }
}

/// Training videos: three short bad squats, two long good ones.
pub(crate) fn training() -> Vec<SplitVideo> {
    let data = [
        (1000.0, "bad_form"),
        (1100.0, "bad_form"),
        (1200.0, "bad_form"),
        (3000.0, "good_form"),
        (4000.0, "good_form"),
    ];
    data.iter()
        .enumerate()
        .map(|(idx, (duration_ms, label))| {
            let id = format!("train{idx}");
            let group = Group::of_video_id(&id);
            SplitVideo {
                duration_ms: Some(*duration_ms),
                ..SplitVideo::new(id, group, Split::Train, "squat".into(), (*label).into())
            }
        })
        .collect()
}

pub(crate) fn evaluated(predictions: &[Prediction]) -> Evaluation {
    evaluated_as(predictions, Whole::HeldOut)
}

pub(crate) fn evaluated_as(predictions: &[Prediction], whole: Whole) -> Evaluation {
    let space = LabelSpace::new(&classes());
    let baselines = Baselines::fit(&training(), &space);
    let predictions: Vec<&Prediction> = predictions.iter().collect();
    evaluate(&predictions, &space, &baselines, whole, 0)
}

/// A frame of the video `v`, ten to a second, without an image.
pub(crate) fn frame(index: u32, label: Option<&str>) -> FrameItem {
    let frame = Frame {
        video_id: "v".to_owned(),
        index,
        pts_ms: Some(f64::from(index) * 100.0),
        width_px: None,
        height_px: None,
        image: Image::Inline {
            jpeg_base64: String::new(),
        },
        exercise: None,
        label: label.map(Into::into),
        label_origin: None,
        faults: Vec::new(),
        description: None,
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    };
    FrameItem {
        frame,
        base: PathBuf::new(),
        span: None,
    }
}

/// Forty persons with a video each; one in four is judged wrong, and with less confidence.
pub(crate) fn less_sure_when_wrong() -> Vec<Prediction> {
    (0..40)
        .map(|person| {
            let is_wrong = person % 4 == 0;
            let mut video = squat(person, 0, usize::from(is_wrong), 1000.0);
            let sure = if is_wrong { 0.6 } else { 0.9 };
            video.calibrated = if is_wrong {
                vec![1.0 - sure, sure]
            } else {
                vec![sure, 1.0 - sure]
            };
            video.labels = video.calibrated.clone();
            if is_wrong {
                video.reasons = vec![AbstainReason::LowConfidence];
            }
            video
        })
        .collect()
}

/// A frame of a room full of things, in which a lifter stands at one of 20 places.
pub(crate) fn lift_at(place: u32) -> RgbImage {
    RgbImage::from_fn(320, 180, |x, y| {
        let is_lifter = (16 * place..16 * place + 16).contains(&x) && (60..150).contains(&y);
        let (a, b) = (x / 20, y / 18);
        let thing = (37 * a * a + 61 * b * b + 23 * a * b + 7 * a) % 160;
        Rgb(if is_lifter {
            [255; 3]
        } else {
            [thing as u8; 3]
        })
    })
}
