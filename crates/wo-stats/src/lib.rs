//! Figures of classifiers, their intervals over groups, and baselines that look at no picture. Pure over slices: it opens
//! no file and knows no model.

mod agreement;
mod baseline;
mod bootstrap;
mod file_facts;
mod metrics;
mod standing;

pub use agreement::{Agreement, Rated, cohen, fleiss};
pub use baseline::{DurationOnly, Example, Facts, Majority};
pub use bootstrap::{Interval, intervals};
pub use file_facts::FileFacts;
pub use metrics::{Counts, Figure, confusion, n_true, present, total};
pub use standing::{Standing, Unit, standings};
