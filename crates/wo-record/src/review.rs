//! The records of what people say of frames, and of what a model finds suspicious about it.

use serde::{Deserialize, Serialize};

use crate::{LabelOrigin, Name, RecordPath, finite};

/// What is said of one frame: all of it that a person can change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// The label.
    #[serde(default)]
    pub label: Option<Name>,
    /// Who said so.
    #[serde(default)]
    pub label_origin: Option<LabelOrigin>,
    /// The faults that it shows.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// What it shows, in words.
    #[serde(default)]
    pub description: Option<String>,
    /// A remark for people, which no model learns from.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether the frame was thrown away.
    #[serde(default)]
    pub deleted: bool,
}

/// What one person said of one frame at one time: a line of `reviews.ndjson`, and never changed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// Its place in the log, from 1.
    pub sequence: u64,
    /// When it was said, in UTC (RFC 3339).
    pub at: String,
    /// Who said it.
    pub reviewer: String,
    /// The first `sequence` of the decision that it is a part of. One decision may be about many frames.
    pub decision: u64,
    /// How many reviews that decision has. Fewer at the end of a log were never acknowledged and do not count.
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
    /// BLAKE3 of the image file, in hexadecimal: another picture in its place is another frame.
    #[serde(default)]
    pub blake3: Option<String>,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// What the person spoke of, by the names of the fields of `new`: who only writes a note does not confirm the label.
    #[serde(default)]
    pub says: Vec<String>,
    /// What held before, as the person saw it: nobody is shown what others said before they have judged themselves.
    pub old: Judgement,
    /// What holds from now on.
    pub new: Judgement,
    /// The decision that this one takes back, by its `decision`.
    #[serde(default)]
    pub undoes: Option<u64>,
    /// True where a person was shown a frame again to see whether they agree with themselves. It changes nothing else.
    #[serde(default)]
    pub is_repeat: bool,
    /// The id that the page gave the request: a request that is sent twice is written once.
    #[serde(default)]
    pub request: Option<String>,
    /// The `hash` of the line before; empty in the first.
    pub previous: String,
    /// BLAKE3 of this line up to here, in hexadecimal. Absent only before the line is written.
    #[serde(default)]
    pub hash: Option<String>,
}
