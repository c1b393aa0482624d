//! What `yt-dlp` answers: the description of a video or of a playlist.

use serde::Deserialize;
use serde_json::Value;

use crate::provenance::Origin;

/// Longer texts of strangers are cut before they are kept.
const MAX_TEXT: usize = 300;
/// The extractor that takes any address. It knows no channels.
const GENERIC: &str = "generic";

/// What is at an address.
#[derive(Debug)]
pub(crate) enum Answer {
    /// One video.
    Video(VideoInfo),
    /// Several.
    Playlist(Vec<Listed>),
}

/// A video that was described.
#[derive(Debug)]
pub(crate) struct VideoInfo {
    pub(crate) origin: Origin,
    /// The description as it came, from which the video is fetched.
    pub(crate) description: String,
    /// How long it is, where the site says so.
    pub(crate) length_s: Option<f64>,
}

/// An entry of a playlist.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its address; of several videos in one page that of the page, with their ids behind it.
    pub(crate) url: String,
    /// Its description, where it came with the playlist.
    pub(crate) video: Option<VideoInfo>,
}

/// The fields that are used. All may be missing, and all are strangers' texts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "_type")]
    kind: Option<String>,
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    uploader: Option<String>,
    channel: Option<String>,
    channel_id: Option<String>,
    uploader_id: Option<String>,
    upload_date: Option<String>,
    license: Option<String>,
    webpage_url: Option<String>,
    extractor: Option<String>,
}

impl Answer {
    /// Reads the program's output, in which the description is a line of its own.
    pub(super) fn of(stdout: &str) -> Option<Self> {
        let line = stdout.lines().rev().find(|line| line.starts_with('{'))?;
        let value: Value = serde_json::from_str(line).ok()?;
        let fields = Fields::of(&value);
        if fields.kind.as_deref() != Some("playlist") {
            return Some(Self::Video(VideoInfo::of(&value, &fields)));
        }
        let entries = value.get("entries").and_then(Value::as_array);
        let entries = entries.into_iter().flatten();
        Some(Self::Playlist(entries.filter_map(Listed::of).collect()))
    }
}

impl Fields {
    fn of(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }
}

impl Listed {
    fn of(value: &Value) -> Option<Self> {
        let fields = Fields::of(value);
        if value.get("formats").is_some() {
            let page = fields.webpage_url.clone()?;
            let id = fields.id.clone().unwrap_or_default();
            return Some(Self {
                url: format!("{page}#{}", plain(&id)),
                video: Some(VideoInfo::of(value, &fields)),
            });
        }
        let url = fields.url.or(fields.webpage_url)?;
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        is_web.then_some(Self { url, video: None })
    }
}

impl VideoInfo {
    fn of(value: &Value, fields: &Fields) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(short).filter(|it| !it.is_empty());
        let extractor = fields.extractor.as_deref().unwrap_or(GENERIC);
        let site = extractor.split(':').next().unwrap_or(GENERIC);
        let channel = fields.channel_id.as_ref().or(fields.uploader_id.as_ref());
        let channel = channel.filter(|_| site != GENERIC && site != "html5");
        let direct = value.pointer("/requested_downloads/0/url");
        let direct = direct.or_else(|| value.get("url")).and_then(Value::as_str);
        let page = fields.webpage_url.as_deref().filter(|_| site != GENERIC);
        Self {
            origin: Origin {
                final_url: page.or(direct).map(short),
                title: text(&fields.title),
                uploader: text(&fields.uploader).or_else(|| text(&fields.channel)),
                channel: channel.map(|id| format!("{site}_{}", plain(id))),
                uploaded: fields.upload_date.as_deref().and_then(day),
                licence: text(&fields.license),
            },
            description: value.to_string(),
            length_s: value.get("duration").and_then(Value::as_f64),
        }
    }
}

/// `20260531` as `2026-05-31`.
fn day(text: &str) -> Option<String> {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
}

/// A text of a stranger: without control characters, and not longer than is read.
pub(super) fn short(text: &str) -> String {
    let kept = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let kept: String = kept.take(MAX_TEXT).collect();
    kept.trim().to_owned()
}

/// An id in letters, digits, `-` and `_`.
fn plain(id: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
    id.chars().filter(is_plain).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(json: &str) -> Origin {
        match Answer::of(&format!("send: b'GET /'\nheader: A: b\n{json}\n")) {
            Some(Answer::Video(info)) => info.origin,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_video_has_an_origin() {
        let origin = video(
            r#"{"id":"x","title":"A\u0007\nb","uploader":"U","channel_id":"UC/1","upload_date":"20260531",
               "license":"Creative Commons","webpage_url":"https://y/watch","extractor":"youtube:tab","url":"https://cdn/1"}"#
                .replace('\n', "")
                .as_str(),
        );
        let text = |text: &str| Some(text.to_owned());
        let expected = Origin {
            final_url: text("https://y/watch"),
            title: text("A  b"),
            uploader: text("U"),
            channel: text("youtube_UC1"),
            uploaded: text("2026-05-31"),
            licence: text("Creative Commons"),
        };
        assert_eq!(origin, expected);
        let generic = video(
            r#"{"extractor":"generic","uploader_id":"x","url":"http://a/moved.mp4","webpage_url":"http://a/b"}"#,
        );
        assert_eq!(generic.final_url, text("http://a/moved.mp4"));
        assert_eq!(generic.channel, None);
    }

    #[test]
    fn a_playlist_has_addresses() {
        let json = r#"{"_type":"playlist","entries":[{"_type":"url","url":"http://a/1"},{"url":"file:///etc/passwd"},null,
            {"id":"p-1","webpage_url":"http://a/p","formats":[]},{"_type":"url","url":"ytsearch:x"}]}"#;
        let Some(Answer::Playlist(listed)) = Answer::of(&json.replace('\n', "")) else {
            panic!("a playlist");
        };
        let urls: Vec<&str> = listed.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls, ["http://a/1", "http://a/p#p-1"]);
        assert!(listed[0].video.is_none() && listed[1].video.is_some());
    }

    #[test]
    fn what_is_no_description_is_none() {
        for text in ["", "null\n", "{\n", "[1]\n", "warning"] {
            assert!(Answer::of(text).is_none(), "{text}");
        }
    }
}
