//! How `yt-dlp` is called: as a vector of arguments, never through a shell; without its configuration, and with addresses
//! behind `--`, so that none can be an option.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::answer::Answer;
use super::complaint::FetchError;
use super::ffmpeg;
use super::limits::Limits;
use super::process::{Ended, Finished, arguments, run};
use super::program::Downloader;
use crate::disk::paths_in;
use crate::sources::Section;

/// Video without sound where there is one, with a codec that every decoder reads. The first that exists is taken.
const FORMATS: &str = "bv[height>=MIN][vcodec~='^(avc|h264|vp0?9)']/bv*[height>=MIN][vcodec~='^(avc|h264|vp0?9)']\
                       /bv[height>=MIN]/bv*[height>=MIN]/bv/bv*/b";
/// What the description of a video may take, beside the video itself.
const DESCRIPTION_BYTES: u64 = 64 << 20;
/// The file that holds a description.
const DESCRIPTION: &str = "info.json";
/// The folder in which the video appears.
const VIDEO_FOLDER: &str = "video";

impl Downloader {
    /// What is at an address: a video or a playlist. Fetches neither. `folder` is for what the program leaves.
    pub(crate) fn describe(
        &self,
        url: &str,
        folder: &Path,
        limits: &Limits,
    ) -> Result<Answer, FetchError> {
        let mut all = self.common(limits);
        // One more than is taken, to see whether there are more.
        let n_entries = limits.settings.max_entries.saturating_add(1);
        all.extend(arguments(["--flat-playlist", "--dump-single-json"]));
        all.extend(arguments(["--playlist-end", &n_entries.to_string()]));
        all.extend(arguments(["--", url]));
        let allowed = limits.allowed(folder, DESCRIPTION_BYTES);
        let finished = run(&self.yt_dlp, &all, &allowed)?;
        match Answer::of(&finished.stdout) {
            Some(answer) if finished.ended == (Ended::Itself { is_ok: true }) => Ok(answer),
            _ => Err(FetchError::of(&finished, folder, limits)),
        }
    }

    /// Fetches a video that was described. Returns its file, which lies in `folder`; what an earlier try left there goes.
    pub(crate) fn download(
        &self,
        description: &str,
        section: Section,
        folder: &Path,
        limits: &Limits,
    ) -> Result<PathBuf, FetchError> {
        let what = || format!("write {}", folder.display());
        let video_folder = folder.join(VIDEO_FOLDER);
        fs::write(folder.join(DESCRIPTION), description).with_context(what)?;
        if video_folder.exists() {
            fs::remove_dir_all(&video_folder).with_context(what)?;
        }
        fs::create_dir_all(&video_folder).with_context(what)?;
        let mut all = self.common(limits);
        all.extend(arguments(["--load-info-json", DESCRIPTION]));
        all.extend(arguments(["--no-part", "--no-continue", "--no-mtime"]));
        all.extend(arguments(["--paths", VIDEO_FOLDER]));
        all.extend(arguments(["--output", "video.%(ext)s"]));
        // A line now and then, so that the program notices where nobody reads it any more.
        all.extend(arguments(["--newline", "--progress-delta", "1"]));
        if !section.is_whole() {
            ffmpeg::find(self)?;
            let end = section.end_s.map_or("inf".to_owned(), |it| it.to_string());
            let wanted = format!("*{}-{end}", section.start());
            all.extend(arguments(["--download-sections", &wanted]));
        }
        let finished = run(
            &self.yt_dlp,
            &all,
            &limits.allowed(folder, limits.max_bytes()),
        )?;
        if finished.ended != (Ended::Itself { is_ok: true }) {
            return Err(FetchError::of(&finished, folder, limits));
        }
        only_file(&video_folder, &finished, limits)
    }

    fn common(&self, limits: &Limits) -> Vec<OsString> {
        let settings = &limits.settings;
        let n_retries = settings.attempts.saturating_sub(1).to_string();
        let formats = FORMATS.replace("MIN", &settings.min_height.to_string());
        let sort = format!("+res:{}", settings.min_height);
        let mut all = arguments(["--ignore-config", "--no-exec", "--no-plugin-dirs"]);
        all.extend(arguments([
            "--no-cache-dir",
            "--no-update",
            "--no-playlist",
        ]));
        all.extend(arguments(["--color", "never", "--no-write-comments"]));
        all.extend(arguments(["--abort-on-unavailable-fragments"]));
        // The only way to see the header `Retry-After`.
        all.extend(arguments(["--print-traffic"]));
        let of_values = [
            ("--format", formats),
            ("--format-sort", sort),
            ("--max-filesize", limits.max_bytes().to_string()),
            ("--socket-timeout", settings.timeout_s.to_string()),
            ("--retries", n_retries.clone()),
            ("--fragment-retries", n_retries.clone()),
            ("--extractor-retries", n_retries),
            ("--file-access-retries", "0".to_owned()),
            ("--retry-sleep", "exp=1:8".to_owned()),
        ];
        for (option, value) in of_values {
            all.extend(arguments([option, &value]));
        }
        if let Some(runtime) = &self.runtime {
            all.extend(arguments(["--js-runtimes", runtime]));
        }
        if let Some(ffmpeg) = &self.ffmpeg {
            all.extend(arguments([
                "--ffmpeg-location".as_ref(),
                ffmpeg.as_os_str(),
            ]));
        }
        all
    }
}

/// The file that a download left.
fn only_file(folder: &Path, finished: &Finished, limits: &Limits) -> Result<PathBuf, FetchError> {
    let mut files = paths_in(folder)?;
    match (files.pop(), files.is_empty()) {
        (Some(file), true) if file.is_file() => Ok(file),
        // The program ends well where a file is too large.
        _ => Err(FetchError::of(finished, folder, limits)),
    }
}
