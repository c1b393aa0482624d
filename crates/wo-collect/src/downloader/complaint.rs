//! Why a source could not be fetched, read from what `yt-dlp` says.

use std::path::Path;
use std::time::Duration;

use wo_record::code;

use super::answer::short;
use super::limits::Limits;
use super::process::{Ended, Finished};

/// Why a source could not be fetched.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// It is the source's fault or its site's, and the run goes on.
    Source(SourceError),
    /// This tool was asked to stop.
    Stopped,
    /// It is this machine's fault, and would hit each source.
    Machine(anyhow::Error),
}

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceError {
    /// A stable word.
    pub(crate) code: &'static str,
    pub(crate) what: String,
    pub(crate) cure: Option<String>,
    /// How long the host asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// Parts of messages in lower case, each with what it means. The first that is found counts.
const MEANINGS: [(&str, &str); 25] = [
    ("http error 404", code::GONE),
    ("http error 410", code::GONE),
    ("has been removed", code::GONE),
    ("was removed", code::GONE),
    ("private video", code::GONE),
    ("video is private", code::GONE),
    ("no longer available", code::GONE),
    ("does not exist", code::GONE),
    (
        "account associated with this video has been terminated",
        code::GONE,
    ),
    (
        "not made this video available in your country",
        code::NOT_FETCHED,
    ),
    ("video unavailable", code::GONE),
    ("http error 429", code::RATE_LIMITED),
    ("too many requests", code::RATE_LIMITED),
    ("http error 503", code::RATE_LIMITED),
    ("confirm you", code::RATE_LIMITED),
    ("unsupported url", code::NOT_MEDIA),
    ("is not a valid url", code::NOT_MEDIA),
    ("no video formats found", code::NOT_MEDIA),
    ("file is larger than max-filesize", code::TOO_LARGE),
    ("file too large", code::TOO_LARGE),
    ("timed out", code::UNREACHABLE),
    ("connection refused", code::UNREACHABLE),
    ("name resolution", code::UNREACHABLE),
    ("name or service not known", code::UNREACHABLE),
    ("bytes, expected", code::TRUNCATED),
];

/// What a full disk says. A server could say it too, so the disk is looked at.
const DISK_FULL: &str = "[errno 28]";
/// A disk with less than this cannot take what was written next.
const FULL_BELOW: u64 = 16 << 20;

impl FetchError {
    /// What a process that left no video came to.
    pub(super) fn of(finished: &Finished, folder: &Path, limits: &Limits) -> Self {
        let max_bytes = limits.settings.max_bytes;
        let too_large = || {
            let what = format!("the file is larger than max_bytes, which is {max_bytes}");
            Self::new(code::TOO_LARGE, what)
                .cure("raise collect.max_bytes in wo.toml, or take a part with start and end")
        };
        match finished.ended {
            Ended::Stopped => return Self::Stopped,
            Ended::TooLarge => return too_large(),
            Ended::TooLong => {
                let minutes = limits.settings.max_minutes;
                let what = format!("it took longer than max_minutes, which is {minutes}");
                return Self::new(code::NOT_FETCHED, what)
                    .cure("raise collect.max_minutes in wo.toml");
            }
            Ended::Itself { .. } => {}
        }
        let errors = finished.stderr.lines().rev();
        let mut errors = errors.filter_map(|line| line.strip_prefix("ERROR:"));
        let last = errors.next().map(short);
        let last = last.filter(|it| !it.is_empty());
        let all = format!("{}\n{}", finished.stderr, finished.stdout).to_lowercase();
        if all.contains(DISK_FULL) && is_full(folder) {
            let error = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Self::Machine(anyhow::Error::from(error).context("fetch a video"));
        }
        let said = last.clone().unwrap_or_default().to_lowercase();
        let said = if last.is_some() { &said } else { &all };
        let meaning = MEANINGS.iter().find(|(part, _)| said.contains(part));
        match meaning.map_or(code::NOT_FETCHED, |(_, code)| code) {
            code::TOO_LARGE => too_large(),
            code => {
                // Other programs than yt-dlp put no such word before what they say.
                let other = || {
                    let mut lines = finished.stderr.lines().rev().map(short);
                    lines.find(|line| !line.is_empty())
                };
                let nothing = || {
                    let program = finished.program.as_str();
                    format!("{program} left no video and said nothing")
                };
                let what = last.or_else(other).unwrap_or_else(nothing);
                let mut error = SourceError::of(code, what);
                if code == code::RATE_LIMITED {
                    error.retry_after = retry_after(&finished.stdout);
                }
                Self::Source(error)
            }
        }
    }

    /// A source with another fault.
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self::Source(SourceError::of(code, what))
    }

    /// A source that cannot be fetched as it stands.
    pub(crate) fn not_fetched(what: impl Into<String>) -> Self {
        Self::new(code::NOT_FETCHED, what)
    }

    /// Whether it is larger than is allowed.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self, Self::Source(error) if error.code == code::TOO_LARGE)
    }

    /// The same with what to do.
    pub(crate) fn cure(mut self, cure: impl Into<String>) -> Self {
        if let Self::Source(error) = &mut self {
            error.cure = Some(cure.into());
        }
        self
    }
}

