//! The result of a run.

use wo_cli::Exit;
use wo_clip::Manifest;
use wo_record::{Failure, Independence};

use crate::findings::Findings;
use crate::render::contact_sheet::ContactSheet;
use crate::render::sentences::independence;
use crate::render::worst::Worst;
use crate::score::tally::Tally;

/// Fails since no held-out video is left to score.
pub(crate) fn nothing_left() -> anyhow::Result<()> {
    wo_cli::bail!(
        Exit::Integrity,
        "no held-out video is left to score: the model was trained or chosen on all labelled videos or their groups";
        "--allow-seen scores them apart; for an unbiased score, give held-out people and sources"
    )
}

/// Warns of what is not known of who is in the scored videos.
pub(crate) fn warn_of_limits(known: &Independence) {
    for limit in independence::sentences(known) {
        wo_cli::warn!("{limit}");
    }
}

/// What is left of a run that came to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The report for people.
    pub(crate) table: String,
    /// The contact sheet, not yet drawn.
    pub(crate) sheet: ContactSheet,
    /// All findings.
    pub(crate) findings: Findings,
    /// The most confident mistakes.
    pub(crate) worst: Worst,
    /// The counts.
    pub(crate) tally: Tally,
    /// The model's manifest, if there is a model.
    pub(crate) manifest: Option<Manifest>,
    /// The inputs that failed.
    pub(crate) failures: Vec<Failure>,
    /// How many lines were skipped.
    pub(crate) n_skipped: u64,
}
