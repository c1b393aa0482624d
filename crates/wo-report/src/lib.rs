//! What an evaluation found, as one HTML page: for the coach who asks whether the model can be trusted, and for the
//! developer who asks why.
//!
//! A [`Report`] is plain data; each section of the page is one struct, and one that is absent leaves no trace. [`html`]
//! makes the page. It is one file without scripts, it loads nothing, and the same report gives the same bytes.
//!
//! This crate measures nothing, opens no file and knows no model.

mod markup;
mod page;
mod report;
mod section;

pub use markup::estimate::{Estimate, Interval};
pub use markup::page_image::PageImage;
pub use report::{Report, html};
pub use section::audit::{Audit, Probe};
pub use section::calibration::{Bin, Calibration};
pub use section::card::{Cards, Fact};
pub use section::collection_hints::CollectionHint;
pub use section::conclusion::{Conclusion, TrustLevel};
pub use section::learning::{Forecast, Learning, LearningPoint};
pub use section::metrics::{Baseline, Metric, MetricBlock, Metrics};
pub use section::outcome::Outcome;
pub use section::robustness::{Change, Paraphrase, Robustness, Step};
pub use section::selective::{Abstention, AtCoverage, RiskPoint, Selective};
pub use section::slices::{Slice, Slices};
pub use section::suspects::{Suspect, SuspectKind, Suspects};
pub use section::worst::{Frame, NearestTrainingFrame, WorstVideo, WorstVideos};
