//! Slices: where the model is weakest.

use maud::{Markup, html};

use crate::markup::breakable::breakable;
use crate::markup::estimate::{DASH, Estimate, Format};
use crate::markup::forest::{Scale, with_bar};

/// One metric on parts of the videos.
#[derive(Debug, Clone, PartialEq)]
pub struct Slices {
    /// Which metric, such as `balanced accuracy`.
    pub metric: String,
    /// That of all videos; drawn as a line.
    pub overall: Estimate,
    /// The slices, in any order: the page sorts lowest first, and those without a value last.
    pub slices: Vec<Slice>,
}

/// The videos that have one value of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The field, such as `angle`.
    pub field: String,
    /// Its value, such as `front`.
    pub value: String,
    /// The metric on these videos.
    pub estimate: Estimate,
    /// How many videos they are.
    pub n_videos: u64,
    /// How many groups they come from.
    pub n_groups: u64,
    /// A note, such as `few groups`.
    pub note: Option<String>,
}

impl Slices {
    pub(crate) fn section(&self) -> Markup {
        let mut worst_first: Vec<&Slice> = self.slices.iter().collect();
        worst_first.sort_by(|one, other| {
            let metric = |slice: &Slice| slice.estimate.number().unwrap_or(f64::INFINITY);
            metric(one).total_cmp(&metric(other))
        });
        let scale = Scale::unit(self.overall.number());
        html! {
            p { "Lowest first. The line in each bar marks all videos: " (self.overall.in_a_sentence(Format::Plain))
                ". Each interval holds for its slice alone in 95 of 100 evaluations, so the lowest of many slices may be low by chance." }
            div.scroll tabindex="0" role="region" aria-label="Slices" {
                table.wide {
                    caption { "Slices by " (self.metric) }
                    thead { tr {
                        th scope="col" { "Slice" }
                        th scope="col" { (self.metric) }
                        th.number scope="col" { "Videos" }
                        th.number scope="col" { "Groups" }
                        th scope="col" { "Note" }
                    } }
                    tbody { @for slice in worst_first { tr {
                        th scope="row" { span.field { (slice.field) } " " (breakable(&slice.value)) }
                        td { (with_bar(&slice.estimate.shown(Format::Plain), &slice.estimate, scale)) }
                        td.number { (slice.n_videos) }
                        td.number { (slice.n_groups) }
                        td { (slice.note.as_deref().unwrap_or(DASH)) }
                    } } }
                }
            }
        }
    }
}
