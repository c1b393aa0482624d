//! Results of an evaluation beyond single metrics.

use serde::{Deserialize, Serialize};

use crate::{AuditVerdict, Name, Probe, RecordPath, SuspectReason, finite};

/// Calibration on held-out videos: whether the model is right as often as it is confident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Calibration {
    /// `all`, or the exercise.
    pub scope: String,
    /// What logits are divided by; fitted on validation videos, never on these. Absent where there is none.
    #[serde(default, serialize_with = "finite::option")]
    pub temperature: Option<f64>,
    /// How many validation groups it was fitted on.
    #[serde(default)]
    pub n_fit_groups: u64,
    /// Expected calibration error as the weights have it, in 15 bins of equal width.
    #[serde(serialize_with = "finite::option")]
    pub error_before: Option<f64>,
    /// The same with the temperature.
    #[serde(serialize_with = "finite::option")]
    pub error: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// The bars of a reliability diagram, with the temperature.
    pub bins: Vec<CalibrationBin>,
    /// How many videos.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
}

/// A bar of a reliability diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CalibrationBin {
    /// Its lower end.
    #[serde(serialize_with = "finite::one")]
    pub low: f64,
    /// Its upper end.
    #[serde(serialize_with = "finite::one")]
    pub high: f64,
    /// The mean confidence of its videos.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f64,
    /// The share of them that is right.
    #[serde(serialize_with = "finite::one")]
    pub accuracy: f64,
    /// How many they are.
    pub n: u64,
}

/// Selective prediction: risk and coverage if the model abstains below a threshold.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Selection {
    /// `all`, or the exercise.
    pub scope: String,
    /// The share of videos that may be answered and wrong. Absent where the model has no threshold.
    #[serde(default, serialize_with = "finite::option")]
    pub wanted_risk: Option<f64>,
    /// A verdict is given where the model is surer than this; else it is `unclear`.
    #[serde(default, serialize_with = "finite::option")]
    pub threshold: Option<f64>,
    /// How many validation groups the threshold rests on.
    #[serde(default)]
    pub n_fit_groups: u64,
    /// The share of these videos that gets a verdict: those that are refused for any reason do not.
    #[serde(serialize_with = "finite::option")]
    pub coverage: Option<f64>,
    /// The share of these videos that gets a wrong one. Absent if none gets a verdict.
    #[serde(serialize_with = "finite::option")]
    pub risk: Option<f64>,
    /// The share of wrong ones among the verdicts that were given; absent without any.
    #[serde(default, serialize_with = "finite::option")]
    pub answered_risk: Option<f64>,
    /// Lower end of its 95 % confidence interval over groups.
    #[serde(default, serialize_with = "finite::option")]
    pub answered_risk_low: Option<f64>,
    /// Its upper end.
    #[serde(default, serialize_with = "finite::option")]
    pub answered_risk_high: Option<f64>,
    /// The area under the curve of the share of wrong verdicts against coverage: less is better.
    #[serde(serialize_with = "finite::option")]
    pub area: Option<f64>,
    /// The accuracy where only the surest 50, 80 and 100 % are answered.
    pub accuracy_at: Vec<CoveragePoint>,
    /// The curve: coverage, and the share of wrong among the answers.
    pub curve: Vec<(f64, f64)>,
    /// How many videos.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
}

/// The accuracy at one coverage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoveragePoint {
    /// The share of videos that is answered.
    #[serde(serialize_with = "finite::one")]
    pub coverage: f64,
    /// The accuracy among them.
    #[serde(serialize_with = "finite::option")]
    pub accuracy: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
}

