//! What training and evaluation say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AbstainReason, Name, Predictor, RecordPath, finite};

/// Figures of one moment of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metric {
    /// The epoch, from 1; 0 before the first.
    pub epoch: u32,
    /// Optimiser steps taken so far.
    pub step: u64,
    /// The figures by name, such as `train_loss` or `validation_balanced_accuracy`.
    #[serde(serialize_with = "finite::map")]
    pub values: BTreeMap<String, f64>,
}

/// A model that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Model {
    /// The file or directory.
    pub path: RecordPath,
    /// BLAKE3 of the weights, in hexadecimal.
    pub model_id: String,
    /// How many parameters it has.
    pub n_parameters: u64,
    /// What it was initialised from.
    pub init: String,
}

/// The frame that speaks most for a verdict.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Its index.
    pub index: u32,
    /// Its time in the video, in milliseconds.
    #[serde(serialize_with = "finite::option")]
    pub pts_ms: Option<f64>,
    /// The probability of the verdict's label on this frame alone.
    #[serde(serialize_with = "finite::one")]
    pub probability: f64,
    /// How far its repetition is, as in its `frame` record. Absent where that says nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub phase: Option<f64>,
}

/// What a model says of one video.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The more probable label; `unclear` where the model is not sure enough, or cannot see enough.
    pub label: Name,
    /// Its probability.
    #[serde(serialize_with = "finite::one")]
    pub probability: f64,
    /// The more probable exercise.
    pub exercise: Name,
    /// Its probability.
    #[serde(serialize_with = "finite::one")]
    pub exercise_probability: f64,
    /// The most probable faults where the label is `bad_form`; none where it is `unclear`.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// The frame that speaks most for the label.
    pub evidence: Evidence,
    /// How many frames were looked at.
    pub n_frames: u32,
    /// The label that the video came with.
    #[serde(default)]
    pub true_label: Option<Name>,
    /// The exercise that the video came with.
    #[serde(default)]
    pub true_exercise: Option<Name>,
    /// True when the model was trained or chosen on this video, on its group, or on the same pictures under another name.
    #[serde(default)]
    pub seen: bool,
    /// Why it is `unclear`: `low_confidence`, `unknown_exercise`, `person_cut_off`, `too_blurry` or `too_dark`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reasons: Vec<AbstainReason>,
    /// What the label would be otherwise, where it is `unclear`.
    #[serde(default)]
    pub leaning: Option<Name>,
    /// Where the frames are that decide it, in milliseconds from the start: the most telling one and those right before and
    /// after it that speak for the label at least half as much, without a gap.
    #[serde(default)]
    pub span_ms: Option<(f64, f64)>,
    /// The training video with another label of the same exercise that is most like the evidence at the same phase, where
    /// training videos were given.
    #[serde(default)]
    pub nearest_other: Option<Nearest>,
}

/// A video that looks alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Nearest {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// Its label.
    pub label: Name,
    /// The index of its frame that is most like the evidence: of those at the same phase (within an eighth of a repetition)
    /// where both videos say their phases, else of all.
    pub index: u32,
    /// How far that frame's repetition is. Absent where nothing is said of it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub phase: Option<f64>,
    /// The cosine of the two frames' features.
    #[serde(serialize_with = "finite::one")]
    pub similarity: f64,
}

/// What a model that has not seen a video says of it: what an evaluation is made of.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Prediction {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// What a split keeps together: `person:…`, `source:…` or `video:…`.
    pub group: String,
    /// Its true exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// Its true label.
    #[serde(default)]
    pub label: Option<Name>,
    /// The probability of each label; together at most 1. Where that of `unclear` is above all others, the video is
    /// refused.
    #[serde(serialize_with = "finite::map")]
    pub labels: BTreeMap<Name, f64>,
    /// The probability of each exercise.
    #[serde(default, serialize_with = "finite::map")]
    pub exercises: BTreeMap<Name, f64>,
    /// The faults that it shows, where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Name>,
    /// The faults that the model predicts. Older versions wrote `said_faults`.
    #[serde(default, alias = "said_faults", skip_serializing_if = "Vec::is_empty")]
    pub predicted_faults: Vec<Name>,
    /// Which of the models of a cross-validation said it, from 1.
    #[serde(default)]
    pub fold: Option<u32>,
    /// True when the model was trained or chosen on the video or its group.
    #[serde(default)]
    pub seen: bool,
}

/// One figure of an evaluation with its 95 % interval.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Score {
    /// What was predicted: `label` or `exercise`.
    pub task: String,
    /// Who predicted: `model`, or a baseline such as `majority` or `duration_only`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub by: Predictor,
    /// `video` or `frame`.
    pub unit: String,
    /// `all`, or the exercise.
    pub scope: String,
    /// The figure's name, such as `balanced_accuracy`.
    pub name: String,
    /// The class it is about, for figures of one class.
    #[serde(default)]
    pub class: Option<Name>,
    /// The figure; absent where it is not defined, such as the recall of a class without videos.
    #[serde(serialize_with = "finite::option")]
    pub value: Option<f64>,
    /// Lower end of the interval from a bootstrap over groups. Of a precision, recall or F1 on which all groups agree the
    /// bootstrap knows none, and it is that of the rule of three.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// Lower end of the interval that is corrected for bias and skewness (BCa): of figures near 0 or 1 the better one.
    #[serde(default, serialize_with = "finite::option")]
    pub bca_low: Option<f64>,
    /// Its upper end.
    #[serde(default, serialize_with = "finite::option")]
    pub bca_high: Option<f64>,
    /// The smallest difference that this many groups would show in four of five evaluations.
    #[serde(default, serialize_with = "finite::option")]
    pub detectable: Option<f64>,
    /// How many units it rests on: of a recall those of the class, of a precision those said to be of it, of an F1 both.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
}

/// How often each true class was taken for each class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Confusion {
    /// What was predicted: `label` or `exercise`.
    pub task: String,
    /// `video` or `frame`.
    pub unit: String,
    /// `all`, or the exercise.
    pub scope: String,
    /// The classes, in the order of rows and columns.
    pub classes: Vec<Name>,
    /// A row for each true class, a column for each predicted one.
    pub counts: Vec<Vec<u64>>,
}
