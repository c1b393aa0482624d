//! Reads a folder of labelled frames into videos: from `records.ndjson` with people's corrections, or else from the
//! CSVs alone.

use std::collections::HashSet;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use wo_cli::{CaptionsFlag, Hint};
use wo_folder::{
    Corrections, Kept, RECORDS, TableVideo, captions_in_force, cure_of_records, folder_of_records,
    no_frames, tables_not_read, videos_of_tables,
};
use wo_record::{Failure, ReadError, Reader, Video};

use crate::videos::{VideoItem, videos_of_stream};

/// What a folder holds beside videos.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// The `error` records of its stream.
    pub failures: Vec<Failure>,
    /// The number of malformed lines.
    pub n_skipped: u64,
}

/// People's corrections of the frames of a stream. There are none unless the stream is the records of a folder of
/// frames.
#[derive(Debug, Default)]
pub struct StreamCorrections(Option<Corrections>);

impl StreamCorrections {
    /// For the file that a stream is read from; a pipe has none.
    pub fn of_input(input: Option<&Path>, captions: &CaptionsFlag) -> anyhow::Result<Self> {
        if let Some(sentence) = tables_not_read(input, &[]) {
            wo_cli::warn_line(&sentence);
        }
        let Some(dir) = input.and_then(folder_of_records) else {
            if let Some(file) = &captions.captions {
                wo_cli::check_file(file)?;
                wo_cli::warn!(
                    "{} describes nothing here: a stream is taken with the descriptions that it comes with",
                    file.display();
                    "give --captions to wo-describe"
                );
            }
            return Ok(Self(None));
        };
        let corrections = Corrections::of_folder(dir, captions_in_force(captions)?)?;
        Ok(Self(Some(corrections)))
    }

    /// A video with people's corrections. `None` if they deleted all of its frames.
    pub fn apply(&self, item: VideoItem) -> Option<VideoItem> {
        match &self.0 {
            Some(corrections) => corrected(item, corrections),
            None => Some(item),
        }
    }

    /// Reports corrections that matched no video.
    pub fn finish(&self) -> anyhow::Result<()> {
        self.0.as_ref().map_or(Ok(()), Corrections::finish)
    }
}

/// Reads a folder of labelled frames and passes its videos to `visit`. A frame that a person relabelled gets its
/// description from the captions table. A malformed line of the records goes to `on_bad_line` and is skipped; without
/// `on_bad_line` it is an error.
pub fn videos_of_data_dir(
    directory: &Path,
    captions: &CaptionsFlag,
    max_line: u64,
    on_bad_line: Option<&mut dyn FnMut(&ReadError)>,
    visit: &mut dyn FnMut(VideoItem) -> anyhow::Result<()>,
) -> anyhow::Result<Leftovers> {
    let records = directory.join(RECORDS);
    let corrections = Corrections::of_folder(directory, captions_in_force(captions)?)?;
    if !records.exists() {
        let videos = videos_of_tables(directory, &corrections)?;
        if videos.iter().all(|video| video.frames.is_empty()) {
            return Err(no_frames(directory, "wo-train --data-dir"));
        }
        for video in videos {
            if let Some(item) = item_of(video, directory, &corrections) {
                visit(item)?;
            }
        }
        corrections.finish()?;
        return Ok(Leftovers::default());
    }
    let file =
        wo_cli::open_file(&records).with_context(|| format!("open {}", records.display()))?;
    let mut input = BufReader::new(file);
    let mut reader = Reader::new(&mut input, max_line);
    if let Some(tell) = on_bad_line {
        reader.skip_bad_lines(tell);
    }
    let read = videos_of_stream(&mut reader, directory, &mut |item| match corrected(
        item,
        &corrections,
    ) {
        Some(item) => visit(item),
        None => Ok(()),
    });
    let failures = match read {
        // An error of `visit` is not about the records.
        Err(error) if wo_cli::cause::<ReadError>(&error).is_none() => return Err(error),
        read => read
            .with_context(|| records.display().to_string())
            .hint_with(|| cure_of_records(&records))?,
    };
    corrections.finish()?;
    Ok(Leftovers {
        failures,
        n_skipped: reader.n_skipped(),
    })
}