/// How much of the model's skill a probe has that sees no form.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Audit {
    /// What the probe sees: `duration`, `padding`, `tempo`, `exercise`, `container`, `source`, `quality`, `background`,
    /// `first_frame`, `appearance`, or `all` for the worst of them.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub probe: Probe,
    /// The videos that it was fitted to and judged on: `all`; `each_exercise` or `each_source` for a fit of its own in each;
    /// the exercise, or `source_id=` and the source.
    #[serde(default = "all")]
    pub scope: String,
    /// `pass`, `cannot_tell`, `warn`, `fail`, or `information` of the tempo.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub verdict: AuditVerdict,
    /// The probe's balanced accuracy: the mean over labels of each exercise that shows two.
    #[serde(serialize_with = "finite::option")]
    pub value: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// The model's balanced accuracy on the same videos.
    #[serde(default, serialize_with = "finite::option")]
    pub model: Option<f64>,
    /// Whether the probe is better than the model, and better than chance by its interval.
    #[serde(default)]
    pub better_than_model: bool,
    /// How probable it is that any of the probes stands out as much where labels say nothing, by the Brier score of what it
    /// says out of fold.
    #[serde(default, serialize_with = "finite::option")]
    pub p_value: Option<f64>,
    /// The balanced accuracy of the weakest shortcut that would have been found in four of five cases. Absent where none
    /// would.
    #[serde(default, serialize_with = "finite::option")]
    pub detectable: Option<f64>,
    /// The same of a shortcut in one exercise or source alone.
    #[serde(default, serialize_with = "finite::option")]
    pub detectable_in_part: Option<f64>,
    /// The part of the model's skill above chance that the probe has. Absent where the model has none beyond doubt.
    #[serde(default, serialize_with = "finite::option")]
    pub share: Option<f64>,
    /// Lower end of its interval.
    #[serde(default, serialize_with = "finite::option")]
    pub share_low: Option<f64>,
    /// Upper end.
    #[serde(default, serialize_with = "finite::option")]
    pub share_high: Option<f64>,
    /// How many videos.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
}

fn all() -> String {
    "all".to_owned()
}

/// The learning curve: the expected gain from more videos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LearningCurve {
    /// What was refitted, such as `linear_probe`.
    pub method: String,
    /// Each refit.
    pub refits: Vec<Refit>,
    /// What is expected of other numbers of videos.
    pub expected: Vec<CurvePoint>,
    /// The standard error that all refits share, since the same videos judged them.
    #[serde(serialize_with = "finite::one")]
    pub test_error: f64,
    /// How many videos judged them.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
}

/// A model that was fitted to a part of the training videos.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refit {
    /// How many training videos each label of an exercise had, on average.
    #[serde(serialize_with = "finite::one")]
    pub videos_a_class: f64,
    /// Its balanced accuracy.
    #[serde(serialize_with = "finite::one")]
    pub value: f64,
}

/// A point of a learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CurvePoint {
    /// How many training videos each label of an exercise has, on average.
    #[serde(serialize_with = "finite::one")]
    pub videos_a_class: f64,
    /// Balanced accuracy.
    #[serde(serialize_with = "finite::option")]
    pub value: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// What is commonly hoped for at this size.
    #[serde(default, serialize_with = "finite::option")]
    pub guideline: Option<f64>,
}

/// A hint which videos to collect next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollectionHint {
    /// From 1, the most wanted first.
    pub rank: u32,
    /// The exercise.
    pub exercise: Name,
    /// The label.
    pub label: Name,
    /// The fault, if it is about one.
    #[serde(default)]
    pub fault: Option<Name>,
    /// The camera angle, if angles are known.
    #[serde(default)]
    pub angle: Option<String>,
    /// How many videos of it the model was trained on.
    pub n_videos: u64,
    /// Of how many groups.
    pub n_groups: u64,
    /// How many of the videos of it that the model has not seen it judged right, as a part; absent where there were none.
    #[serde(default, serialize_with = "finite::option")]
    pub recall: Option<f64>,
    /// What ten more videos of it would add to balanced accuracy, by the learning curve: a part of the errors that were made
    /// on unseen videos. Absent without a curve, and where no unseen video has the label.
    #[serde(default, serialize_with = "finite::option")]
    pub gain: Option<f64>,
    /// Lower end of its interval.
    #[serde(default, serialize_with = "finite::option")]
    pub gain_low: Option<f64>,
    /// Upper end.
    #[serde(default, serialize_with = "finite::option")]
    pub gain_high: Option<f64>,
}

