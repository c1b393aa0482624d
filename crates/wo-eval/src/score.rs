//! Predictions to scores with 95 % confidence intervals.

pub(crate) mod calibration;
pub(crate) mod evaluate;
pub(crate) mod evaluation;
pub(crate) mod faults;
pub(crate) mod gate;
pub(crate) mod gate_metric;
pub(crate) mod independence;
pub(crate) mod independent_groups;
pub(crate) mod key;
pub(crate) mod leave_one_source_out;
pub(crate) mod measurement;
pub(crate) mod robustness;
pub(crate) mod scoring_task;
pub(crate) mod selection;
pub(crate) mod slices;
pub(crate) mod support;
pub(crate) mod tally;
pub(crate) mod weak_spots;
pub(crate) mod worst_group;
