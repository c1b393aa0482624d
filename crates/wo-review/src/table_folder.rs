//! Frames from tables alone: which video each is from, and which number it has there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, LabelOrigin, Name, Row};

use crate::folder::{Folder, FrameItem, TRASH};
use crate::tables::{exercise_of_table, read_rows, tables};

impl Folder {
    /// Frames from tables alone. Which video a frame is from is not written there: frames of one table whose names differ
    /// only in their last number count as one video, as they do for `wo-train`. Rows of deleted frames are in the trash.
    pub(crate) fn read_tables(&mut self) -> anyhow::Result<()> {
        let trash = self.dir.join(TRASH);
        let mut names: BTreeSet<OsString> = BTreeSet::new();
        for dir in [&self.dir, &trash] {
            if dir.is_dir() {
                names.extend(
                    tables(dir)?
                        .iter()
                        .filter_map(|it| Some(it.file_name()?.to_owned())),
                );
            }
        }
        for name in names {
            let mut rows = Vec::new();
            for (dir, is_trash) in [(&self.dir, false), (&trash, true)] {
                let table = dir.join(&name);
                if table.exists() {
                    rows.extend(read_rows(&table)?.into_iter().map(|row| (row, is_trash)));
                }
            }
            self.add_table(&name.to_string_lossy(), rows);
        }
        Ok(())
    }

    fn add_table(&mut self, table: &str, rows: Vec<(Row, bool)>) {
        let mut paths = HashSet::new();
        // In the order of their names, which no deletion changes.
        let mut videos: BTreeMap<String, Vec<(Option<u32>, Row, bool)>> = BTreeMap::new();
        for (row, is_trash) in rows {
            if !paths.insert(row.frame_path.clone()) {
                if !is_trash {
                    wo_cli::warn!(
                        "{table}: {} is there twice; its first row counts",
                        row.frame_path
                    );
                }
                continue;
            }
            let stem = Path::new(&row.frame_path).with_extension("");
            let stem = stem.to_string_lossy();
            let key = stem.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = stem.get(key.len()..).and_then(|digits| digits.parse().ok());
            let key = key.trim_end_matches(['_', '-']).to_owned();
            videos.entry(key).or_default().push((number, row, is_trash));
        }
        for (key, mut rows) in videos {
            let stem = table.trim_end_matches(".csv");
            let video_id = blake3::hash(format!("{stem}/{key}").as_bytes())
                .to_hex()
                .to_string();
            let number = self.video_number(&video_id);
            if let Some(video) = self.videos.get_mut(number as usize) {
                video.table = Some(table.to_owned());
            }
            let numbers: HashSet<u32> = rows.iter().filter_map(|(number, ..)| *number).collect();
            // Where numbers do not tell all apart, the order of the names does.
            if numbers.len() < rows.len() {
                rows.sort_by(|(_, a, _), (_, b, _)| a.frame_path.cmp(&b.frame_path));
                for (place, (number, ..)) in (0..).zip(&mut rows) {
                    *number = Some(place);
                }
            }
            for (number, row, is_trash) in rows {
                let frame = frame_of_row(stem, number.unwrap_or(0), row);
                self.add_frame(&video_id, FrameItem::new(frame, is_trash));
            }
        }
    }
}

fn frame_of_row(table: &str, index: u32, row: Row) -> Frame {
    let label = Name::label(&row.label);
    let faults = row.faults.split([';', ',']).map(Name::new);
    Frame {
        video_id: String::new(),
        index,
        pts_ms: None,
        width_px: None,
        height_px: None,
        image: Image::File {
            path: PathBuf::from(row.frame_path).into(),
            blake3: None,
        },
        exercise: exercise_of_table(table),
        label: Some(label).filter(|label| !label.is_empty()),
        label_origin: Some(LabelOrigin::Csv),
        faults: faults.filter(|fault| !fault.is_empty()).collect(),
        description: Some(row.description).filter(|text| !text.is_empty()),
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    }
}
