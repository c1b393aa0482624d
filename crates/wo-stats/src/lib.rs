//! Figures of classifiers, their intervals over groups, and baselines that look at no picture. Pure over slices: it opens
//! no file and knows no model.

mod baseline;
mod bootstrap;
mod calibration;
mod file_facts;
mod mcnemar;
mod metrics;
mod panel;
mod power;
mod ranking;
mod scoring;
mod standing;
mod sums;
mod temperature;

pub use baseline::{DurationOnly, Example, Facts, Majority};
pub use bootstrap::{Bootstrap, Estimate, Interval, Intervals, intervals};
pub use calibration::{
    Binning, Reliability, ReliabilityBin, average_calibration_error, expected_calibration_error,
    maximum_calibration_error,
};
pub use file_facts::FileFacts;
pub use mcnemar::McNemar;
pub use metrics::{Counts, Figure, confusion, n_true, present, total};
pub use panel::{Comparison, Panel};
pub use power::{Doubt, MIN_GROUPS, doubts, smallest_detectable};
pub use ranking::{PrecisionRecallPoint, Ranking, RocPoint};
pub use scoring::{brier_score, log_loss};
pub use standing::{Standing, Unit, standings};
pub use sums::GroupSums;
pub use temperature::Temperature;
