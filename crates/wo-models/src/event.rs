//! The entries of `models/ledger.ndjson`: what happened, in the order in which it happened. A clock that was set back
//! changes times, and never this order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::side::{KeyHash, Side};

/// The name of a model that was promoted: a number that grows, and the first digits of its hash.
pub(crate) type Version = String;

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Begun(Begun),
    Assigned(Assigned),
    Opened(Opened),
    Looked(Look),
    Promoted(Promoted),
    Refused(Refused),
    Unchanged(Unchanged),
    RolledBack(RolledBack),
    Removed(Removed),
    Redacted(Redacted),
    SetAside(SetAside),
}

/// The ledger begins. Sides of groups are drawn with its salt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) at: String,
    /// Random digits. Without them nobody can choose names that end up on a side.
    pub(crate) salt: String,
}

/// Keys were given their side, once and for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Assigned {
    pub(crate) at: String,
    /// By a hash of the key with the salt: no name stands in the ledger.
    pub(crate) sides: BTreeMap<KeyHash, Side>,
}

/// The looks at the set before are used up, and this one is judged on from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) at: String,
    pub(crate) set: u32,
}

/// What a look decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LookKind {
    /// Whether a first model is good enough.
    First,
    /// Whether a new model is better than the one in use.
    Comparison,
}

/// The held-out groups are looked at. Written before the comparison is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) at: String,
    pub(crate) kind: LookKind,
    /// The set of held-out groups.
    pub(crate) set: u32,
    /// The hash of the new model.
    pub(crate) challenger: String,
    /// The model in use; none for a first one.
    pub(crate) champion: Option<Version>,
    /// The hash of the held-out records.
    pub(crate) held_out: String,
    /// The part of alpha that it costs.
    pub(crate) alpha: f64,
    /// The alpha of which it is a part. Who asks for a larger one later gets none of it at the same set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of_alpha: Option<f64>,
    /// Of the intervals that it may judge by.
    pub(crate) confidence: f64,
}

impl Look {
    /// Whether both compare the same models on the same videos: the second would find what the first found.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.set == other.set
            && self.challenger == other.challenger
            && self.champion == other.champion
            && self.held_out == other.held_out
    }
}

/// A condition of the gate, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Condition {
    pub(crate) term: String,
    pub(crate) value: Option<f64>,
    pub(crate) passed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// A model takes the place of the one in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Promoted {
    pub(crate) at: String,
    pub(crate) version: Version,
    /// Where the model lies until it is moved to its version.
    pub(crate) from: PathBuf,
    /// The hash of each file that a judge reads.
    pub(crate) files: BTreeMap<String, String>,
    /// The model that it replaces.
    pub(crate) replaces: Option<Version>,
    pub(crate) gate: Vec<Condition>,
    pub(crate) report: Option<PathBuf>,
    /// The fingerprint of what it was made from.
    pub(crate) inputs: String,
    /// Whether the model that it replaces was damaged, and a person asked for it all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) forced: bool,
}

/// A model was not good enough, or could not be judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) at: String,
    /// The hash of the model; none where none was trained.
    pub(crate) challenger: Option<String>,
    pub(crate) why: String,
    pub(crate) gate: Vec<Condition>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) inputs: String,
}

/// The new model is the one in use, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unchanged {
    pub(crate) at: String,
    pub(crate) inputs: String,
}

/// A person went back to an earlier model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RolledBack {
    pub(crate) at: String,
    pub(crate) from: Option<Version>,
    pub(crate) to: Version,
}

/// Old models were deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Removed {
    pub(crate) at: String,
    pub(crate) versions: Vec<Version>,
}

/// A takedown took somebody out of what a model says of its training videos. `wo-collect forget` writes it: the model was
/// whole before, and its weights are what they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Redacted {
    pub(crate) at: String,
    pub(crate) version: Version,
    /// The hash of each file that changed.
    pub(crate) files: BTreeMap<String, String>,
}

/// A takedown moved models away that were trained on what is forgotten. `wo-collect forget --retire` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetAside {
    pub(crate) at: String,
    pub(crate) versions: Vec<Version>,
}

/// Now, as text.
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .round(jiff::Unit::Second)
        .map_or_else(|_| jiff::Timestamp::now().to_string(), |it| it.to_string())
}
