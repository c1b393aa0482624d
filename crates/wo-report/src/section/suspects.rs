//! Suspects: videos to review again.

use maud::{Markup, html};
use wo_record::Name;

use crate::markup::breakable::breakable;
use crate::markup::estimate::{DASH, counted};

/// Likely faults of the data itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspects {
    /// How many videos were checked.
    pub n_videos: u64,
    /// The suspects, most suspicious first.
    pub suspects: Vec<Suspect>,
}

/// Why a video is a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspectKind {
    /// Its label is probably wrong.
    Mislabelled,
    /// The model leans to another label, less surely than that.
    Doubted,
    /// An exact duplicate.
    Duplicate,
    /// A near-duplicate.
    NearDuplicate,
    /// An outlier.
    Outlier,
}

/// A video that a person should look at again.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Its name.
    pub video: String,
    /// The suspicion.
    pub kind: SuspectKind,
    /// The label that it has.
    pub label: Option<Name>,
    /// The suggested label.
    pub suggested: Option<Name>,
    /// The score, from 0 to 1, of the measure that the reason names.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
    /// The other video of a pair, if known.
    pub other: Option<String>,
}

impl SuspectKind {
    fn words(self) -> &'static str {
        match self {
            Self::Mislabelled => "label probably wrong",
            Self::Doubted => "label doubted",
            Self::Duplicate => "same file twice",
            Self::NearDuplicate => "near-duplicate",
            Self::Outlier => "like no other video",
        }
    }
}

impl Suspects {
    pub(crate) fn section(&self) -> Markup {
        let name = |name: &Option<Name>| name.as_ref().map_or_else(|| DASH.to_owned(), Name::words);
        html! {
            p { (counted(self.suspects.len() as u64, "suspicion")) ", most suspicious first; " (counted(self.n_videos, "video")) " scored. A suspicion is no proof: look before you change a label." }
            div.scroll tabindex="0" role="region" aria-label="Suspects" {
                table.wide.names {
                    caption { "Suspects" }
                    thead { tr {
                        th.number scope="col" { "Rank" }
                        th scope="col" { "Video" }
                        th scope="col" { "Suspected" }
                        th scope="col" { "Label" }
                        th scope="col" { "Rather" }
                        th.number scope="col" { "Score" }
                        th scope="col" { "Reason" }
                    } }
                    tbody { @for (rank, suspect) in (1_usize..).zip(&self.suspects) { tr {
                        td.number { (rank) }
                        th scope="row" { (breakable(&suspect.video)) }
                        td { (suspect.kind.words()) }
                        td { (name(&suspect.label)) }
                        td { (name(&suspect.suggested)) }
                        td.number { (format!("{:.2}", suspect.score)) }
                        td {
                            (suspect.reason)
                            @if let Some(other) = &suspect.other { ": " span.name { (breakable(other)) } }
                        }
                    } } }
                }
            }
        }
    }
}