/// A video or frame that is probably labelled wrong, or there twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Suspect {
    /// The video.
    pub video_id: String,
    /// Its file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The index of the frame; absent where the whole video is meant.
    #[serde(default)]
    pub index: Option<u32>,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label that it has.
    #[serde(default)]
    pub label: Option<Name>,
    /// The label that it should have.
    #[serde(default)]
    pub suggested_label: Option<Name>,
    /// How suspicious it is, from 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub score: f64,
    /// `label` (probably wrong), `doubt` (the model would rather say another, less surely), `outlier`, `exact_duplicate` or
    /// `near_duplicate`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub reason: SuspectReason,
    /// The other video where it is there twice: its file, else its id. Absent for other reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<String>,
}

/// Two models on the same videos.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// What was predicted: `label` or `exercise`.
    pub task: String,
    /// `all`, or the exercise.
    pub scope: String,
    /// The metric's name.
    pub name: String,
    /// The class, for metrics of one class.
    #[serde(default)]
    pub class: Option<Name>,
    /// The candidate's value.
    #[serde(serialize_with = "finite::option")]
    pub candidate: Option<f64>,
    /// The champion's.
    #[serde(serialize_with = "finite::option")]
    pub champion: Option<f64>,
    /// By how much the candidate's is above the champion's.
    #[serde(serialize_with = "finite::option")]
    pub difference: Option<f64>,
    /// Lower end of the paired confidence interval over groups. Absent if a class has samples in fewer than two.
    #[serde(serialize_with = "finite::option")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(serialize_with = "finite::option")]
    pub high: Option<f64>,
    /// How many of such intervals hold the truth: 0.95 where nothing else was asked for.
    #[serde(default, serialize_with = "finite::option")]
    pub confidence: Option<f64>,
    /// The smallest difference that this many groups would show in four of five evaluations.
    #[serde(default, serialize_with = "finite::option")]
    pub detectable: Option<f64>,
    /// Videos that only the candidate has right. For `accuracy` and `recall`.
    #[serde(default)]
    pub only_candidate_right: Option<u64>,
    /// Videos that only the champion has right.
    #[serde(default)]
    pub only_champion_right: Option<u64>,
    /// How probable so uneven a split is where neither is better (McNemar, exact, two-sided; takes videos as independent).
    #[serde(default, serialize_with = "finite::option")]
    pub p_value: Option<f64>,
    /// How many videos it rests on: of a recall those of the class, of a precision or F1 those that either says are of it.
    pub n: u64,
    /// How many groups they come from.
    pub n_groups: u64,
    /// How many groups of one size say as much, in the class that has the fewest: (Σn)²/Σn². Absent in older files.
    #[serde(default, serialize_with = "finite::option")]
    pub effective_groups: Option<f64>,
    /// What to keep in mind with the candidate, as in [`crate::Base`]. Absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// Whether a model may go out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gate {
    /// Whether all terms hold.
    pub passed: bool,
    /// Each of them.
    pub terms: Vec<GateTerm>,
}

/// One demand of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateTerm {
    /// As it was written.
    pub term: String,
    /// What the candidate has.
    #[serde(serialize_with = "finite::option")]
    pub value: Option<f64>,
    /// What it is held against.
    #[serde(serialize_with = "finite::option")]
    pub bound: Option<f64>,
    /// Whether it holds. A term with an unknown value does not hold.
    pub passed: bool,
    /// Why it does not hold, if that is not for the two numbers: one is not known, or there are too few groups.
    #[serde(default)]
    pub why: Option<String>,
}
