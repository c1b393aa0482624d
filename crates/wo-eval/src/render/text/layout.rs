//! Layout of the text report: tables without borders, and lines of one width.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};
use textwrap::{Options, WordSplitter};

/// A rule under the header and no other lines.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// How many columns of text a line may take.
pub(crate) const WIDTH: u16 = 80;
/// Room between the columns of a table: one for a line that is not drawn, and one of padding.
pub(crate) const GAP: u16 = 2;

/// An empty table; all columns but the first are set to the right. Only the first is broken where there is no room.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP - 1));
    }
    for column in table.column_iter_mut().skip(1) {
        column
            .set_constraint(ColumnConstraint::ContentWidth)
            .set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Sentences, each from the start of a line and broken at the width of a line.
pub(crate) fn lines(sentences: &[String]) -> String {
    wrap_indented("", sentences)
}

/// The same, where all lines of a sentence but its first start with `indent`, which is blanks.
pub(crate) fn wrap_indented(indent: &str, sentences: &[String]) -> String {
    let options = Options::new(usize::from(WIDTH))
        .subsequent_indent(indent)
        .word_splitter(WordSplitter::NoHyphenation);
    let broken = sentences.iter().map(|it| textwrap::fill(it, &options));
    broken.collect::<Vec<_>>().join("\n")
}

/// A table under its title.
pub(crate) fn titled(title: &str, table: &Table) -> String {
    format!("{}\n{}", lines(&[title.to_owned()]), rows(table))
}

/// A table as lines, with a rule as wide as they are.
pub(crate) fn rows(table: &Table) -> String {
    let text = table.trim_fmt();
    let is_rule = |row: &str| row.starts_with('─');
    let widths = text.lines().filter(|row| !is_rule(row));
    let widest = widths.map(|row| row.chars().count()).max().unwrap_or(0);
    let rule = "─".repeat(widest);
    let rows = text
        .lines()
        .map(|row| if is_rule(row) { &rule } else { row });
    rows.collect::<Vec<&str>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_a_line_is_broken() {
        let sentences = ["x".repeat(100), "one two".to_owned(), "y ".repeat(60)];
        let text = wrap_indented("  ", &sentences);
        assert!(text.lines().all(|it| it.chars().count() <= 80), "{text}");
        assert!(text.contains("\n  xxx") && text.contains("\none two\n"));
    }

    #[test]
    fn a_long_name_does_not_widen_a_table() {
        let mut table = table(&["", "balanced accuracy"]);
        table.add_row(["n".repeat(200), "0.83 [0.71, 0.96]".to_owned()]);
        let text = titled("A TABLE", &table);
        assert!(text.lines().all(|it| it.chars().count() <= 80), "{text}");
        assert!(text.contains("0.83 [0.71, 0.96]"), "{text}");
    }
}
