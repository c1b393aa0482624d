//! Cuts a stream of records. It is read twice: who is in one group is known only at its end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Input, bail, open_named, open_stream};
use wo_folder::stream_error;
use wo_record::{Failure, Group, Reader, Record, Shard, Video, keys_of};

use crate::{Item, ShardNumber, cut};

/// Which records of a stream are in a shard.
#[derive(Debug)]
pub struct StreamCut {
    shard: Shard,
    /// Whether each video is in it; `None` where the whole stream is this shard.
    videos: Option<HashMap<String, bool>>,
}

impl StreamCut {
    /// Of all videos of a whole.
    fn of_videos(items: &[Item], ids: Vec<String>, number: ShardNumber) -> Self {
        let (taken, shard) = cut(items, number);
        Self {
            shard,
            videos: Some(ids.into_iter().zip(taken).collect()),
        }
    }

    /// What a stream of this shard says of itself.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Whether a record is in this shard. What is about no video is in the first one.
    pub fn takes(&self, record: &Record) -> bool {
        match record {
            Record::Begin(_) | Record::End(_) => true,
            Record::Video(it) => self.takes_video(&it.video_id),
            Record::Frame(it) => self.takes_video(&it.video_id),
            Record::Dropped(it) => self.takes_video(&it.video_id),
            Record::Pose(it) => self.takes_video(&it.video_id),
            Record::Verdict(it) => self.takes_video(&it.video_id),
            Record::Prediction(it) => self.takes_video(&it.video_id),
            Record::Error(it) => self.takes_failure(it),
            _ => self.takes_others(),
        }
    }

    /// Whether a video is in this shard.
    pub fn takes_video(&self, video_id: &str) -> bool {
        let Some(videos) = &self.videos else {
            return true;
        };
        let is_taken = videos.get(video_id).copied();
        is_taken.unwrap_or_else(|| self.takes_others())
    }

    /// Whether an error is in this shard.
    pub fn takes_failure(&self, failure: &Failure) -> bool {
        match &failure.video_id {
            Some(video_id) => self.takes_video(video_id),
            None => self.takes_others(),
        }
    }

    /// Whether what is about no video is in this shard.
    pub fn takes_others(&self) -> bool {
        self.videos.is_none() || self.shard.index == 1
    }
}

/// A video as a thing to cut. The same file in two places is one.
fn item_of(video: &Video) -> Item {
    let own = Group::of_video_id(&video.video_id);
    Item {
        name: own.to_string(),
        keys: keys_of(video).into_iter().chain([own]).collect(),
    }
}

/// Opens the input at `path`, or `stdin`, as [`open_stream`] does, and says which of its records are in shard `number`. What
/// is no file on a disk is copied to a temporary one, since it is read twice.
pub fn cut_stream<'a>(
    path: Option<&Path>,
    stdin: &'a mut dyn BufRead,
    max_line: u64,
    number: ShardNumber,
) -> anyhow::Result<(String, Input<'a>, StreamCut)> {
    if let Some(path) = path.filter(|path| path.is_file()) {
        let cut = cut_file(path, max_line, number)?;
        let (name, input) = open_named(path)?;
        return Ok((name, input, cut));
    }
    let (name, input) = open_stream(path, stdin)?;
    let (cut, copy) = copied(input, max_line, number).with_context(|| name.clone())?;
    Ok((name, Input::of_file(copy), cut))
}

/// Which records of the file at `path` are in shard `number`.
pub fn cut_file(path: &Path, max_line: u64, number: ShardNumber) -> anyhow::Result<StreamCut> {
    let (name, mut input) = open_named(path)?;
    read_through(&mut input, max_line, number).context(name)
}

/// Reads a stream through, and copies it.
fn copied(
    input: Input<'_>,
    max_line: u64,
    number: ShardNumber,
) -> anyhow::Result<(StreamCut, File)> {
    let copying = "copy the input to a temporary file";
    let file = tempfile::tempfile().context(copying).exit_with(Exit::Io)?;
    let mut copying_input = BufReader::new(Copying {
        input,
        copy: BufWriter::new(file),
    });
    let cut = read_through(&mut copying_input, max_line, number)?;
    let copy = copying_input.into_inner().copy.into_inner();
    let copy = copy.map_err(io::IntoInnerError::into_error);
    let mut copy = copy.context(copying).exit_with(Exit::Io)?;
    copy.rewind().context(copying).exit_with(Exit::Io)?;
    Ok((cut, copy))
}

