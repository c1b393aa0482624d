//! The contract between the tools: what travels over a pipe, one JSON object a line.
//!
//! A stream is `begin`, records, `end`. Input that ends before `end` was truncated. Unknown record types and fields pass
//! through a tool unchanged. `docs/records.md` describes the records for people, `docs/records.schema.json` for programs.
//!
//! This crate opens no file, prints nothing and knows no tool.

mod assessment;
mod bounds;
mod collection;
mod envelope;
mod failure;
mod finite;
mod follow;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod group_by;
mod independence;
mod keys;
mod line;
mod lone_line;
mod name;
mod open_enum;
mod order;
mod part;
mod path;
mod perceptual_hash;
mod pose;
mod read;
mod read_error;
mod record;
mod result;
mod review;
mod shard;
mod source;
mod truth;
mod video;
mod write;

pub use assessment::{
    Audit, Calibration, CalibrationBin, CollectionHint, Comparison, CoveragePoint, CurvePoint,
    Gate, GateTerm, LearningCurve, Refit, Selection, Suspect,
};
pub use bounds::{is_id, trouble};
pub use collection::{Advice, Coverage, Finding};
pub use envelope::{Begin, End, Producer, SCHEMA, SCHEMA_VERSION};
pub use failure::{Failure, code};
pub use follow::Follower;
pub use frame::{Dropped, Frame, Image, LabelOrigin, Quality};
pub use group::{Group, components, group_of, joined, keys_of, same_id};
pub use group_by::GroupBy;
pub use independence::Independence;
pub use line::Line;
pub use lone_line::LoneLine;
pub use name::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};
pub use open_enum::{
    AbstainReason, AuditVerdict, FindingLevel, Predictor, Probe, SourceOutcome, SuspectReason,
};
pub use part::Part;
pub use path::RecordPath;
pub use perceptual_hash::{NotAHash, PerceptualHash};
pub use pose::{Joint, Pose};
pub use read::{DEFAULT_MAX_LINE, Reader};
pub use read_error::ReadError;
pub use record::{Kind, Record};
pub use result::{
    Base, Confusion, DRAWN_BASE, Evidence, Metric, Model, Nearest, Prediction, Score, Verdict,
};
pub use review::{ErasedReview, Judgement, LostReviews, Queued, Review, ReviewsHead};
pub use shard::Shard;
pub use source::Source;
pub use truth::{Rep, Truth};
pub use video::Video;
pub use write::{WriteError, Writer};

/// The JSON Schema of one line of a stream, generated from the types above.
#[cfg(feature = "schema")]
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(Record)
}
