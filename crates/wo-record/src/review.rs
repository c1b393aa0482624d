//! Labels of frames, and reviews that change them.

use serde::{Deserialize, Serialize};

use crate::{LabelOrigin, Name, RecordPath, finite};

/// The label of one frame: all fields that a person can change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// The label.
    #[serde(default)]
    pub label: Option<Name>,
    /// The origin of the label.
    #[serde(default)]
    pub label_origin: Option<LabelOrigin>,
    /// Its faults.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// A note for people. Models do not learn from it.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether the frame is deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// One decision of one person about one frame: a line of `reviews.ndjson`, which never changes.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// Its line number in the log, from 1.
    pub sequence: u64,
    /// The time of the decision, in UTC (RFC 3339).
    pub at: String,
    /// The reviewer.
    pub reviewer: String,
    /// The first `sequence` of its decision. One decision may be about many frames.
    pub decision: u64,
    /// How many reviews that decision has. An incomplete decision at the end of a log was never acknowledged and is ignored.
    pub n_reviews: u32,
    /// The video that the frame is from.
    pub video_id: String,
    /// The frame's index.
    pub index: u32,
    /// The frame's time in its video, in milliseconds.
    #[serde(default, serialize_with = "finite::option")]
    pub pts_ms: Option<f64>,
    /// The frame's image file, from the folder of the log.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// BLAKE3 of the image file, in hexadecimal: another image in its place is another frame.
    #[serde(default)]
    pub blake3: Option<String>,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The fields of `new` that the person set. A note alone does not confirm the label. Empty in logs of old versions,
    /// where the person set all.
    #[serde(default)]
    pub says: Vec<String>,
    /// The label before, as the person saw it. Decisions of others stay hidden until a person has judged a frame.
    pub old: Judgement,
    /// The label after the decision.
    pub new: Judgement,
    /// The `decision` that this one undoes.
    #[serde(default)]
    pub undoes: Option<u64>,
    /// True for a blind repeat, which measures whether a person agrees with themselves and changes nothing.
    #[serde(default)]
    pub is_repeat: bool,
    /// The id of the request. A request that is sent twice is saved once.
    #[serde(default)]
    pub request: Option<String>,
    /// The `hash` of the line before; empty in the first line.
    pub previous: String,
    /// BLAKE3 of this line up to here, in hexadecimal. Absent only before it is saved.
    #[serde(default)]
    pub hash: Option<String>,
}

impl Review {
    /// Whether the person set this field.
    pub fn says(&self, field: &str) -> bool {
        self.says.is_empty() || self.says.iter().any(|said| said == field)
    }

    /// Whether the person set the label or its faults.
    pub fn says_class(&self) -> bool {
        self.says("label") || self.says("faults")
    }

    /// Whether the person set the description. It follows the label.
    pub fn says_words(&self) -> bool {
        self.says_class() || self.says("description")
    }

    /// Whether the person judged the frame: more than a note or a description.
    pub fn judges(&self) -> bool {
        self.says_class() || self.says("deleted")
    }
}

/// What is left of a review that was erased because the people in its video asked for it: its place in the log and in the
/// chain, so that all other lines can still be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErasedReview {
    /// Its line number in the log, from 1.
    pub sequence: u64,
    /// The first `sequence` of its decision.
    pub decision: u64,
    /// How many reviews that decision had.
    pub n_reviews: u32,
    /// The `hash` of the line before; empty in the first line.
    pub previous: String,
    /// The `hash` that the line had.
    pub hash: String,
}

/// A line of a log of reviews: up to where lines must be there later. It is in a file beside the log, and in what is made from
/// the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewsHead {
    /// The number of the line, from 1.
    pub sequence: u64,
    /// Its `hash`.
    pub hash: String,
}

/// A line of the log that says that lines were lost, and that somebody wanted to go on without them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostReviews {
    /// Its line number in the log, from 1.
    pub sequence: u64,
    /// When somebody accepted the loss, in UTC (RFC 3339).
    pub at: String,
    /// The lines that are known to have been there.
    pub lost: Vec<ReviewsHead>,
    /// The `hash` of the line before; empty in the first line.
    pub previous: String,
    /// BLAKE3 of this line up to here, in hexadecimal. Absent only before it is saved.
    #[serde(default)]
    pub hash: Option<String>,
}

/// A frame of a queue of `wo-review`: what a person is shown, in the order of the records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Queued {
    /// Its place in the queue, from 1.
    pub rank: u64,
    /// The queue, as on the command line.
    pub queue: String,
    /// The video that the frame is from.
    pub video_id: String,
    /// The file of the video.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The frame's index.
    pub index: u32,
    /// The frame's time in its video, in milliseconds.
    #[serde(default, serialize_with = "finite::option")]
    pub pts_ms: Option<f64>,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label that it has.
    #[serde(default)]
    pub label: Option<Name>,
    /// The label that the model finds most probable for the video. Absent without a prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_label: Option<Name>,
    /// How far the prediction is from the threshold at which another label would be predicted, from 0 to 1.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub distance: Option<f64>,
}
