//! `ffmpeg`, which cuts a part out of a video. Only rows with `start` or `end` need it.

use std::ffi::OsString;
use std::path::Path;

use super::complaint::FetchError;
use super::process::arguments;
use super::program::{CURE, Downloader};
use crate::sources::Section;

/// The program, or why the row cannot be fetched.
pub(super) fn find(downloader: &Downloader) -> Result<&Path, FetchError> {
    downloader.ffmpeg.as_deref().ok_or_else(|| {
        FetchError::not_fetched("start and end need the program ffmpeg, which is not installed")
            .cure(format!("{CURE} brings it, and --retry-failed tries again"))
    })
}

/// How it is called.
pub(super) fn cut(file: &Path, section: Section, output: &Path) -> Vec<OsString> {
    let mut all = arguments(["-nostdin", "-loglevel", "error"]);
    all.extend(arguments(["-protocol_whitelist", "file"]));
    all.extend(arguments(["-ss", &section.start().to_string()]));
    if let Some(end) = section.end_s {
        all.extend(arguments(["-t", &(end - section.start()).to_string()]));
    }
    // The protocol before the path: a name cannot be an option or an address.
    let as_file = |path: &Path| {
        let mut text = OsString::from("file:");
        text.push(path);
        text
    };
    all.extend(["-i".into(), as_file(file)]);
    all.extend(arguments(["-map", "0:v:0", "-c", "copy"]));
    all.push(as_file(output));
    all
}
