//! A file of the Hub: what is wanted of it, and what the Hub says of it before it is fetched.

use ureq::Body;
use ureq::http::Response;

use crate::lock::PinnedFile;

/// A file that is to be fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Its name in the repository.
    pub(crate) name: &'a str,
    /// What the lock file says of it; `None` at its first use.
    pub(crate) pin: Option<&'a PinnedFile>,
    /// The most bytes that it can have; `None` where nothing tells.
    pub(crate) limit: Option<u64>,
}

impl<'a> Wanted<'a> {
    /// A file that is pinned.
    pub(crate) fn pinned(pin: &'a PinnedFile) -> Self {
        let name = &pin.name;
        Self {
            name,
            pin: Some(pin),
            limit: None,
        }
    }

    /// A file at its first use.
    pub(crate) fn unpinned(name: &'a str) -> Self {
        Self {
            name,
            pin: None,
            limit: None,
        }
    }
}

/// The Hub's answer about a file.
#[derive(Debug)]
pub(crate) struct Remote {
    /// Its ETag, which names the blob in the cache; of weights it is their sha256.
    pub(crate) etag: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Where it is, often at another host.
    pub(crate) url: String,
}

impl Remote {
    /// From the answer about a file of `commit` that is at `url`. Says what is strange about the answer.
    pub(crate) fn of(
        response: &Response<Body>,
        commit: &str,
        url: String,
    ) -> Result<Self, &'static str> {
        let etag = header(response, "x-linked-etag").or_else(|| header(response, "etag"));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").replace('"', ""));
        let etag = etag
            .filter(|etag| is_safe(etag))
            .ok_or("the answer has no ETag that can name a file")?;
        if header(response, "x-repo-commit") != Some(commit) {
            return Err("the answer is not of the commit that was asked for");
        }
        let size = header(response, "x-linked-size")
            .or_else(|| header(response, "content-length"))
            .and_then(|size| size.parse().ok())
            .ok_or("the answer does not say how large the file is")?;
        Ok(Self { etag, size, url })
    }
}

/// The text of a header.
pub(crate) fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The target of a redirect.
pub(crate) fn location(response: &Response<Body>) -> Option<&str> {
    header(response, "location").filter(|_| response.status().is_redirection())
}

/// Whether an ETag is safe as a file name.
fn is_safe(etag: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !etag.is_empty() && etag.len() <= 128 && etag.chars().all(is_inside)
}
