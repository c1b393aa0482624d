//! What an evaluation found, as one HTML page: for the coach who asks whether the model can be trusted, and for the
//! developer who asks why.
//!
//! A [`Report`] is plain data; each section of the page is one struct, and one that is absent leaves no trace. [`html`]
//! makes the page. It is one file without scripts, it loads nothing, and the same report gives the same bytes.
//!
//! This crate measures nothing, opens no file and knows no model.

mod audit;
mod breakable;
mod calibration;
mod card;
mod chart;
mod conclusion;
mod confusion;
mod estimate;
mod figures;
mod forest;
mod guide;
mod learning;
mod outcome;
mod page;
mod picture;
mod report;
mod robustness;
mod selective;
mod shots;
mod slices;
mod suspects;
mod worst;

pub use audit::{Audit, Probe};
pub use calibration::{Bin, Calibration};
pub use card::{Cards, Fact};
pub use conclusion::{Conclusion, Trust};
pub use estimate::{Estimate, Interval};
pub use figures::{Baseline, Figure, FigureBlock, Figures};
pub use learning::{Forecast, Learning, LearningPoint};
pub use outcome::Outcome;
pub use picture::Picture;
pub use report::{Report, html};
pub use robustness::{Change, Paraphrase, Robustness, Step};
pub use selective::{AtCoverage, Refusal, RiskPoint, Selective};
pub use shots::Shot;
pub use slices::{Slice, Slices};
pub use suspects::{Suspect, SuspectKind, Suspects};
pub use worst::{Frame, Twin, WorstVideo, WorstVideos};
