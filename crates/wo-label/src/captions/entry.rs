//! What a captions table says of one exercise.

use std::collections::BTreeMap;

use wo_record::Name;

/// The words for an exercise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exercise {
    /// For a label, the ways to say what it looks like. Those of `bad_form` are for frames of which nobody named a fault.
    pub(super) labels: BTreeMap<Name, Vec<String>>,
    pub(super) faults: BTreeMap<Name, Fault>,
}

/// The words for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The ways to say what a picture shows.
    pub(super) observations: Vec<String>,
    /// What a coach calls it.
    pub(super) issue: Option<String>,
}
