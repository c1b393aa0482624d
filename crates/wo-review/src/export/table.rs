//! The table of all frames.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use wo_cli::Exit;
use wo_folder::Row;

use crate::store::Store;

/// Writes a row for each frame with a label and an image file. Two frames that share an image must have equal rows.
pub(super) fn write_rows(store: &Store, base: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (_, frame, judgement) in store.kept() {
        let path = frame.path.as_ref().map(|path| base.join(path));
        let (Some(path), Some(label)) = (
            path.as_ref().and_then(|path| path.to_str()),
            &judgement.label,
        ) else {
            continue;
        };
        let row = Row {
            frame_path: path.to_owned(),
            label: Some(label.clone()),
            faults: judgement.faults.clone(),
            description: judgement.description.clone(),
        };
        let other = places.get(path).and_then(|&place| rows.get(place));
        match other {
            None => {
                places.insert(path.to_owned(), rows.len());
                rows.push(row);
            }
            Some(other) if *other == row => {}
            Some(_) => {
                wo_cli::bail!(
                    Exit::Integrity,
                    "{path} is the image of two frames with different labels, but a table has one row for it";
                    "give both the same label on the page of wo-review, or export --to ndjson"
                );
            }
        }
    }
    wo_folder::write_table(output, &rows)?;
    Ok(())
}
