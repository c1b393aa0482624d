//! A part of a video. It is cut while it is fetched where the site says how long the video is, else out of the whole file:
//! a server that answers with the whole file where a range is asked for leaves an empty part.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Message, message};
use wo_record::code;

use super::answer::VideoInfo;
use super::complaint::FetchError;
use super::ffmpeg;
use super::limits::Limits;
use super::process::{Ended, run};
use super::program::Downloader;
use crate::media_type::{self, MediaType};
use crate::sources::Section;

/// People write whole seconds, so that an end this far beyond the video is its end.
const ROUNDING_S: f64 = 1.0;

/// A part of a video.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) file: PathBuf,
    /// What a person is to know of it.
    pub(crate) doubt: Option<Message>,
}

impl Downloader {
    /// A part of a video that was described.
    pub(crate) fn part_of_web(
        &self,
        video: &VideoInfo,
        section: Section,
        folder: &Path,
        limits: &Limits,
    ) -> Result<Part, FetchError> {
        ffmpeg::find(self)?;
        let download = |section| self.download(&video.description, section, folder, limits);
        if let Some(length_s) = video.length_s {
            let doubt = beyond(section, length_s)?;
            let file = download(section)?;
            if !is_empty(&file)? {
                return Ok(Part { file, doubt });
            }
        }
        match download(Section::default()) {
            Ok(file) => self.part_of_file(&file, section, folder, limits),
            Err(error) if error.is_too_large() => {
                let file = download(section)?;
                // Where the part is empty, the size of the whole is what is wrong.
                let is_empty = is_empty(&file)?;
                let part = Part { file, doubt: None };
                if is_empty { Err(error) } else { Ok(part) }
            }
            Err(error) => Err(error),
        }
    }

    /// Cuts a part out of a file, without encoding it anew. What is no video is returned as it is.
    pub(crate) fn part_of_file(
        &self,
        file: &Path,
        section: Section,
        folder: &Path,
        limits: &Limits,
    ) -> Result<Part, FetchError> {
        let program = ffmpeg::find(self)?;
        let MediaType::Video(ending) = kind_of(file)? else {
            let file = file.to_owned();
            return Ok(Part { file, doubt: None });
        };
        // The whole may lie in the folder as well.
        let max_bytes = limits.max_bytes().saturating_mul(2);
        let allowed = limits.allowed(folder, max_bytes);
        let looked = run(program, &ffmpeg::look(file), &allowed)?;
        if !matches!(looked.ended, Ended::Itself { .. }) {
            return Err(FetchError::of(&looked, folder, limits));
        }
        let length_s = ffmpeg::length_in(&looked.stderr);
        let doubt = length_s
            .map(|it| beyond(section, it))
            .transpose()?
            .flatten();
        // A container that takes the codecs of the whole one.
        let ending = match ending {
            "mp4" | "webm" => ending,
            _ => "mkv",
        };
        let output = folder.join(format!("part.{ending}"));
        let finished = run(program, &ffmpeg::cut(file, section, &output), &allowed)?;
        if finished.ended != (Ended::Itself { is_ok: true }) {
            return Err(FetchError::of(&finished, folder, limits));
        }
        Ok(Part {
            file: output,
            doubt,
        })
    }
}

/// Refuses a part that begins beyond the end of its video. Returns what to say of one that ends there.
fn beyond(section: Section, length_s: f64) -> Result<Option<Message>, FetchError> {
    let start = section.start();
    if start >= length_s {
        let what = format!("start is {start} s, and the video is {length_s:.1} s long");
        return Err(FetchError::new(code::NOT_FETCHED, what)
            .cure("correct start and end in the row; both count from the beginning of the video"));
    }
    let end = section.end_s.filter(|end| *end > length_s + ROUNDING_S);
    Ok(end.map(|end| {
        message!(
            "end is {end} s, and the video is {length_s:.1} s long: it is taken up to its end";
            "correct end in the row, or empty the cell"
        )
    }))
}

fn is_empty(file: &Path) -> anyhow::Result<bool> {
    Ok(kind_of(file)? == MediaType::NoFrames)
}

fn kind_of(file: &Path) -> anyhow::Result<MediaType> {
    File::open(file)
        .and_then(|mut file| media_type::of(&mut file))
        .with_context(|| format!("read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_the_end_is_said() {
        let of = |start_s, end_s| beyond(Section { start_s, end_s }, 5.13);
        assert!(matches!(of(Some(4.0), Some(6.0)), Ok(None)));
        assert!(matches!(of(None, Some(5.0)), Ok(None)));
        let told = of(Some(1.0), Some(10.0)).unwrap().unwrap();
        assert_eq!(
            told.text,
            "end is 10 s, and the video is 5.1 s long: it is taken up to its end"
        );
        for start in [5.13, 100.0] {
            match of(Some(start), None) {
                Err(FetchError::Source(error)) => {
                    let what = format!("start is {start} s, and the video is 5.1 s long");
                    assert_eq!((error.code, error.what), (code::NOT_FETCHED, what));
                    assert!(error.cure.is_some());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
