//! The answer for people: a line for each video, and what the words in it mean.

use std::collections::BTreeSet;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use wo_record::Video;

use super::finding::LEGEND;

/// A line under the header and no more.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<[String; 8]>,
    words: BTreeSet<String>,
    n_with_warnings: usize,
    n_with_notes: usize,
}

impl Report {
    /// Adds a line for `video`.
    pub(super) fn add(&mut self, video: &Video) {
        let dash = || "-".to_owned();
        let size = video.width_px.zip(video.height_px);
        let words = video.warnings.iter().map(|word| named(word, video));
        let warnings = words.collect::<Vec<_>>().join(", ");
        self.n_with_warnings += usize::from(!video.warnings.is_empty());
        self.n_with_notes += usize::from(video.warnings.is_empty() && !video.notes.is_empty());
        self.words
            .extend(video.warnings.iter().chain(&video.notes).cloned());
        self.rows.push([
            video.path.as_ref().map_or_else(dash, ToString::to_string),
            video.video_id.get(..8).unwrap_or_default().to_owned(),
            video
                .duration_ms
                .map_or_else(dash, |ms| format!("{:.1}", ms / 1000.0)),
            size.map_or_else(dash, |(width, height)| format!("{width}x{height}")),
            video
                .frame_rate_hz
                .map_or_else(dash, |hz| format!("{hz:.3}")),
            video.codec.clone().unwrap_or_else(dash),
            warnings,
            video.notes.join(", "),
        ]);
    }

    /// Writes the table, what its words mean, and a sentence under it.
    pub(super) fn write(self, output: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header([
            "file", "id", "s", "size", "fps", "codec", "warnings", "notes",
        ]);
        for column in table.column_iter_mut().skip(2).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let n_videos = self.rows.len();
        for row in self.rows {
            table.add_row(row);
        }
        writeln!(output, "{}\n", table.trim_fmt())?;
        for (word, meaning) in LEGEND {
            if self.words.contains(word) {
                writeln!(output, "{word}: {meaning}")?;
            }
        }
        let (warned, noted) = (self.n_with_warnings, self.n_with_notes);
        let videos = if n_videos == 1 { "video" } else { "videos" };
        writeln!(
            output,
            "{n_videos} {videos}: {warned} with warnings, {noted} with notes only"
        )
    }
}

/// A warning as people read it: with what it is about.
fn named(word: &str, video: &Video) -> String {
    let other = video.duplicate_of.as_ref();
    match (word, video.n_damaged, other) {
        ("damaged", Some(1), _) => format!("{word} (1 frame)"),
        ("damaged", Some(n), _) => format!("{word} ({n} frames)"),
        ("duplicate", _, Some(other)) => format!("{word} of {other}"),
        // The twin is named already.
        ("near_duplicate", _, Some(other))
            if !video.warnings.iter().any(|it| it == "duplicate") =>
        {
            format!("{word} of {other}")
        }
        _ => word.to_owned(),
    }
}