/// Reads a stream to its end for the groups of its videos. Bad lines are for the second pass to report.
fn read_through(
    input: &mut dyn BufRead,
    max_line: u64,
    number: ShardNumber,
) -> anyhow::Result<StreamCut> {
    let mut reader = Reader::new(input, max_line);
    reader.skip_bad_lines(|_| ());
    let (mut items, mut ids) = (Vec::new(), Vec::new());
    while let Some(line) = reader.next_line().map_err(stream_error)? {
        if let Ok(Record::Video(video)) = line.record {
            items.push(item_of(&video));
            ids.push(video.video_id);
        }
    }
    match reader.lone_shard() {
        Some(lone) => whole_shard(lone, number),
        None => Ok(StreamCut::of_videos(&items, ids, number)),
    }
}

/// An input that is a shard already is that shard.
fn whole_shard(lone: &Shard, number: ShardNumber) -> anyhow::Result<StreamCut> {
    if !number.is(lone) {
        bail!(
            Exit::Usage,
            "the input is shard {lone} already, so shard {number} cannot be cut out of it";
            "give --shard {lone}, or the whole input"
        );
    }
    Ok(StreamCut {
        shard: lone.clone(),
        videos: None,
    })
}

/// An input whose bytes are kept as they are read.
struct Copying<'a> {
    input: Input<'a>,
    copy: BufWriter<File>,
}

impl Read for Copying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let came = self.input.fill_buf()?;
        let n = came.len().min(buffer.len());
        buffer[..n].copy_from_slice(&came[..n]);
        self.copy.write_all(&buffer[..n])?;
        self.input.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wo_testkit::stream;

    use super::*;

    fn lines() -> Vec<String> {
        let mut lines = Vec::new();
        for number in 0..12 {
            let person = number % 5;
            lines.push(format!(
                r#"{{"type":"video","video_id":"v{number}","person_id":"p {person}"}}"#
            ));
            lines.push(format!(
                r#"{{"type":"frame","video_id":"v{number}","index":0,"image":{{"inline":{{"jpeg_base64":""}}}}}}"#
            ));
        }
        for of in [r#","video_id":"v3""#, ""] {
            lines.push(format!(
                r#"{{"type":"error","code":"c","what":"w","tool":"t"{of}}}"#
            ));
        }
        lines
    }

    /// The lines of a stream that a shard takes, read behind the cut.
    fn taken(text: &str, number: &str) -> (Vec<String>, Shard) {
        let mut stdin = text.as_bytes();
        let number = number.parse().expect("a shard");
        let (name, mut input, cut) = cut_stream(None, &mut stdin, 1000, number).expect("a stream");
        assert_eq!(name, "<stdin>");
        let mut reader = Reader::new(&mut input, 1000);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().expect("a stream") {
            let record = line.record.expect("a known type");
            if cut.takes(&record) && !matches!(record, Record::Begin(_) | Record::End(_)) {
                lines.push(line.text);
            }
        }
        (lines, cut.shard().clone())
    }

    #[test]
    fn shards_of_a_pipe_are_the_whole() {
        let text = stream(&lines());
        let whole: BTreeSet<String> = lines().into_iter().collect();
        for count in [2, 3, 8] {
            let mut all = Vec::new();
            for index in 1..=count {
                let (lines, shard) = taken(&text, &format!("{index}/{count}"));
                assert_eq!(shard.to_string(), format!("{index}/{count}"));
                all.extend(lines);
            }
            assert_eq!(all.len(), whole.len());
            assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), whole);
        }
    }

    #[test]
    fn a_shard_is_not_cut_again() {
        let (begin, rest) = wo_testkit::BEGIN.split_at(wo_testkit::BEGIN.len() - 1);
        let mark = r#","shard":{"index":2,"count":3,"whole":"w"}"#;
        let text = stream(&lines()).replace(wo_testkit::BEGIN, &format!("{begin}{mark}{rest}"));
        let (same, shard) = taken(&text, "2/3");
        assert_eq!((same, shard.whole.as_str()), (lines(), "w"));
        let number = "1/3".parse().expect("a shard");
        let error = cut_stream(None, &mut text.as_bytes(), 1000, number).expect_err("another");
        assert!(error.to_string().contains("<stdin>"), "{error}");
        assert!(
            format!("{error:#}").contains("the input is shard 2/3 already"),
            "{error:#}"
        );
    }
}
