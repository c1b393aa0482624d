//! The results of an evaluation, section by section.

use wo_record::Confusion;

use crate::page::{self, Section};
use crate::section::audit::Audit;
use crate::section::calibration::Calibration;
use crate::section::card::Cards;
use crate::section::conclusion::Conclusion;
use crate::section::learning::Learning;
use crate::section::metrics::Metrics;
use crate::section::robustness::Robustness;
use crate::section::selective::Selective;
use crate::section::slices::Slices;
use crate::section::suspects::Suspects;
use crate::section::worst::WorstVideos;
use crate::section::{confusion, guide};

/// The results of an evaluation. The page skips what was not measured.
// More than 12 fields: one for each section of the page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The title of the page, such as `squat-2 on the test videos`.
    pub title: String,
    /// A line beneath it, such as which model and which videos.
    pub subtitle: Option<String>,
    /// The conclusion.
    pub conclusion: Option<Conclusion>,
    /// The metrics, beside baselines.
    pub metrics: Option<Metrics>,
    /// The confusion matrices, such as those of labels and exercises.
    pub confusions: Vec<Confusion>,
    /// Calibration.
    pub calibration: Option<Calibration>,
    /// Selective classification: what abstaining gains.
    pub selective: Option<Selective>,
    /// The shortcut audit.
    pub audit: Option<Audit>,
    /// Slices: where the model is weakest.
    pub slices: Option<Slices>,
    /// What more videos would bring.
    pub learning: Option<Learning>,
    /// Robustness to degraded images and reworded classes.
    pub robustness: Option<Robustness>,
    /// The most confident mistakes.
    pub worst: Option<WorstVideos>,
    /// Videos to review again.
    pub suspects: Option<Suspects>,
    /// The data card and the model card.
    pub cards: Option<Cards>,
}

/// The names of the sections in addresses, and their headings.
const HEADINGS: [(&str, &str); 13] = [
    ("conclusion", "Can this model be trusted?"),
    ("figures", "Metrics"),
    ("confusion", "Confusion matrices"),
    ("calibration", "Calibration: is its confidence right?"),
    ("selective", "Abstention: when it says unclear"),
    ("audit", "Shortcut audit: does it look at the lifter?"),
    ("slices", "Slices: where it is weakest"),
    ("learning", "What more videos would bring"),
    (
        "robustness",
        "Robustness: degraded images, reworded classes",
    ),
    ("worst", "Most confident mistakes"),
    ("suspects", "Suspects: videos to review again"),
    ("cards", "About the data and the model"),
    ("guide", "How to read this page"),
];

/// The report as one HTML page: no script, nothing loaded, the same bytes for the same report.
pub fn html(report: &Report) -> String {
    page::page(&report.title, report.subtitle.as_deref(), &sections(report))
}

/// The sections that there are, in the order of the page.
fn sections(report: &Report) -> Vec<Section> {
    let confusions = &report.confusions;
    let bodies = [
        report.conclusion.as_ref().map(Conclusion::section),
        report.metrics.as_ref().map(Metrics::section),
        (!confusions.is_empty()).then(|| confusion::section(confusions)),
        report.calibration.as_ref().map(Calibration::section),
        report.selective.as_ref().map(Selective::section),
        report.audit.as_ref().map(Audit::section),
        report.slices.as_ref().map(Slices::section),
        report.learning.as_ref().map(Learning::section),
        report.robustness.as_ref().map(Robustness::section),
        report.worst.as_ref().map(WorstVideos::section),
        report.suspects.as_ref().map(Suspects::section),
        report.cards.as_ref().map(Cards::section),
        Some(guide::section()),
    ];
    let all = HEADINGS.into_iter().zip(bodies);
    all.filter_map(|((id, title), body)| {
        Some(Section {
            id,
            title,
            body: body?,
        })
    })
    .collect()
}
