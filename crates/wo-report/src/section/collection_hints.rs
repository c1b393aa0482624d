//! What to film next.

use maud::{Markup, html};
use wo_record::Name;

use crate::markup::estimate::{DASH, Estimate, Format};
use crate::markup::forest::{Scale, with_bar};

/// A kind of video to film next.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionHint {
    /// The exercise.
    pub exercise: Name,
    /// The label to show, such as `bad_form`.
    pub label: Name,
    /// The fault to show; `None` for good form, and where faults are not named.
    pub fault: Option<Name>,
    /// From where, such as `front`.
    pub angle: String,
    /// Of whom, such as `2 new persons`.
    pub person: String,
    /// How many videos.
    pub n_videos: u64,
    /// The expected gain of the metric.
    pub gain: Estimate,
}

/// The shot list.
pub(crate) fn list(hints: &[CollectionHint]) -> Markup {
    let scale = Scale::around_zero(hints.iter().map(|hint| &hint.gain));
    html! {
        div.scroll tabindex="0" role="region" aria-label="What to film next" {
            table.wide {
                caption { "What to film next, the most useful of each exercise first" }
                thead { tr {
                    th scope="col" { "Exercise" }
                    th scope="col" { "Form" }
                    th scope="col" { "Fault" }
                    th scope="col" { "Angle" }
                    th scope="col" { "Person" }
                    th.number scope="col" { "Videos" }
                    th scope="col" { "Expected gain (points of 100)" }
                } }
                tbody { @for hint in hints { tr {
                    th scope="row" { (hint.exercise.words()) }
                    td { (hint.label.words()) }
                    td { (hint.fault.as_ref().map_or_else(|| DASH.to_owned(), Name::words)) }
                    td { (hint.angle) }
                    td { (hint.person) }
                    td.number { (hint.n_videos) }
                    td { (with_bar(&hint.gain.shown(Format::Points), &hint.gain, scale)) }
                } } }
            }
        }
    }
}
