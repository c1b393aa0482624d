//! What a person asks to be forgotten.

use wo_record::same_id;

use crate::spelling::normal;

/// The fewest digits of an id that are taken for one.
const MIN_ID_DIGITS: usize = 8;
/// Digits of a whole id.
const ID_DIGITS: usize = 64;

/// One thing to forget, as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A video, by the beginning of its id.
    Video(String),
    /// An address, in the spelling that all of them have in common.
    Address(String),
    /// A person, by what all spellings have in common.
    Person(String),
    /// A source.
    Source(String),
    /// A person or a source, or a file: whichever is known.
    Named(String),
    /// A file.
    File(String),
}

impl Target {
    /// Reads it. `person:`, `source:`, `video:` and `url:` before it say what it is.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        match text.split_once(':') {
            Some(("person", id)) => return Self::Person(same_id(id)),
            Some(("source", id)) => return Self::Source(same_id(id)),
            Some(("video", video)) => {
                let video = video.trim();
                let is_id = video.bytes().all(|byte| byte.is_ascii_hexdigit());
                return if is_id {
                    Self::Video(video.to_ascii_lowercase())
                } else {
                    Self::File(video.to_owned())
                };
            }
            Some(("url", address)) => return Self::Address(normal(address)),
            _ => {}
        }
        let is_id = (MIN_ID_DIGITS..=ID_DIGITS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            Self::Video(text.to_ascii_lowercase())
        } else if text.contains("://") {
            Self::Address(normal(text))
        } else {
            Self::Named(text.to_owned())
        }
    }

    /// The whole id of a video, or an address: these are refused from now on even where nothing of them is here.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::Video(id) => id.len() == ID_DIGITS,
            Self::Address(_) => true,
            _ => false,
        }
    }

    /// Whether it means a video with this id.
    pub(crate) fn is_video(&self, id: &str) -> bool {
        matches!(self, Self::Video(prefix) if !prefix.is_empty() && id.starts_with(prefix.as_str()))
    }

    /// Whether it means this address.
    pub(crate) fn is_address(&self, address: &str) -> bool {
        matches!(self, Self::Address(own) if *own == normal(address))
    }

    /// Whether it means this key: `person:anna` or `source:gym`, in the spelling that all have in common.
    pub(crate) fn is_key(&self, key: &str) -> bool {
        match (self, key.split_once(':')) {
            (Self::Person(id), Some(("person", other)))
            | (Self::Source(id), Some(("source", other))) => id == other,
            (Self::Named(name), Some(("person" | "source", other))) => same_id(name) == other,
            _ => false,
        }
    }

    /// The path that it may be.
    pub(crate) fn file(&self) -> Option<&str> {
        match self {
            Self::Named(path) | Self::File(path) | Self::Address(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it means a file at this path, as far as the path is written.
    pub(crate) fn is_path(&self, path: &str) -> bool {
        let (Self::Named(name) | Self::File(name)) = self else {
            return false;
        };
        let name = name.strip_prefix("./").unwrap_or(name);
        let rest = path.strip_suffix(name);
        name.contains('.') && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_what_it_is() {
        let id = "0123456789abcdef".repeat(4);
        for (text, expected) in [
            (id.as_str(), Target::Video(id.clone())),
            ("0123ABCD", Target::Video("0123abcd".to_owned())),
            ("video:01", Target::Video("01".to_owned())),
            (
                "video:squat/Bad/a.mp4",
                Target::File("squat/Bad/a.mp4".to_owned()),
            ),
            ("Anna Müller", Target::Named("Anna Müller".to_owned())),
            (
                "person:Anna Müller",
                Target::Person("annamuller".to_owned()),
            ),
            ("source:gym-1", Target::Source("gym1".to_owned())),
            (
                "https://www.a.org/b/",
                Target::Address("a.org/b".to_owned()),
            ),
            ("url:a.org", Target::Address("a.org".to_owned())),
        ] {
            assert_eq!(Target::of(text), expected, "{text}");
        }
        assert!(Target::of(&id).is_whole() && !Target::of("0123abcd").is_whole());
    }

    #[test]
    fn a_target_means_what_is_spelt_otherwise() {
        let named = Target::of("Anna Müller");
        assert!(named.is_key("person:annamuller") && named.is_key("source:annamuller"));
        assert!(!Target::of("source:annamuller").is_key("person:annamuller"));
        assert!(!named.is_key("video:annamuller"));
        assert!(Target::of("http://a.org/b").is_address("https://www.a.org/b/"));
        assert!(Target::of("good_form/a.mp4").is_path("squat/good_form/a.mp4"));
        assert!(Target::of("video:a.mp4").is_path("squat/good_form/a.mp4"));
        assert!(!Target::of("video:anna").is_key("person:anna"));
        assert!(!Target::of("a.mp4").is_path("squat/good_form/ba.mp4"));
        assert!(!Target::Video(String::new()).is_video("01"));
    }
}