/// A video with people's corrections. `None` if they deleted all of its frames, now or before an earlier run.
fn corrected(mut item: VideoItem, corrections: &Corrections) -> Option<VideoItem> {
    let frames = std::mem::take(&mut item.frames);
    let had_frames = !frames.is_empty() || item.video.n_frames == Some(0);
    let path = item.video.path.clone();
    let path = path.as_ref().map(wo_record::RecordPath::as_path);
    for mut frame_item in frames {
        if corrections.correct(&mut frame_item.frame, path, None).kept == Kept::Yes {
            item.push(frame_item.frame, &frame_item.base);
        }
    }
    let there: HashSet<u32> = item.frames.iter().map(|it| it.frame.index).collect();
    item.poses.retain(|pose| there.contains(&pose.index));
    (!had_frames || !item.frames.is_empty()).then_some(item)
}

/// A video known only from rows of a table. It is named after the table, which has no faults.
fn item_of(video: TableVideo, directory: &Path, corrections: &Corrections) -> Option<VideoItem> {
    let mut item = VideoItem {
        video: Video {
            video_id: video.video_id,
            path: Some(directory.join(video.name).into()),
            ..Video::default()
        },
        ..VideoItem::default()
    };
    for of_table in video.frames.into_iter().filter(|frame| !frame.is_trash) {
        let mut frame = of_table.frame;
        if corrections.correct(&mut frame, None, None).kept == Kept::Yes {
            item.push(frame, directory);
        }
    }
    (!item.frames.is_empty()).then_some(item)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn videos(directory: &Path) -> Vec<VideoItem> {
        let mut items = Vec::new();
        videos_of_data_dir(
            directory,
            &CaptionsFlag::default(),
            1 << 20,
            None,
            &mut |mut item| {
                item.settle();
                items.push(item);
                Ok(())
            },
        )
        .unwrap();
        items
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

    #[test]
    fn a_video_whose_frames_are_all_deleted_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let records = [
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#,
            r#"{"type":"video","video_id":"a","path":"a.mp4","n_frames":0}"#,
            r#"{"type":"video","video_id":"b","path":"b.mp4"}"#,
            r#"{"type":"end","n_videos":2,"n_frames":0,"n_errors":0}"#,
        ];
        fs::write(folder.path().join(RECORDS), records.join("\n")).unwrap();
        let items = videos(folder.path());
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].video.video_id, "b");
    }

    #[test]
    fn tables_alone_are_corrected_as_records_are() {
        let folder = tempfile::tempdir().unwrap();
        let table = "frame_path,label,description\nf/a.jpg,good,\nf/a.jpg,bad,caved\n";
        fs::write(folder.path().join("squat_good_form (1).csv"), table).unwrap();
        let items = videos(folder.path());
        let frame = &items[0].frames[0].frame;
        assert_eq!(frame.label, Some("bad_form".into()), "the last row counts");
        assert_eq!(items[0].video.exercise, Some("squat".into()));
        let name = items[0].video.path.as_ref().unwrap().to_string();
        assert!(name.ends_with("squat_good_form (1).csv:f/a"), "{name}");
        let other = "frame_path,label,description\nf/a.jpg,unclear,\n";
        fs::write(folder.path().join("squat_good_form.csv"), other).unwrap();
        let flag = CaptionsFlag::default();
        let error =
            videos_of_data_dir(folder.path(), &flag, 1 << 20, None, &mut |_| Ok(())).unwrap_err();
        let words = format!("{error:#}");
        assert!(
            words.contains("two tables contradict each other"),
            "{words}"
        );
    }
}
