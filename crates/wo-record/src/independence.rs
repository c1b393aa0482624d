//! What is known of whether scored videos are new to a model, and independent of each other.

use serde::{Deserialize, Serialize};

/// How far the scored videos are known to be independent: of the training data, and of each other.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Independence {
    /// Which videos these are: `all` for the held-out ones, or `validation` and the like.
    pub scope: String,
    /// How many they are.
    pub n: u64,
    /// How many groups they form.
    pub n_groups: u64,
    /// How many of them have no person.
    pub n_without_person: u64,
    /// How many have no source.
    pub n_without_source: u64,
    /// How many have neither, so that each counts as a group of its own.
    pub n_ungrouped: u64,
    /// Whether confidence intervals are only a lower bound on the uncertainty, since some of the videos have neither person
    /// nor source.
    pub is_lower_bound: bool,
    /// Of how many it is unknown whether the model was trained or chosen on them.
    #[serde(default)]
    pub n_seen_unknown: u64,
    /// How many are of a source that the model has seen, since its groups are made by person.
    #[serde(default)]
    pub n_of_seen_sources: u64,
    /// How many are of a person whom the model has seen, since its groups are made by source.
    #[serde(default)]
    pub n_of_seen_persons: u64,
    /// How many videos the model was trained and chosen on; 0 where that is unknown.
    #[serde(default)]
    pub n_training: u64,
    /// How many of those have no person.
    #[serde(default)]
    pub n_training_without_person: u64,
    /// How many have no source.
    #[serde(default)]
    pub n_training_without_source: u64,
    /// How many have neither: the model may have seen the people of the scored videos.
    #[serde(default)]
    pub n_training_ungrouped: u64,
}
