//! The entry of an exercise in a captions table.

use std::collections::BTreeMap;

use wo_record::Name;

/// The words for an exercise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exercise {
    /// For each label, phrasings of what it looks like. Those of `bad_form` are for frames without a named fault.
    pub(super) labels: BTreeMap<Name, Vec<String>>,
    pub(super) faults: BTreeMap<Name, Fault>,
}

/// The words for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Phrasings of what an image shows.
    pub(super) observations: Vec<String>,
    /// What a coach calls it.
    pub(super) issue: Option<String>,
}
