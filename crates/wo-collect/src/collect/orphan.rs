//! Videos whose rows are gone or name another part or address now. They stay, and models are trained on them.

use std::collections::HashSet;
use std::path::Path;

use wo_cli::{count, message, named, verb};

use crate::collect::report::Report;
use crate::collect::target::Target;
use crate::history::History;
use crate::provenance::Said;
use crate::sources::SourcesTable;
use crate::video_files::VideoFiles;

/// Names them, with what to do.
pub(super) fn say_orphans(
    table: &SourcesTable,
    history: &History,
    files: &VideoFiles,
    videos: &Path,
    report: &Report<'_>,
) {
    let keys: HashSet<String> = table.rows.iter().map(|it| Target::of_row(it).key).collect();
    // An entry of a playlist has the row of its playlist.
    let part = |said: &Said| {
        (
            said.url.clone(),
            format!("{:?}", (said.start_s, said.end_s)),
        )
    };
    let parts: HashSet<_> = table.rows.iter().map(|it| part(&it.said)).collect();
    // A row that cannot be used is named elsewhere.
    let bad: HashSet<&str> = table.bad_rows.iter().map(|it| it.url.as_str()).collect();
    let orphans = history.kept().filter(|it| {
        !keys.contains(&it.address)
            && !parts.contains(&part(&it.said))
            && !bad.contains(it.said.url.as_str())
    });
    let mut paths: Vec<&str> = orphans
        .filter_map(|it| files.place_of(&it.file.path))
        .collect();
    paths.sort_unstable();
    if paths.is_empty() {
        return;
    }
    let n = paths.len();
    let first = videos.join(paths.first().copied().unwrap_or_default());
    report.say_of_table(message!(
        "{} {} no row any more that names the same address, start and end, and {} in use: {}",
        count(n, "video"), verb(n, "has", "have"), verb(n, "stays", "stay"), named(paths);
        "delete what is not wanted, such as: rm {}", wo_cli::shell_word(&first);
        "or write the row again as it was"
    ));
}
