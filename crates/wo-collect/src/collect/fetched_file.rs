//! A file that was fetched, before it appears: whether it is a video, and what its bytes are.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::Stop;
use wo_record::code;

use crate::downloader::FetchError;
use crate::media_type::{self, MediaType};
use crate::sources::Address;
use crate::video_files::{hash_of, size_of};

/// How many bytes are copied at once.
const PART: usize = 1 << 20;
/// What to do about a file that is not there.
pub(crate) const PUT_THERE: &str =
    "put the file there, then: wo-collect --retry-failed; or correct the path in the column url";

/// A video that was fetched.
#[derive(Debug)]
pub(crate) struct FetchedFile {
    pub(crate) path: PathBuf,
    /// How names of its kind end.
    pub(crate) ending: &'static str,
    pub(crate) blake3: String,
    pub(crate) n_bytes: u64,
}

impl FetchedFile {
    /// Looks at what came from an address; what is no whole video is an error.
    pub(crate) fn of(path: PathBuf, address: &Address) -> Result<Self, FetchError> {
        let reading = || format!("read {}", path.display());
        let kind = wo_cli::open_file(&path).and_then(|mut file| media_type::of(&mut file));
        let ending = match kind.with_context(reading)? {
            MediaType::Video(ending) => ending,
            other => return Err(no_video(&other, address)),
        };
        Ok(Self {
            ending,
            blake3: hash_of(&path)?,
            n_bytes: size_of(&path)?,
            path,
        })
    }
}

/// What is wrong with a file that is no whole video.
fn no_video(kind: &MediaType, address: &Address) -> FetchError {
    let (came, is_local) = match address {
        Address::Web(_) => ("what came", false),
        Address::File(..) => ("the file", true),
    };
    let (code, what) = match kind {
        MediaType::Video(_) | MediaType::CutVideo => (
            code::TRUNCATED,
            "the video ends early: its container promises more than there is".to_owned(),
        ),
        MediaType::NoFrames => (
            code::NO_VIDEO_STREAM,
            format!("{came} holds no frames of a video"),
        ),
        MediaType::Other(what @ "no video") => (code::NOT_MEDIA, format!("{came} is {what}")),
        MediaType::Other(what) => (code::NOT_MEDIA, format!("{came} is {what}, and no video")),
    };
    let cure = match (is_local, kind) {
        (true, MediaType::CutVideo) => "copy it again from the phone or camera",
        (true, _) => "play it; if it does not play, correct the path in the column url",
        (false, MediaType::CutVideo) => return FetchError::new(code, what),
        (false, _) => "open the address in a browser; it may ask for a login",
    };
    FetchError::new(code, what).cure(cure)
}

/// Copies a local file into `folder`.
pub(crate) fn copy(
    from: &Path,
    folder: &Path,
    max_bytes: u64,
    stop: &Stop,
) -> Result<PathBuf, FetchError> {
    let gone = |what: String| FetchError::new(code::GONE, what);
    let metadata = match fs::metadata(from) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(gone(format!("{} is not there", from.display())).cure(PUT_THERE));
        }
        Err(error) => return Err(FetchError::new(code::UNREADABLE, error.to_string())),
    };
    if !metadata.is_file() {
        return Err(gone(format!("{} is no file", from.display()))
            .cure("write the path of a file into the column url"));
    }
    if metadata.len() > max_bytes {
        let what = format!("{} is larger than max_bytes", from.display());
        return Err(FetchError::new(code::TOO_LARGE, what)
            .cure("raise collect.max_bytes in wo.toml, or take a part with start and end"));
    }
    let mut input = match wo_cli::open_file(from) {
        Ok(file) => file,
        Err(error) => return Err(FetchError::new(code::UNREADABLE, error.to_string())),
    };
    let to = folder.join("video");
    let what = || format!("write {}", to.display());
    let mut output = File::create(&to).with_context(what)?;
    let mut part = vec![0; PART];
    loop {
        if stop.is_asked() {
            return Err(FetchError::Stopped);
        }
        let n = match input.read(&mut part) {
            Ok(0) => return Ok(to),
            Ok(n) => n,
            Err(error) => return Err(FetchError::new(code::UNREADABLE, error.to_string())),
        };
        let bytes = part.get(..n).unwrap_or_default();
        output.write_all(bytes).with_context(what)?;
    }
}
