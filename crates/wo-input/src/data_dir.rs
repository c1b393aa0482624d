//! A folder of labelled frames to videos: `records.ndjson` where it is there, corrected by the CSVs beside it; else the
//! CSVs alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_record::{
    Failure, Frame, Image, LabelOrigin, Name, ReadError, Reader, Row, Video, read_table,
};

use crate::videos::{VideoItem, videos_of_stream};

/// The stream that `wo-extract --out` leaves in a folder.
const RECORDS: &str = "records.ndjson";

/// What there was in a folder beside its videos.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// The `error` records of its stream.
    pub failures: Vec<Failure>,
    /// How many lines were no records.
    pub n_skipped: u64,
}

/// Reads a folder of labelled frames and hands out its videos. A line of the records that is none goes to `on_bad_line`
/// and is skipped; without it, it is an error.
pub fn videos_of_data_dir(
    directory: &Path,
    max_line: u64,
    on_bad_line: Option<&mut dyn FnMut(&ReadError)>,
    visit: &mut dyn FnMut(VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<Leftovers> {
    let mut rows = table_rows(directory)?;
    let records = directory.join(RECORDS);
    if !records.exists() {
        anyhow::ensure!(
            !rows.is_empty(),
            "{} has neither {RECORDS} nor a CSV with frames\nhint: write one with wo-extract --out {}",
            directory.display(),
            directory.display()
        );
        for item in videos_of_rows(directory, rows) {
            visit(item)?;
        }
        return Ok(Leftovers::default());
    }
    let file = File::open(&records).with_context(|| format!("open {}", records.display()))?;
    let mut input = BufReader::new(file);
    let mut reader = Reader::new(&mut input, max_line);
    if let Some(tell) = on_bad_line {
        reader.skip_bad_lines(tell);
    }
    let failures = videos_of_stream(&mut reader, directory, &mut |mut item| {
        correct(&mut item, &mut rows);
        visit(item)
    })
    .with_context(|| records.display().to_string())?;
    Ok(Leftovers {
        failures,
        n_skipped: reader.n_skipped(),
    })
}

/// All rows of all CSVs in `directory`, by the path of the frame. The file names come in order, so that of two rows
/// for one frame the same one wins each time.
fn table_rows(directory: &Path) -> anyhow::Result<BTreeMap<PathBuf, (String, Row)>> {
    let list = fs::read_dir(directory)
        .with_context(|| format!("read the folder {}", directory.display()))?;
    let mut tables: Vec<PathBuf> = list
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    tables.retain(|path| path.extension().is_some_and(|e| e == "csv"));
    // The file of group keys is a CSV too, but not a table of frames.
    tables.retain(|path| path.file_name().is_none_or(|name| name != "groups.csv"));
    tables.sort();
    let mut rows = BTreeMap::new();
    for table in tables {
        let file = File::open(&table).with_context(|| format!("open {}", table.display()))?;
        let stem = table
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for row in read_table(file).with_context(|| table.display().to_string())? {
            rows.insert(PathBuf::from(&row.frame_path), (stem.clone(), row));
        }
    }
    Ok(rows)
}

/// What the tables say of a video's frames wins over its records.
fn correct(item: &mut VideoItem, rows: &mut BTreeMap<PathBuf, (String, Row)>) {
    let frames = std::mem::take(&mut item.frames);
    for mut frame_item in frames {
        if let Image::File { path, .. } = &frame_item.frame.image
            && let Some((_, row)) = rows.remove(path.as_path())
        {
            let label = Name::label(&row.label);
            if !label.is_empty() && frame_item.frame.label.as_ref() != Some(&label) {
                frame_item.frame.label = Some(label);
                frame_item.frame.label_origin = Some(LabelOrigin::Csv);
            }
            if !row.description.is_empty() {
                frame_item.frame.description = Some(row.description);
            }
        }
        item.push(frame_item.frame, &frame_item.base);
    }
}

/// Videos from tables alone. Which video a frame is from is not written there: frames of one folder whose names differ
/// only in their last number count as one video, which never puts two frames of one video on two sides of a split.
fn videos_of_rows(directory: &Path, rows: BTreeMap<PathBuf, (String, Row)>) -> Vec<VideoItem> {
    let mut videos: BTreeMap<(String, String), VideoItem> = BTreeMap::new();
    for (path, (table, row)) in rows {
        let stem = path.with_extension("").to_string_lossy().into_owned();
        let video_key = stem
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .trim_end_matches(['_', '-'])
            .to_owned();
        let video_id = blake3::hash(format!("{table}/{video_key}").as_bytes())
            .to_hex()
            .to_string();
        let item = videos
            .entry((table.clone(), video_key))
            .or_insert_with(|| VideoItem {
                video: Video {
                    video_id: video_id.clone(),
                    ..Video::default()
                },
                ..VideoItem::default()
            });
        let label = Name::label(&row.label);
        let frame = Frame {
            video_id,
            index: item.frames.len() as u32,
            pts_ms: None,
            width_px: None,
            height_px: None,
            image: Image::File {
                path: path.into(),
                blake3: None,
            },
            exercise: exercise_of_table(&table),
            label_origin: Some(LabelOrigin::Csv),
            faults: row
                .faults
                .split([';', ','])
                .map(Name::new)
                .filter(|name| !name.is_empty())
                .collect(),
            description: (!row.description.is_empty()).then_some(row.description),
            quality: None,
            repetition: None,
            phase: None,
            shot: None,
            label: (!label.is_empty()).then_some(label),
        };
        item.push(frame, directory);
    }
    videos.into_values().collect()
}

/// `squat_good_form` and `squat_good` are tables of the exercise `squat`.
fn exercise_of_table(stem: &str) -> Option<Name> {
    let stem = Name::new(stem);
    ["_good_form", "_bad_form", "_unclear", "_good", "_bad"]
        .iter()
        .find_map(|label| stem.as_str().strip_suffix(label))
        .map(Name::new)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn videos(directory: &Path) -> Vec<VideoItem> {
        let mut items = Vec::new();
        videos_of_data_dir(directory, 1 << 20, None, &mut |item| {
            items.push(item);
            Ok(())
        })
        .unwrap();
        items
    }

    #[test]
    fn tables_alone_never_split_what_may_be_one_video() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("squat_good_form.csv"),
            "frame_path,label,description\n\
             frames_squat_good/a_001.jpg,good_form,upright\n\
             frames_squat_good/a_002.jpg,good_form,upright\n\
             frames_squat_good/b_001.jpg,good_form,upright\n",
        )
        .unwrap();
        let items = videos(folder.path());
        assert_eq!(
            items.iter().map(|i| i.frames.len()).collect::<Vec<_>>(),
            [2, 1]
        );
        assert_eq!(items[0].video.exercise, Some("squat".into()));
        assert_eq!(items[0].video.label, Some("good_form".into()));
    }

    #[test]
    fn a_table_corrects_the_records() {
        let folder = tempfile::tempdir().unwrap();
        let records = [
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#,
            r#"{"type":"video","video_id":"a","path":"a.mp4","label":"good_form","exercise":"squat"}"#,
            r#"{"type":"frame","video_id":"a","index":0,"exercise":"squat","label":"good_form","image":{"file":{"path":"f/a.jpg"}}}"#,
            r#"{"type":"end","n_videos":1,"n_frames":1,"n_errors":0}"#,
        ];
        fs::write(folder.path().join(RECORDS), records.join("\n")).unwrap();
        fs::write(
            folder.path().join("squat_good_form.csv"),
            "frame_path,label,description\nf/a.jpg,bad,caved\n",
        )
        .unwrap();
        let items = videos(folder.path());
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].video.label, Some("bad_form".into()));
        assert_eq!(
            items[0].frames[0].frame.description.as_deref(),
            Some("caved")
        );
    }
}
