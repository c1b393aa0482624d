//! Frames of a folder that has tables and no records: the video of each, and its number there.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, LabelOrigin};

use crate::corrections::Corrections;
use crate::names::{exercise_of_image, exercise_of_table, parts_of_frame_name};
use crate::tables::rows::{RowOfImage, Rows};
use crate::tables::table::Row;

/// Frames that count as one video.
#[derive(Debug)]
pub struct TableVideo {
    /// Its id: the one that the names of its frames begin with, or a hash of the table's name and of what the names have in
    /// common.
    pub video_id: String,
    /// What to call it: its table, and what the paths of its frames have in common.
    pub name: String,
    /// Its frames, in the order of their numbers.
    pub frames: Vec<TableFrame>,
}

/// A frame from a row.
#[derive(Debug)]
pub struct TableFrame {
    /// The frame, as its row says that it is.
    pub frame: Frame,
    /// Whether its row lies in the trash.
    pub is_trash: bool,
}

/// A frame that has no number yet.
struct Unnumbered<'a> {
    number: Option<u32>,
    path: PathBuf,
    pts_ms: Option<f64>,
    table: &'a str,
    row: &'a Row,
    is_trash: bool,
}

/// The videos of a folder that has tables and no records. The names that `wo-extract` gives images say which video they are
/// from. Of other images that is not written anywhere: those of one table whose names differ only in their last number count
/// as one video, which never puts two frames of one video on two sides of a split. Rows of deleted frames are in the trash.
///
/// What else people said of the frames is for [`Corrections::correct`].
pub fn videos_of_tables(dir: &Path, corrections: &Corrections) -> anyhow::Result<Vec<TableVideo>> {
    let Some(rows) = corrections.rows_of_folder() else {
        return Ok(Vec::new());
    };
    let trash = Rows::of_trash(dir)?;
    // In the order of their names, which no deletion changes.
    let mut videos: BTreeMap<String, Vec<Unnumbered<'_>>> = BTreeMap::new();
    let mut keys: HashSet<&Path> = HashSet::new();
    for (rows, is_trash) in [(rows, false), (&trash, true)] {
        for said in rows.said() {
            if keys.insert(said.key) {
                let (video, mut frame) = placed(&said, rows);
                frame.is_trash = is_trash;
                videos.entry(video).or_default().push(frame);
            }
        }
    }
    Ok(videos.into_iter().map(video_of).collect())
}

/// The name of the video that a row is of, and its frame.
fn placed<'a>(said: &RowOfImage<'a>, rows: &Rows) -> (String, Unnumbered<'a>) {
    let path = rows.files().spelt(said.key);
    let table = said.table.file_stem().and_then(|it| it.to_str());
    let table = table.unwrap_or_default();
    let frame = |number, pts_ms| Unnumbered {
        number,
        path: path.clone(),
        pts_ms,
        table,
        row: said.row,
        is_trash: false,
    };
    let name = path.file_stem().and_then(|it| it.to_str());
    if let Some((id, index, pts_ms)) = name.and_then(parts_of_frame_name) {
        return (id.to_owned(), frame(Some(index), Some(pts_ms as f64)));
    }
    let stem = path.with_extension("");
    let stem = stem.to_string_lossy();
    let common = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = stem.get(common.len()..).and_then(|it| it.parse().ok());
    let common = common.trim_end_matches(['_', '-']);
    (format!("{table}/{common}"), frame(number, None))
}

