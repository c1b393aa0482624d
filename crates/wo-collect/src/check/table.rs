//! The answer for people: a line for each class, what was found, and what to do first.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use wo_cli::escaped;
use wo_record::{Advice, Coverage, FindingLevel, Name};

use crate::check::found::Found;

/// A line under the header and no more.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Writes all of it.
pub(crate) fn write(
    coverage: &[Coverage],
    found: &[Found],
    advice: &[Advice],
    output: &mut dyn Write,
) -> io::Result<()> {
    if !coverage.is_empty() {
        writeln!(output, "{}", classes(coverage))?;
    }
    for (level, title) in [
        (FindingLevel::Mend, "To mend"),
        (FindingLevel::Note, "Good to know"),
    ] {
        let of_level: Vec<&Found> = found
            .iter()
            .filter(|it| it.finding.level == level)
            .collect();
        if of_level.is_empty() {
            continue;
        }
        writeln!(output, "\n{title}")?;
        for it in of_level {
            let what = escaped(&it.finding.what);
            writeln!(output, "- {}: {what}", it.finding.code)?;
            if let Some(hint) = &it.finding.hint {
                writeln!(output, "  {}", escaped(hint))?;
            }
        }
    }
    if advice.is_empty() {
        return writeln!(output, "\nNothing to mend.");
    }
    writeln!(output, "\nWhat to do first")?;
    for it in advice {
        writeln!(output, "{}. {}", it.rank, escaped(&it.what))?;
    }
    Ok(())
}

fn classes(coverage: &[Coverage]) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "exercise",
        "label",
        "videos",
        "persons",
        "gyms and channels",
        "angles",
    ]);
    for column in table.column_iter_mut().skip(2).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in coverage {
        let videos = match line.n_wanted {
            Some(wanted) => format!("{} of {wanted}", line.n_videos),
            None => line.n_videos.to_string(),
        };
        let known = |n: u64, n_without: u64| match n_without {
            0 => n.to_string(),
            n_without => format!("{n}, {n_without} unknown"),
        };
        let angles: Vec<&str> = line.angles.iter().map(Name::as_str).collect();
        table.add_row([
            line.exercise.to_string(),
            line.label.to_string(),
            videos,
            known(line.n_persons, line.n_without_person),
            known(line.n_sources, line.n_without_source),
            angles.join(", "),
        ]);
    }
    table.trim_fmt()
}
