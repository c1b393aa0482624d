//! Coverage: on how many videos the model predicts a label, and on how many it abstains.

use crate::findings::Findings;
use crate::score::measurement::Measurement;

/// Counts of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answered {
    /// All that were scored.
    pub(super) n: u64,
    /// Those without a label.
    pub(super) n_unclear: u64,
}

impl Answered {
    /// For the videos that `main` counts.
    pub(super) fn of(findings: &Findings, main: &Measurement) -> Self {
        let selection = findings.selection.as_ref();
        let n = selection.map_or(main.n, |it| it.n);
        let count = |share: f64| (share * n as f64).round() as u64;
        // Not from the reasons, of which a video may have several.
        let coverage = selection.and_then(|it| it.coverage).unwrap_or(1.0);
        Self {
            n,
            n_unclear: n.saturating_sub(count(coverage)),
        }
    }

    /// How many get a label.
    pub(super) fn n_answered(self) -> u64 {
        self.n - self.n_unclear
    }
}
