//! Metrics of classifiers, their confidence intervals over groups, and baselines that use no image. Pure over slices:
//! it opens no file and knows no model.

mod agreement;
mod audit;
mod baseline;
mod bootstrap;
mod calibration;
mod confidence;
mod file_facts;
mod folds;
mod grouped_confusions;
mod interval;
mod label_errors;
mod lbfgs;
mod learning_curve;
mod mcnemar;
mod metrics;
mod numbered;
mod paired_comparison;
mod power;
mod power_law;
mod probe;
mod ranking;
mod risk;
mod scoring;
mod sums;
mod temperature;
pub mod threshold;

pub use agreement::{Agreement, Rated, cohen, fleiss};
pub use audit::{
    Audit, AuditData, AuditOutcome, AuditScope, Audited, Compared, MIN_PERMUTATIONS, ProbeFeatures,
    audit,
};
pub use baseline::{DurationOnly, Example, Facts, Majority};
pub use bootstrap::{Bootstrap, Estimate, Interval, Intervals, intervals};
pub use calibration::{
    Binning, Reliability, ReliabilityBin, average_calibration_error, expected_calibration_error,
    maximum_calibration_error,
};
pub use confidence::Confidence;
pub use file_facts::FileFacts;
pub use folds::folds;
pub use grouped_confusions::{Comparison, GroupedConfusions, Sample};
pub use interval::{
    PairedCounts, effective_groups, effective_groups_by_class, estimated_proportion,
    paired_difference, proportion, proportion_of_several, roc_area,
};
pub use label_errors::{LabelErrors, Selection, Suspect, Suspicion};
pub use learning_curve::{LearningCurve, Refit};
pub use mcnemar::McNemar;
pub use metrics::{Counts, Metric, confusion, n_true, present, total};
pub use numbered::numbered;
pub use paired_comparison::{PairedComparison, paired_comparisons};
pub use power::{MIN_GROUPS, are_too_few, smallest_detectable};
pub use power_law::{PowerLaw, SeenScore};
pub use probe::{Probe, ProbeData, balanced_weights};
pub use ranking::{PrecisionRecallPoint, Ranking, RocPoint};
pub use risk::{Graded, RiskCoverage, RiskPoint};
pub use scoring::{brier_score, log_loss};
pub use sums::GroupSums;
pub use temperature::Temperature;
