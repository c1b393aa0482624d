//! Frames from tables alone: which video each is from, and which number it has there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, LabelOrigin};

use crate::files::Files;
use crate::names::{TRASH, exercise_of_table};
use crate::place::Place;
use crate::rows::{say_workbooks, tables, troubles};
use crate::table::{Row, read_table};

/// Frames that count as one video.
#[derive(Debug)]
pub struct TableVideo {
    /// Its id: a hash of the table's name and of what the names of its frames have in common.
    pub video_id: String,
    /// The file name of the table.
    pub table: String,
    /// Its frames, in the order of their numbers.
    pub frames: Vec<TableFrame>,
}

/// A frame from a row.
#[derive(Debug)]
pub struct TableFrame {
    /// The frame.
    pub frame: Frame,
    /// Whether its row lies in the trash.
    pub is_trash: bool,
}

/// The videos of a folder that has tables and no records. Which video a frame is from is not written there: frames of one
/// table whose names differ only in their last number count as one video, which never puts two frames of one video on two
/// sides of a split. Rows of deleted frames are in the trash.
pub fn videos_of_tables(dir: &Path) -> anyhow::Result<Vec<TableVideo>> {
    say_workbooks(dir)?;
    let trash = dir.join(TRASH);
    let mut names: BTreeSet<OsString> = BTreeSet::new();
    for dir in [dir, &trash] {
        if dir.is_dir() {
            let tables = tables(dir)?;
            names.extend(
                tables
                    .iter()
                    .filter_map(|it| Some(it.file_name()?.to_owned())),
            );
        }
    }
    let files = Files::of(Place::of_folder(dir)?)?;
    let mut videos = Vec::new();
    for name in names {
        let mut rows = Vec::new();
        for (dir, is_trash) in [(dir, false), (&trash, true)] {
            let table = dir.join(&name);
            if table.exists() {
                let read = read_table(&table)?;
                for trouble in troubles(&table, &read) {
                    wo_cli::warn!("{trouble}");
                }
                rows.extend(
                    read.rows
                        .into_iter()
                        .map(|(line, row)| (line, row, is_trash)),
                );
            }
        }
        add_table(&name.to_string_lossy(), rows, &files, &mut videos);
    }
    Ok(videos)
}

type Numbered = (Option<u32>, Row, bool);

fn add_table(table: &str, rows: Vec<(u64, Row, bool)>, files: &Files, all: &mut Vec<TableVideo>) {
    let mut paths: HashSet<String> = HashSet::new();
    // In the order of their names, which no deletion changes.
    let mut videos: BTreeMap<String, Vec<Numbered>> = BTreeMap::new();
    for (line, mut row, is_trash) in rows {
        row.frame_path = files.spelt(&row.frame_path);
        if !paths.insert(row.frame_path.clone()) {
            if !is_trash {
                wo_cli::warn!(
                    "{table}:{line}: {} is there twice; its first row counts\nhint: delete one of the two rows",
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
    let stem = Path::new(table).with_extension("");
    let stem = stem.to_string_lossy();
    for (key, mut rows) in videos {
        let numbers: HashSet<u32> = rows.iter().filter_map(|(number, ..)| *number).collect();
        // Where numbers do not tell all apart, the order of the names does.
        if numbers.len() < rows.len() {
            rows.sort_by(|(_, a, _), (_, b, _)| a.frame_path.cmp(&b.frame_path));
            for (place, (number, ..)) in (0..).zip(&mut rows) {
                *number = Some(place);
            }
        }
        rows.sort_by_key(|(number, ..)| *number);
        let video_id = blake3::hash(format!("{stem}/{key}").as_bytes())
            .to_hex()
            .to_string();
        let frames = rows.into_iter().map(|(number, row, is_trash)| TableFrame {
            frame: frame_of_row(&video_id, &stem, number.unwrap_or(0), row),
            is_trash,
        });
        all.push(TableVideo {
            frames: frames.collect(),
            table: table.to_owned(),
            video_id,
        });
    }
}

fn frame_of_row(video_id: &str, table: &str, index: u32, row: Row) -> Frame {
    Frame {
        video_id: video_id.to_owned(),
        index,
        pts_ms: None,
        width_px: None,
        height_px: None,
        image: Image::File {
            path: PathBuf::from(row.frame_path).into(),
            blake3: None,
        },
        exercise: exercise_of_table(table),
        label: row.label,
        label_origin: Some(LabelOrigin::Csv),
        faults: row.faults,
        description: row.description,
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn tables_alone_never_split_what_may_be_one_video() {
        let folder = tempfile::tempdir().unwrap();
        let table = "frame_path,label,description\n\
             frames_squat_good/a_001.jpg,good_form,upright\n\
             frames_squat_good/a_002.jpg,good_form,upright\n\
             frames_squat_good/b_001.jpg,good_form,upright\n";
        fs::write(folder.path().join("squat_good_form.csv"), table).unwrap();
        let videos = videos_of_tables(folder.path()).unwrap();
        let n_frames: Vec<usize> = videos.iter().map(|it| it.frames.len()).collect();
        assert_eq!(n_frames, [2, 1]);
        let frame = &videos[0].frames[1].frame;
        assert_eq!((frame.index, &frame.exercise), (2, &Some("squat".into())));
    }
}
