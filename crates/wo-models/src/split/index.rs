//! Where the lines of a stream are, by video.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use anyhow::Context;
use wo_record::{Line, Record};

/// The lines of a stream.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Those of each video, by its id.
    by_video: BTreeMap<String, Vec<Place>>,
    /// Those of none.
    others: Vec<Place>,
}

/// Where a line is.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: u64,
    offset: u64,
}

impl Index {
    /// Takes the next line.
    pub(crate) fn take(&mut self, line: &Line) {
        let place = Place {
            number: line.number,
            offset: line.offset,
        };
        match line.record.as_ref().ok().and_then(video_of) {
            None => self.others.push(place),
            Some(id) => match self.by_video.get_mut(id) {
                Some(places) => places.push(place),
                None => {
                    self.by_video.insert(id.to_owned(), vec![place]);
                }
            },
        }
    }

    /// Passes all lines on: those of no video, then those of each video together, in the order of ids.
    pub(crate) fn for_each_line(
        &self,
        spool: &mut File,
        mut each: impl FnMut(Line) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        spool.seek(SeekFrom::Start(0)).context("read the input")?;
        let mut input = BufReader::with_capacity(1 << 16, spool);
        let mut at = 0;
        for place in self.others.iter().chain(self.by_video.values().flatten()) {
            let mut text = String::new();
            input
                .seek_relative(place.offset as i64 - at as i64)
                .and_then(|()| input.read_line(&mut text))
                .context("read the input")?;
            at = place.offset + text.len() as u64;
            let text = text.trim_end_matches(['\r', '\n']);
            let mut line = Line::of_text(text.to_owned())?;
            (line.number, line.offset) = (place.number, place.offset);
            each(line)?;
        }
        Ok(())
    }
}

/// The video that a record is about.
pub(crate) fn video_of(record: &Record) -> Option<&str> {
    match record {
        Record::Video(video) => Some(&video.video_id),
        Record::Frame(frame) => Some(&frame.video_id),
        Record::Dropped(dropped) => Some(&dropped.video_id),
        Record::Pose(pose) => Some(&pose.video_id),
        Record::Prediction(prediction) => Some(&prediction.video_id),
        Record::Verdict(verdict) => Some(&verdict.video_id),
        Record::Error(failure) => failure.video_id.as_deref(),
        _ => None,
    }
}
