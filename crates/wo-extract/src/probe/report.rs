//! The answer for people: a line for each video.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use wo_record::Video;

/// A line under the header and no more.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    rows: Vec<[String; 7]>,
    n_doubtful: usize,
}

impl Report {
    /// Adds a line for `video`.
    pub(super) fn add(&mut self, video: &Video) {
        let dash = || "-".to_owned();
        let size = video.width_px.zip(video.height_px);
        let mut warnings = video.warnings.join(", ");
        if let Some(other) = &video.near_duplicate_of {
            warnings = format!("{warnings} of {}", other.get(..8).unwrap_or(other));
        }
        self.n_doubtful += usize::from(!warnings.is_empty());
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
        ]);
    }

    /// Writes the table and a sentence under it.
    pub(super) fn write(self, output: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["file", "id", "s", "size", "fps", "codec", "warnings"]);
        for column in table.column_iter_mut().skip(2).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let n_videos = self.rows.len();
        for row in self.rows {
            table.add_row(row);
        }
        writeln!(output, "{}", table.trim_fmt())?;
        let n_doubtful = self.n_doubtful;
        writeln!(
            output,
            "\n{n_videos} videos, {n_doubtful} of them with warnings"
        )
    }
}
