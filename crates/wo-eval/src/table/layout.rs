//! How the report is set: tables without cages, lines of one width, figures with their intervals.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use wo_record::Score;

/// A line under the header and no more: the figures are to be seen, not their cage.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// How many columns of text a table may take.
pub(super) const WIDTH: u16 = 100;
/// An empty table; all columns but the first are set to the right.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Sentences, each from the start of a line and broken at the width of a table.
pub(super) fn lines(sentences: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        let mut column = 0;
        for word in sentence.split(' ') {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > usize::from(WIDTH) {
                text.push('\n');
                column = 0;
            }
            if column > 0 {
                text.push(' ');
                column += 1;
            }
            text.push_str(word);
            column += width;
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// A table under its title.
pub(super) fn titled(title: &str, table: &Table) -> String {
    format!("{title}\n{}", table.trim_fmt())
}

/// `0.82 [0.71, 0.92]`, `0.82 [-]`, or `-`.
pub(super) fn shown(score: Option<&Score>) -> String {
    match score.and_then(ends) {
        Some((low, high)) => format!("{} [{low:.2}, {high:.2}]", value(score)),
        None if score.is_some_and(|score| score.value.is_some()) => format!("{} [-]", value(score)),
        None => value(score),
    }
}

/// `0.82` or `-`.
pub(super) fn value(score: Option<&Score>) -> String {
    score
        .and_then(|score| score.value)
        .map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

/// The ends of the interval, where there is one.
pub(super) fn ends(score: &Score) -> Option<(f64, f64)> {
    Some((score.low?, score.high?))
}
