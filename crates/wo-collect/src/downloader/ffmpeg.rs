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

/// How it is called to say what is in a file.
pub(super) fn look(file: &Path) -> Vec<OsString> {
    let mut all = arguments(["-nostdin", "-hide_banner"]);
    all.extend(arguments(["-protocol_whitelist", "file", "-i"]));
    all.push(as_file(file));
    all
}

/// How long a file is, in what it says then.
pub(super) fn length_in(said: &str) -> Option<f64> {
    let mut lines = said.lines().map(str::trim_start);
    let rest = lines.find_map(|line| line.strip_prefix("Duration: "))?;
    let time = rest.split(',').next()?;
    let parts: Option<Vec<f64>> = time.split(':').map(|part| part.parse().ok()).collect();
    let [hours, minutes, seconds] = parts?[..] else {
        return None;
    };
    Some((hours * 60.0 + minutes) * 60.0 + seconds)
}

/// How it is called to cut a part out.
pub(super) fn cut(file: &Path, section: Section, output: &Path) -> Vec<OsString> {
    let mut all = arguments(["-nostdin", "-loglevel", "error"]);
    all.extend(arguments(["-protocol_whitelist", "file"]));
    all.extend(arguments(["-ss", &section.start().to_string()]));
    if let Some(end) = section.end_s {
        all.extend(arguments(["-t", &(end - section.start()).to_string()]));
    }
    all.extend(["-i".into(), as_file(file)]);
    all.extend(arguments(["-map", "0:v:0", "-c", "copy"]));
    all.push(as_file(output));
    all
}

/// The protocol before the path: a name cannot be an option or an address.
fn as_file(path: &Path) -> OsString {
    let mut text = OsString::from("file:");
    text.push(path);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_read_where_it_is_said() {
        let said =
            "Input #0, mov, from 'a':\n  Duration: 00:01:04.50, start: 0.000000, bitrate: 7 kb/s\n";
        assert_eq!(length_in(said), Some(64.5));
        for said in ["", "  Duration: N/A, bitrate: N/A", "Duration: 1:2"] {
            assert_eq!(length_in(said), None, "{said}");
        }
    }
}
