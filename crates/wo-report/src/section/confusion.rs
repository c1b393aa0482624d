//! Confusion matrices.

use maud::{Markup, html};
use wo_record::Confusion;

/// How many steps of colour there are; the style sheet has a class for each.
const N_SHADES: u64 = 8;

/// The section of all confusion matrices.
pub(crate) fn section(confusions: &[Confusion]) -> Markup {
    html! {
        p { "Rows are true classes, columns predicted classes; cells count videos. A stronger colour is a larger share of the row. "
            "Framed cells are right." }
        div.matrices { @for confusion in confusions { (matrix(confusion)) } }
    }
}

fn matrix(confusion: &Confusion) -> Markup {
    let title = format!(
        "{}, counted in {}s{}",
        capital(&confusion.task),
        confusion.unit,
        if confusion.scope == "all" {
            String::new()
        } else {
            format!(", {}", confusion.scope)
        }
    );
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table.matrix {
                caption { (title) }
                thead {
                    tr {
                        th scope="col" { span.axis { "true ↓ said →" } }
                        @for class in &confusion.classes { th.number scope="col" { (class.words()) } }
                        th.number scope="col" { "all" }
                    }
                }
                tbody {
                    @for (row, (class, counts)) in confusion.classes.iter().zip(&confusion.counts).enumerate() {
                        @let all: u64 = counts.iter().sum();
                        tr {
                            th scope="row" { (class.words()) }
                            @for (column, &count) in counts.iter().enumerate() {
                                td class={ "number shade" (shade(count, all)) (if row == column { " right" } else { "" }) } { (count) }
                            }
                            td.number.sum { (all) }
                        }
                    }
                }
            }
        }
    }
}

/// The colour step of a count within its row. Zero has no colour, any other count has one.
fn shade(count: u64, all: u64) -> u64 {
    if count == 0 {
        0
    } else {
        (count * N_SHADES).div_ceil(all.max(1)).min(N_SHADES)
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_mistakes_are_not_invisible() {
        assert_eq!(shade(0, 1000), 0);
        assert_eq!(shade(1, 1000), 1);
        assert_eq!(shade(1000, 1000), N_SHADES);
        assert_eq!(shade(1, 0), N_SHADES);
    }

    #[test]
    fn titles_begin_with_a_capital() {
        assert_eq!(capital("label"), "Label");
        assert_eq!(capital(""), "");
    }
}
