//! 95 % confidence intervals that keep their coverage with few groups, pure over counts.
//!
//! Resampling six persons tells of those six only: its interval is too short where all of them agree, and has no width
//! where the model makes no mistake. The intervals here come from models with a correlation inside groups. The interval to
//! print is the union of one of them with the percentile interval: [`Interval::union`](crate::Interval::union). `docs/experiments` has
//! the coverage that simulations find, and where it fails.

mod beta_binomial;
mod ends;
mod group_metrics;
mod group_sizes;
mod paired_difference;
mod proportion;
mod recalls;
mod roc_area;

pub(crate) use group_metrics::GroupMetrics;
pub use group_sizes::{effective_groups, effective_groups_by_class};
pub(crate) use paired_difference::unpaired_difference;
pub use paired_difference::{PairedCounts, paired_difference};
pub use proportion::{estimated_proportion, proportion, proportion_of_several};
pub use roc_area::roc_area;

#[cfg(test)]
mod tests;
