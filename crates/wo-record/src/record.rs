//! All record types under one tag.

use serde::{Deserialize, Serialize};

use crate::keys::{Keys, fields_of};
use crate::{
    Advice, Audit, Base, Begin, Calibration, CollectionHint, Comparison, Confusion, Coverage,
    Dropped, End, ErasedReview, Failure, Finding, Frame, Gate, Independence, LearningCurve,
    LostReviews, Metric, Model, Part, Pose, Prediction, Queued, Review, Score, Selection, Source,
    Suspect, Truth, Verdict, Video,
};

/// One line of a stream, told apart by its field `type`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each variant is the documented type of its name"
)]
pub enum Record {
    Begin(Begin),
    Video(Video),
    Frame(Frame),
    Dropped(Dropped),
    Pose(Pose),
    Error(Failure),
    Truth(Truth),
    Source(Source),
    Base(Base),
    Metric(Metric),
    Model(Model),
    Verdict(Verdict),
    Prediction(Prediction),
    Part(Part),
    Review(Review),
    ErasedReview(ErasedReview),
    LostReviews(LostReviews),
    Queued(Queued),
    Score(Score),
    Independence(Independence),
    Confusion(Confusion),
    Calibration(Calibration),
    Selection(Selection),
    Audit(Audit),
    LearningCurve(LearningCurve),
    #[serde(rename = "shot")]
    CollectionHint(CollectionHint),
    Suspect(Suspect),
    Comparison(Comparison),
    Gate(Gate),
    Coverage(Coverage),
    Finding(Finding),
    Advice(Advice),
    End(End),
}

/// The value of a record's field `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind(pub String);

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

impl Record {
    /// Reads one line as [`Record::parse`] does, with its fields where they are known.
    pub(crate) fn read(line: &str) -> serde_json::Result<(Result<Self, Kind>, Keys)> {
        match Self::in_one_pass(line) {
            Some((record, keys)) => Ok((Ok(record), keys)),
            None => Ok((Self::parse(line)?, Keys::Unknown)),
        }
    }

    /// Reads a line of one of the frequent types that begins with its type, as our tools write it. What is wrong with another
    /// is for [`Record::parse`] to say.
    fn in_one_pass(line: &str) -> Option<(Self, Keys)> {
        let (kind, _) = line.strip_prefix(r#"{"type":""#)?.split_once('"')?;
        match kind {
            "frame" => fields_of(line).map(|(it, keys)| (Self::Frame(it), keys)),
            "pose" => fields_of(line).map(|(it, keys)| (Self::Pose(it), keys)),
            "prediction" => fields_of(line).map(|(it, keys)| (Self::Prediction(it), keys)),
            _ => return None,
        }
        .ok()
    }

    /// Reads one line. A type that is not known here gives its name as the error side of the inner result.
    pub fn parse(line: &str) -> serde_json::Result<Result<Self, Kind>> {
        // Two passes instead of serde's own tagging: which would copy each record, images included, into a buffer.
        let tag: Tag<'_> = serde_json::from_str(line)?;
        let record = match &*tag.kind {
            "begin" => Self::Begin(serde_json::from_str(line)?),
            "video" => Self::Video(serde_json::from_str(line)?),
            "frame" => Self::Frame(serde_json::from_str(line)?),
            "dropped" => Self::Dropped(serde_json::from_str(line)?),
            "pose" => Self::Pose(serde_json::from_str(line)?),
            "error" => Self::Error(serde_json::from_str(line)?),
            "source" => Self::Source(serde_json::from_str(line)?),
            "truth" => Self::Truth(serde_json::from_str(line)?),
            "base" => Self::Base(serde_json::from_str(line)?),
            "metric" => Self::Metric(serde_json::from_str(line)?),
            "model" => Self::Model(serde_json::from_str(line)?),
            "verdict" => Self::Verdict(serde_json::from_str(line)?),
            "prediction" => Self::Prediction(serde_json::from_str(line)?),
            "part" => Self::Part(serde_json::from_str(line)?),
            "review" => Self::Review(serde_json::from_str(line)?),
            "erased_review" => Self::ErasedReview(serde_json::from_str(line)?),
            "lost_reviews" => Self::LostReviews(serde_json::from_str(line)?),
            "queued" => Self::Queued(serde_json::from_str(line)?),
            "score" => Self::Score(serde_json::from_str(line)?),
            "independence" => Self::Independence(serde_json::from_str(line)?),
            "confusion" => Self::Confusion(serde_json::from_str(line)?),
            "calibration" => Self::Calibration(serde_json::from_str(line)?),
            "selection" => Self::Selection(serde_json::from_str(line)?),
            "audit" => Self::Audit(serde_json::from_str(line)?),
            "learning_curve" => Self::LearningCurve(serde_json::from_str(line)?),
            "shot" => Self::CollectionHint(serde_json::from_str(line)?),
            "suspect" => Self::Suspect(serde_json::from_str(line)?),
            "comparison" => Self::Comparison(serde_json::from_str(line)?),
            "gate" => Self::Gate(serde_json::from_str(line)?),
            "coverage" => Self::Coverage(serde_json::from_str(line)?),
            "finding" => Self::Finding(serde_json::from_str(line)?),
            "advice" => Self::Advice(serde_json::from_str(line)?),
            "end" => Self::End(serde_json::from_str(line)?),
            other => return Ok(Err(Kind(other.to_owned()))),
        };
        Ok(Ok(record))
    }

    /// The same with a caution, where it is one that is read as a metric and has none yet.
    pub(crate) fn cautioned(&self, caution: &str) -> Option<Self> {
        let mut marked = self.clone();
        let place = match &mut marked {
            Self::Metric(it) => &mut it.caution,
            Self::Score(it) => &mut it.caution,
            Self::Verdict(it) => &mut it.caution,
            Self::Comparison(it) => &mut it.caution,
            _ => return None,
        };
        place.get_or_insert_with(|| caution.to_owned());
        Some(marked)
    }

    /// The value of the field `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::Video(_) => "video",
            Self::Frame(_) => "frame",
            Self::Dropped(_) => "dropped",
            Self::Pose(_) => "pose",
            Self::Error(_) => "error",
            Self::Truth(_) => "truth",
            Self::Source(_) => "source",
            Self::Base(_) => "base",
            Self::Metric(_) => "metric",
            Self::Model(_) => "model",
            Self::Verdict(_) => "verdict",
            Self::Prediction(_) => "prediction",
            Self::Part(_) => "part",
            Self::Review(_) => "review",
            Self::ErasedReview(_) => "erased_review",
            Self::LostReviews(_) => "lost_reviews",
            Self::Queued(_) => "queued",
            Self::Score(_) => "score",
            Self::Independence(_) => "independence",
            Self::Confusion(_) => "confusion",
            Self::Calibration(_) => "calibration",
            Self::Selection(_) => "selection",
            Self::Audit(_) => "audit",
            Self::LearningCurve(_) => "learning_curve",
            Self::CollectionHint(_) => "shot",
            Self::Suspect(_) => "suspect",
            Self::Comparison(_) => "comparison",
            Self::Gate(_) => "gate",
            Self::Coverage(_) => "coverage",
            Self::Finding(_) => "finding",
            Self::Advice(_) => "advice",
            Self::End(_) => "end",
        }
    }
}
