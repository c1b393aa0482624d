//! The command line: flags as data, what a run needs made from them, and the plan that it prints.

pub(crate) mod args;
pub(crate) mod base_flag;
pub(crate) mod config;
pub(crate) mod dry_run_flag;
mod loss_flag;
pub(crate) mod machine;
pub(crate) mod plan;
pub(crate) mod plan_warnings;
