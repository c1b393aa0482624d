//! What is measured on videos that the weights were not fitted to.

pub(crate) mod abstention;
pub(crate) mod base_features;
pub(crate) mod baselines;
pub(crate) mod fold_plan;
pub(crate) mod folds;
pub(crate) mod learning_curve;
pub(crate) mod metrics;
pub(crate) mod probe;
