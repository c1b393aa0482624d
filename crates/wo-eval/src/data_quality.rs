//! Whether the data can be trusted: shortcuts, label errors, duplicates, leakage, and what to film next.

pub(crate) mod collection_hints;
pub(crate) mod duplicate_index;
pub(crate) mod label_issues;
pub(crate) mod leakage;
pub(crate) mod near_duplicates;
pub(crate) mod relabelled;
pub(crate) mod shortcut_audit;
