//! What is left of a run that came to its end.

use wo_clip::Manifest;
use wo_record::Failure;

use crate::findings::Findings;
use crate::render::contact_sheet::ContactSheet;
use crate::render::worst::Worst;
use crate::score::tally::Tally;

/// Why there is nothing to score.
pub(crate) const NOTHING_LEFT: &str = "no held-out video is left to score: the model was trained or chosen on all \
    labelled videos or their groups\n\
    hint: --allow-seen scores them apart; for an unbiased score, give held-out people and sources";

/// What is left of a run that came to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The report for people.
    pub(crate) table: String,
    /// The contact sheet, not yet drawn.
    pub(crate) sheet: ContactSheet,
    /// All that was found.
    pub(crate) findings: Findings,
    /// Those that were judged wrong, the surest first.
    pub(crate) worst: Worst,
    /// What was counted.
    pub(crate) tally: Tally,
    /// What the model knows of itself, where there is one.
    pub(crate) manifest: Option<Manifest>,
    /// The inputs that failed.
    pub(crate) failures: Vec<Failure>,
    /// How many lines were no records.
    pub(crate) n_skipped: u64,
}
