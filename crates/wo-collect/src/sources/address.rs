//! Where a video is: an address of the web, or a file.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use wo_cli::{Message, message};

/// Longer addresses are a mistake; browsers stop at about the same.
const MAX_LENGTH: usize = 2000;

/// What is encoded in an address, beside all letters that ASCII has not.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Where a video is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// An `http` or `https` address, as it is written.
    Web(String),
    /// A file, as it is written and where it lies.
    File(String, PathBuf),
}

impl Address {
    /// What a cell says. A relative path is meant from `folder`, that of the table, or else from the working directory.
    pub(crate) fn of_cell(cell: &str, folder: &Path) -> Result<Self, Message> {
        let text = cell.trim();
        if text.is_empty() {
            return Err(message!("no url"; "write an address of a video, or a path of a file"));
        }
        if text.chars().any(char::is_control) || text.len() > MAX_LENGTH {
            return Err(message!(
                "the url has line ends or other control characters, or more than {MAX_LENGTH} bytes";
                "copy it again from the browser's address line"
            ));
        }
        let Some((scheme, rest)) = scheme_of(text) else {
            return Ok(Self::file(text, Path::new(text), folder));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => web(text, rest),
            "file" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = path.strip_prefix("localhost").unwrap_or(path);
                let path = percent_decode_str(path).decode_utf8_lossy();
                Ok(Self::file(text, Path::new(&*path), folder))
            }
            other => Err(message!(
                "{other}: is no kind of address that is fetched";
                "write an address that begins with https://, or a path of a file"
            )),
        }
    }

    fn file(text: &str, path: &Path, folder: &Path) -> Self {
        let beside = folder.join(path);
        let place = if beside.exists() || !path.exists() {
            beside
        } else {
            path.to_owned()
        };
        Self::File(text.to_owned(), place)
    }

    /// The address as it is written.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Web(text) | Self::File(text, _) => text,
        }
    }

    /// The host that is asked, in lower case; none for a file.
    pub(crate) fn host(&self) -> Option<String> {
        match self {
            Self::Web(text) => host_of(text),
            Self::File(..) => None,
        }
    }
}

/// The host and port of a web address, in lower case.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let (_, rest) = scheme_of(url)?;
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#', '\\']);
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit('@').next().unwrap_or_default();
    Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty())
}

/// The scheme before the first colon. One letter is a drive of Windows.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins && scheme.len() > 1 && scheme.chars().all(is_part)).then_some((scheme, rest))
}

fn web(text: &str, rest: &str) -> Result<Address, Message> {
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(message!(
            "the url has a user name or a password in it, which the ledger would keep";
            "download the video yourself, and write the path of the file"
        ));
    }
    let has_host = host_of(text).is_some_and(|host| !host.contains(char::is_whitespace));
    if has_host && text.contains(char::is_whitespace) {
        return Err(message!(
            "the url has a space in it";
            "write it percent-encoded: {}", utf8_percent_encode(text, ENCODED)
        ));
    }
    if host_of(text).is_none() || text.contains(char::is_whitespace) {
        return Err(message!(
            "the url is not whole: {text}";
            "copy it again from the browser's address line"
        ));
    }
    Ok(Address::Web(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cell: &str) -> Result<Address, String> {
        Address::of_cell(cell, Path::new("/data")).map_err(|message| message.text)
    }

    #[test]
    fn addresses_and_files_are_told_apart() {
        let url = "https://example.org/watch?v=a#t=1";
        assert_eq!(of(url), Ok(Address::Web(url.to_owned())));
        for (cell, path) in [
            ("film/a b.mov", "/data/film/a b.mov"),
            ("/film/a.mov", "/film/a.mov"),
            ("file:///film/a%20b.mov", "/film/a b.mov"),
            ("file:film/a.mov", "/data/film/a.mov"),
            ("C:\\film.mov", "/data/C:\\film.mov"),
            ("-rf", "/data/-rf"),
            ("a 12:30.mov", "/data/a 12:30.mov"),
        ] {
            let expected = Address::File(cell.to_owned(), path.into());
            assert_eq!(of(cell), Ok(expected), "{cell}");
        }
    }

    #[test]
    fn what_is_not_fetched_says_why() {
        for (cell, expected) in [
            ("", "no url"),
            ("ytsearch5:squat", "ytsearch5: is no kind of address"),
            ("javascript:alert(1)", "javascript: is no kind"),
            ("ftp://example.org/a.mp4", "ftp: is no kind"),
            ("https://", "the url is not whole"),
            ("https:example.org", "the url is not whole"),
            ("https://example.org/a b", "the url has a space"),
            ("https://exam ple.org/a", "the url is not whole"),
            (
                "https://anna:secret@example.org/a",
                "a user name or a password",
            ),
            ("https://example.org/a\nb", "line ends"),
        ] {
            let told = of(cell).expect_err(cell);
            assert!(told.contains(expected), "{cell}: {told}");
        }
        assert!(of(&format!("https://e.org/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn an_address_with_spaces_is_shown_as_it_is_to_be_written() {
        let told = Address::of_cell("https://example.org/a b/ü.mp4?x=50%25", Path::new(""));
        let expected = "write it percent-encoded: https://example.org/a%20b/%C3%BC.mp4?x=50%25";
        assert_eq!(told.unwrap_err().hints, [expected]);
    }

    #[test]
    fn the_host_is_what_is_asked() {
        for (url, host) in [
            ("https://WWW.Example.org/a", Some("www.example.org")),
            ("http://127.0.0.1:80?x", Some("127.0.0.1:80")),
            ("https://a@b@c/", Some("c")),
            ("https:///a", None),
            ("film.mov", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
