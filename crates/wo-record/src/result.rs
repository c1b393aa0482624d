//! Results of training and evaluation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AbstainReason, Group, Name, Predictor, RecordPath, finite};

/// The code of a caution: the base model has only seen drawn lifters, and the frames are photographs.
pub const DRAWN_BASE: &str = "drawn_base";

/// What a training run started from, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base {
    /// The base model: a built-in model, a path, or a repository on the Hub.
    pub init: String,
    /// The commit of a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Who chose it and why, in words.
    pub why: String,
    /// The base model that was wanted, where it could not be had and another one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// What to keep in mind with every metric of the model, as a code: `drawn_base`. Absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// Metrics of a training run at one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metric {
    /// The epoch, from 1; 0 before the first.
    pub epoch: u32,
    /// Optimiser steps taken so far.
    pub step: u64,
    /// The metrics by name, such as `train_loss` or `validation_balanced_accuracy`.
    #[serde(serialize_with = "finite::map")]
    pub values: BTreeMap<String, f64>,
    /// What to keep in mind with it, as a code: `drawn_base`, since the base model of the model has only seen drawn lifters and
    /// its training frames are photographs. Absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
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
    /// The base model.
    pub init: String,
}

/// The frame with the strongest evidence for a verdict.
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
    /// The phase of its repetition, as in its `frame` record. Absent if unknown.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub phase: Option<f64>,
}

/// The prediction of a model for one video.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The more probable label; `unclear` if the model abstains.
    pub label: Name,
    /// Its probability.
    #[serde(serialize_with = "finite::one")]
    pub probability: f64,
    /// The more probable exercise.
    pub exercise: Name,
    /// Its probability.
    #[serde(serialize_with = "finite::one")]
    pub exercise_probability: f64,
    /// The most probable faults if the label is `bad_form`; empty if it is `unclear`.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// The frame with the strongest evidence for the label.
    pub evidence: Evidence,
    /// How many frames the model saw.
    pub n_frames: u32,
    /// The true label, if the input has one.
    #[serde(default)]
    pub true_label: Option<Name>,
    /// The true exercise, if the input has one.
    #[serde(default)]
    pub true_exercise: Option<Name>,
    /// True when the model was trained or chosen on this video, on its group, or on the same images under another name.
    #[serde(default)]
    pub seen: bool,
    /// The video that the model was trained or chosen on and whose images these are, mirrored, cropped or cut perhaps: its
    /// name if the input has it, else its id. Absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_duplicate_of: Option<String>,
    /// Why it is `unclear`: `no_threshold`, `low_confidence`, `unknown_exercise`, `person_cut_off`, `too_blurry` or `too_dark`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reasons: Vec<AbstainReason>,
    /// The more probable label if the model abstains.
    #[serde(default)]
    pub leaning: Option<Name>,
    /// The time of the frames that decide it, in milliseconds: the evidence and its neighbours with at least half its evidence,
    /// without a gap.
    #[serde(default)]
    pub span_ms: Option<(f64, f64)>,
    /// The training video of the same exercise with another label that is nearest to the evidence at the same phase. Absent
    /// without training videos.
    #[serde(default)]
    pub nearest_other: Option<Nearest>,
    /// What to keep in mind with it, as a code: `drawn_base`, since the base model of the model has only seen drawn lifters and
    /// its training frames are photographs. Absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// A nearest training video.
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
    /// The index of its frame that is nearest to the evidence: at the same phase (within an eighth of a repetition) if both
    /// videos have phases, else of all frames.
    pub index: u32,
    /// The phase of that frame's repetition. Absent if unknown.
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

/// The prediction for a held-out video, the input of an evaluation.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Prediction {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The group that a split keeps together: `person:…`, `source:…` or `video:…`. Of any other text, and without one,
    /// nobody knows who is in the video.
    #[serde(default)]
    pub group: String,
    /// Its person and its source. Absent if only `group` is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub keys: Vec<Group>,
    /// What joins it to other videos: those of its `keys` that groups are made by, and what training videos join to these.
    /// Absent means its `keys`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub joining: Vec<Group>,
    /// The persons and sources of it that the model has seen although the video is held out: groups are not made by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub seen_keys: Vec<Group>,
    /// Its true exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// Its true label.
    #[serde(default)]
    pub label: Option<Name>,
    /// The probability of each label; together at most 1. If `unclear` has the largest one, the model
    /// abstains.
    #[serde(serialize_with = "finite::map")]
    pub labels: BTreeMap<Name, f64>,
    /// The probability of each exercise.
    #[serde(default, serialize_with = "finite::map")]
    pub exercises: BTreeMap<Name, f64>,
    /// Its true faults, if known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Name>,
    /// The predicted faults. Older versions wrote `said_faults`.
    #[serde(default, alias = "said_faults", skip_serializing_if = "Vec::is_empty")]
    pub predicted_faults: Vec<Name>,
    /// Why the model abstains, as in a verdict. Absent where it does not, or where that is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reasons: Vec<AbstainReason>,
    /// The number of the cross-validation model that predicted it, from 1.
    #[serde(default)]
    pub fold: Option<u32>,
    /// True when the model was trained or chosen on the video or its group. Absent if unknown.
    #[serde(default)]
    pub seen: Option<bool>,
}

/// One metric of an evaluation with its 95 % confidence interval.
// More than 12 fields: a record on the wire is flat.
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
    /// The metric's name, such as `balanced_accuracy`.
    pub name: String,
    /// The class, for metrics of one class.
    #[serde(default)]
    pub class: Option<Name>,
    /// The value; absent if it is not defined, such as the recall of a class without videos.
    #[serde(serialize_with = "finite::option")]
    pub value: Option<f64>,
    /// Lower end of the 95 % confidence interval over groups. Absent if a class has samples in fewer than two groups.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// Lower end of the interval that is corrected for bias and skewness (BCa); better for values near 0 or 1.
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
    /// How many equal groups say as much, (Σn)²/Σn² of the groups' sizes; of metrics of several classes, of the class that has
    /// the fewest.
    #[serde(default, serialize_with = "finite::option")]
    pub effective_groups: Option<f64>,
    /// What to keep in mind with it, as a code: `drawn_base`, since the base model of the model has only seen drawn lifters and
    /// its training frames are photographs. Absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// How often each true class was predicted as each class.
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