fn video_of((name, mut frames): (String, Vec<Unnumbered<'_>>)) -> TableVideo {
    let numbers: HashSet<u32> = frames.iter().filter_map(|it| it.number).collect();
    // Where numbers do not tell all apart, the order of the names does.
    frames.sort_by(|a, b| a.path.cmp(&b.path));
    if numbers.len() < frames.len() {
        for (place, frame) in (0..).zip(&mut frames) {
            frame.number = Some(place);
        }
    }
    frames.sort_by_key(|it| it.number);
    let table = frames.first().map_or("", |it| it.table);
    let (video_id, name) = match name.strip_prefix(table).and_then(|it| it.strip_prefix('/')) {
        Some(common) => {
            let id = blake3::hash(name.as_bytes()).to_hex().to_string();
            (id, format!("{table}.csv:{common}"))
        }
        None => (name.clone(), format!("{table}.csv:{name}")),
    };
    let frames = frames.into_iter().map(|it| TableFrame {
        is_trash: it.is_trash,
        frame: frame_of(&video_id, it),
    });
    TableVideo {
        frames: frames.collect(),
        video_id,
        name,
    }
}

fn frame_of(video_id: &str, it: Unnumbered<'_>) -> Frame {
    Frame {
        video_id: video_id.to_owned(),
        index: it.number.unwrap_or(0),
        pts_ms: it.pts_ms,
        width_px: None,
        height_px: None,
        exercise: exercise_of_table(it.table).or_else(|| exercise_of_image(&it.path)),
        image: Image::File {
            path: it.path.into(),
            blake3: None,
        },
        label: it.row.label.clone(),
        label_origin: Some(LabelOrigin::Csv),
        faults: it.row.faults.clone(),
        description: it.row.description.clone(),
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use wo_label::Captions;

    use super::*;

    fn videos(tables: &[(&str, &str)], images: &[&str]) -> (tempfile::TempDir, Vec<TableVideo>) {
        let folder = tempfile::tempdir().unwrap();
        for image in images {
            let path = folder.path().join(image);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        for (name, rows) in tables {
            let table = format!("frame_path,label,description\n{rows}");
            fs::write(folder.path().join(name), table).unwrap();
        }
        let corrections = Corrections::of_folder(folder.path(), Captions::embedded()).unwrap();
        let videos = videos_of_tables(folder.path(), &corrections).unwrap();
        (folder, videos)
    }

    fn told(video: &TableVideo) -> Vec<(u32, Option<String>)> {
        let frames = video.frames.iter().map(|it| &it.frame);
        let label = |frame: &Frame| frame.label.as_ref().map(ToString::to_string);
        frames.map(|frame| (frame.index, label(frame))).collect()
    }

    #[test]
    fn tables_alone_never_split_what_may_be_one_video() {
        let rows = "frames_squat_good/a_001.jpg,good_form,upright\n\
             frames_squat_good/a_002.jpg,good_form,upright\n\
             frames_squat_good/b_001.jpg,good_form,upright\n";
        let (_folder, videos) = videos(&[("squat_good_form.csv", rows)], &[]);
        let n_frames: Vec<usize> = videos.iter().map(|it| it.frames.len()).collect();
        assert_eq!(n_frames, [2, 1]);
        let frame = &videos[0].frames[1].frame;
        assert_eq!((frame.index, &frame.exercise), (2, &Some("squat".into())));
        assert_eq!(videos[0].name, "squat_good_form.csv:frames_squat_good/a");
    }

    #[test]
    fn frames_that_wo_extract_named_are_of_the_video_that_they_name() {
        let id = "0123456789abcdef";
        let row = |index: u32, label: &str| {
            let pts_ms = index * 700;
            format!("frames_squat_good/{id}_{index:03}_{pts_ms:07}.jpg,{label},\n")
        };
        let good = [row(0, "good"), row(1, "good")].concat();
        let tables = [
            ("squat_good_form (1).csv", good.as_str()),
            ("squat_bad_form.csv", &row(2, "bad")),
        ];
        let (_folder, videos) = videos(&tables, &[]);
        assert_eq!(videos.len(), 1, "{videos:?}");
        assert_eq!(videos[0].video_id, id);
        let good = Some("good_form".to_owned());
        let expected = [
            (0, good.clone()),
            (1, good),
            (2, Some("bad_form".to_owned())),
        ];
        assert_eq!(told(&videos[0]), expected);
        let exercises = videos[0].frames.iter().map(|it| &it.frame.exercise);
        assert!(exercises.clone().all(|it| *it == Some("squat".into())));
    }

    #[test]
    fn of_two_rows_the_last_counts_and_paths_are_those_of_the_disk() {
        let decomposed = "f/Mu\u{308}ller_1.jpg";
        let rows = "f/M\u{fc}ller_1.jpg,good,\nF/B_1.JPG,good,\n./f/b_1.jpg,bad,\n";
        let (_folder, videos) = videos(&[("squat_good.csv", rows)], &[decomposed, "f/b_1.jpg"]);
        let all: Vec<_> = videos.iter().flat_map(told).collect();
        let labels = ["good_form", "bad_form"].map(|it| Some(it.to_owned()));
        let mut said: Vec<_> = all.into_iter().map(|(_, label)| label).collect();
        said.sort_by_key(|it| it != &labels[0]);
        assert_eq!(said, labels);
        let is_spelt = |it: &TableVideo| {
            let Image::File { path, .. } = &it.frames[0].frame.image else {
                return false;
            };
            [decomposed, "f/b_1.jpg"]
                .map(Path::new)
                .contains(&path.as_path())
        };
        assert!(videos.iter().all(is_spelt), "{videos:?}");
    }
}