impl SourceError {
    /// Without a cure.
    pub(crate) fn of(code: &'static str, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            cure: None,
            retry_after: None,
        }
    }
}

impl From<anyhow::Error> for FetchError {
    fn from(error: anyhow::Error) -> Self {
        Self::Machine(error)
    }
}

fn is_full(folder: &Path) -> bool {
    let disk = rustix::fs::statvfs(folder);
    disk.is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < FULL_BELOW)
}

/// The longest `Retry-After` in the traffic, in seconds or as a date.
fn retry_after(traffic: &str) -> Option<Duration> {
    let headers = traffic
        .lines()
        .filter_map(|line| line.strip_prefix("header: "));
    let waits = headers.filter_map(|header| {
        let (name, value) = header.split_once(':')?;
        let value = name
            .eq_ignore_ascii_case("retry-after")
            .then(|| value.trim())?;
        let seconds = value.parse().ok().map(Duration::from_secs);
        seconds.or_else(|| until(value))
    });
    waits.max()
}

/// The time until a date of HTTP: `Fri, 31 Dec 2027 23:59:59 GMT`.
fn until(date: &str) -> Option<Duration> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(date)
        .ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Duration::try_from(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stdout: &str, stderr: &str) -> SourceError {
        let finished = Finished {
            ended: Ended::Itself { is_ok: false },
            program: "yt-dlp".to_owned(),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        let limits = Limits {
            settings: wo_settings::Collect::default(),
            stop: wo_cli::Stop::default(),
        };
        match FetchError::of(&finished, Path::new("/"), &limits) {
            FetchError::Source(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn complaints_have_a_meaning() {
        for (stderr, code) in [
            (
                "ERROR: [generic] 404: HTTP Error 404: Not Found",
                code::GONE,
            ),
            ("ERROR: [youtube] x: Private video. Sign in if", code::GONE),
            (
                "ERROR: [youtube] x: Video unavailable. This video has been removed",
                code::GONE,
            ),
            (
                "ERROR: The uploader has not made this video available in your country",
                code::NOT_FETCHED,
            ),
            ("ERROR: Unsupported URL: http://a", code::NOT_MEDIA),
            (
                "ERROR: unable to write data: [Errno 27] File too large",
                code::TOO_LARGE,
            ),
            (
                "ERROR: [download] Got error: Downloaded 1 bytes, expected 2 bytes.",
                code::TRUNCATED,
            ),
            ("ERROR: <urlopen error timed out>", code::UNREACHABLE),
            ("Traceback", code::NOT_FETCHED),
        ] {
            assert_eq!(of("", stderr).code, code, "{stderr}");
        }
        let too_large = of(
            "[download] File is larger than max-filesize (2 bytes > 1 bytes). Aborting.",
            "",
        );
        assert_eq!(too_large.code, code::TOO_LARGE);
        assert!(too_large.cure.is_some());
        // What the traffic says is no complaint.
        assert_eq!(
            of("header: X: http error 404", "ERROR: other").code,
            code::NOT_FETCHED
        );
    }

    #[test]
    fn what_another_program_says_is_told() {
        let stderr = "[mov @ 0x55] moov atom not found\nvideo.mov: Invalid data found when processing input\n\n";
        let error = of("", stderr);
        assert_eq!(
            error.what,
            "video.mov: Invalid data found when processing input"
        );
        assert_eq!(of("x", " \n").what, "yt-dlp left no video and said nothing");
        assert_eq!(of("", "WARNING: a\nERROR: b\nmore").what, "b");
    }

    #[test]
    fn a_busy_host_says_how_long() {
        let after = |header: &str| {
            let traffic = format!("reply: 'HTTP/1.1 429'\nheader: {header}\n");
            of(&traffic, "ERROR: HTTP Error 429: Too Many Requests").retry_after
        };
        assert_eq!(after("Retry-After: 120"), Some(Duration::from_mins(2)));
        assert_eq!(after("retry-after:7"), Some(Duration::from_secs(7)));
        let days =
            after("Retry-After: Fri, 31 Dec 2399 23:59:59 GMT").map(|it| it.as_secs() / 86_400);
        assert!(days.is_some_and(|days| days > 1000));
        for header in [
            "Retry-After: soon",
            "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT",
            "Age: 3",
        ] {
            assert_eq!(after(header), None, "{header}");
        }
    }
}
