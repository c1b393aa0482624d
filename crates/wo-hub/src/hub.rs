//! The Hub, over the network. Nothing else in this crate opens a socket.
//!
//! For each file the Hub first tells its ETag, its size and its URL, often at another host. Then it is downloaded from there,
//! resuming an interrupted download. The token is sent to the Hub's own host only.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::cache::{Cache, create_folder_of, link};
use crate::digest::is_hex;
use crate::repository::Repository;
use crate::{Error, Options, Step, address};

/// Redirects that are followed for one file.
const MAX_REDIRECTS: usize = 10;
/// The pause before the first retry; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The size of the read buffer.
const BLOCK: usize = 1 << 16;

/// A repository on the Hub.
pub(crate) struct Hub<'a> {
    repository: &'a Repository,
    cache: &'a Cache,
    options: &'a Options,
    endpoint: &'a str,
    agent: Agent,
}

/// Why an attempt failed.
enum Failure {
    /// Temporary: a retry may succeed.
    Passing(String),
    /// Permanent.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// The Hub's answer about a revision.
#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

/// The Hub's answer about a file.
struct Remote {
    etag: String,
    size: u64,
    url: String,
}

impl<'a> Hub<'a> {
    /// Creates a client, without a request.
    pub(crate) fn new(repository: &'a Repository, cache: &'a Cache, options: &'a Options) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("wo/", env!("CARGO_PKG_VERSION")))
            // Without compression, sizes and ranges are those of the file itself.
            .accept_encoding("identity")
            .timeout_connect(Some(options.patience))
            .timeout_recv_response(Some(options.patience))
            .timeout_per_read(Some(options.patience));
        Self {
            repository,
            cache,
            options,
            endpoint: options.endpoint.trim_end_matches('/'),
            agent: config.build().into(),
        }
    }

    /// The current commit of a revision, and the names of its files.
    pub(crate) fn look_up(&self, revision: &str) -> Result<(String, Vec<String>), Error> {
        let url = format!(
            "{}/api/models/{}/revision/{}",
            self.endpoint,
            self.repository,
            address::escape(revision)
        );
        let what = format!("revision {revision} of {}", self.repository);
        let text = self.patiently(|| {
            let mut response = self.get(&url, 0)?;
            self.check(&response, &what)?;
            let text = response.body_mut().read_to_string();
            text.map_err(|error| Failure::Passing(error.to_string()))
        })?;
        let info: Info = serde_json::from_str(&text).map_err(|e| self.strange(&e.to_string()))?;
        if !is_hex(&info.sha, 40) {
            return Err(self.strange("the answer names no commit"));
        }
        self.cache.note(revision, &info.sha)?;
        let names = info.siblings.into_iter().map(|file| file.rfilename);
        Ok((info.sha, names.collect()))
    }

    /// Downloads a file of a commit into the cache and links it at `path`.
    pub(crate) fn download(&self, commit: &str, name: &str, path: &Path) -> Result<(), Error> {
        self.patiently(|| {
            let remote = self.describe(commit, name)?;
            let _lock = self.cache.lock(&remote.etag)?;
            let blob = self.cache.blob(&remote.etag);
            if fs::metadata(&blob).map(|blob| blob.len()).ok() != Some(remote.size) {
                let part = self.cache.blob(&format!("{}.incomplete", remote.etag));
                self.fill(&remote, name, &part)?;
                fs::rename(&part, &blob)
                    .map_err(|source| Error::io("write to the cache", &blob, source))?;
            }
            Ok(link(path, &remote.etag)?)
        })
    }

    fn describe(&self, commit: &str, name: &str) -> Result<Remote, Failure> {
        let (endpoint, repository) = (self.endpoint, self.repository);
        let mut url = format!("{endpoint}/{repository}/resolve/{commit}/{name}");
        for _ in 0..MAX_REDIRECTS {
            let response = self.authorized(self.agent.head(&url), &url).call();
            let response = response.map_err(|error| Failure::Passing(error.to_string()))?;
            let next = location(&response).and_then(|to| address::join(&url, to));
            // A redirect to another host comes with the metadata of the file.
            if let Some(next) = &next
                && address::is_same_host(next, &url)
            {
                url.clone_from(next);
                continue;
            }
            if next.is_none() {
                self.check(&response, &format!("{name} in {repository}"))?;
            }
            let etag = header(&response, "x-linked-etag").or_else(|| header(&response, "etag"));
            let etag = etag.map(|etag| etag.trim_start_matches("W/").replace('"', ""));
            let etag = etag
                .filter(|etag| is_safe(etag))
                .ok_or_else(|| self.strange("the answer has no ETag that can name a file"))?;
            if header(&response, "x-repo-commit") != Some(commit) {
                let why = "the answer is not of the commit that was asked for";
                return Err(self.strange(why).into());
            }
            let size = header(&response, "x-linked-size")
                .or_else(|| header(&response, "content-length"))
                .and_then(|size| size.parse().ok())
                .ok_or_else(|| self.strange("the answer does not say how large the file is"))?;
            let url = next.unwrap_or(url);
            return Ok(Remote { etag, size, url });
        }
        Err(self.strange("the Hub redirects without end").into())
    }

    /// Completes the file `part`, resuming behind what it holds.
    fn fill(&self, remote: &Remote, name: &str, part: &Path) -> Result<(), Failure> {
        let failed = |source| Error::io("write to the cache", part, source);
        create_folder_of(part)?;
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(part)
            .map_err(failed)?;
        let mut n_bytes = file.metadata().map_err(failed)?.len();
        if n_bytes >= remote.size {
            n_bytes = restart(&mut file).map_err(failed)?;
        }
        let response = self.get(&remote.url, n_bytes)?;
        self.check(&response, &format!("{name} in {}", self.repository))?;
        let goes_on = header(&response, "content-range")
            .is_some_and(|range| range.starts_with(&format!("bytes {n_bytes}-")));
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
        // A host without range support sends the whole file.
        if !is_part || !goes_on {
            n_bytes = restart(&mut file).map_err(failed)?;
        }
        if is_part && !goes_on {
            let why = format!("of {name} came another part than was asked for");
            return Err(self.strange(&why).into());
        }
        let mut body = response.into_body().into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            let n_read = body
                .read(&mut block)
                .map_err(|error| Failure::Passing(error.to_string()))?;
            // A longer file than announced might never end.
            if n_read == 0 || n_bytes > remote.size {
                break;
            }
            file.write_all(&block[..n_read]).map_err(failed)?;
            n_bytes += n_read as u64;
            if let Some(watch) = &self.options.watch {
                let (file, size) = (name, remote.size);
                watch(Step {
                    file,
                    n_bytes,
                    size,
                });
            }
        }
        if n_bytes != remote.size {
            let why = format!("{name} ended after {n_bytes} of {} bytes", remote.size);
            return Err(Failure::Passing(why));
        }
        Ok(file.sync_all().map_err(failed)?)
    }

    /// Requests `url` from byte `start` on, following redirects.
    fn get(&self, url: &str, start: u64) -> Result<Response<Body>, Failure> {
        let mut url = url.to_owned();
        for _ in 0..MAX_REDIRECTS {
            let request = self.authorized(self.agent.get(&url), &url);
            let request = if start == 0 {
                request
            } else {
                request.header("Range", format!("bytes={start}-"))
            };
            let response = request.call();
            let response = response.map_err(|error| Failure::Passing(error.to_string()))?;
            match location(&response).and_then(|to| address::join(&url, to)) {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(self.strange("the Hub redirects without end").into())
    }

    /// Adds the token, on the Hub's own host only.
    fn authorized<T>(
        &self,
        request: ureq::RequestBuilder<T>,
        url: &str,
    ) -> ureq::RequestBuilder<T> {
        match &self.options.token {
            Some(token) if address::is_same_host(url, self.endpoint) => {
                request.header("Authorization", format!("Bearer {token}"))
            }
            _ => request,
        }
    }

    /// Turns error statuses into errors; `what` was requested.
    fn check(&self, response: &Response<Body>, what: &str) -> Result<(), Failure> {
        let status = response.status();
        match status.as_u16() {
            200..300 => Ok(()),
            401 | 403 => Err(Failure::Final(Error::Denied {
                repository: self.repository.to_string(),
            })),
            404 => Err(Failure::Final(Error::NotFound {
                what: format!("there is no {what} on the Hub"),
                hint: "check the name and --revision; where it is private, set HF_TOKEN; a revision that was taken \
                       back is pinned anew once its entry is removed from the lock file"
                    .to_owned(),
            })),
            408 | 429 | 500.. => Err(Failure::Passing(format!("the Hub answers {status}"))),
            _ => Err(self.strange(&format!("the Hub answers {status}")).into()),
        }
    }

    /// Retries after temporary failures.
    fn patiently<T>(&self, attempt: impl Fn() -> Result<T, Failure>) -> Result<T, Error> {
        let mut pause = PAUSE;
        for n_left in (0..=self.options.n_retries).rev() {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(why)) if n_left == 0 => return Err(self.strange(&why)),
                Err(Failure::Passing(_)) => thread::sleep(pause),
            }
            pause *= 2;
        }
        unreachable!("the last attempt returns")
    }

    fn strange(&self, why: &str) -> Error {
        Error::Network {
            repository: self.repository.to_string(),
            cause: why.to_owned(),
        }
    }
}

/// Empties a file and returns its new length.
fn restart(file: &mut File) -> std::io::Result<u64> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The target of a redirect.
fn location(response: &Response<Body>) -> Option<&str> {
    header(response, "location").filter(|_| response.status().is_redirection())
}

/// Whether an ETag is safe as a file name.
fn is_safe(etag: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !etag.is_empty() && etag.len() <= 128 && etag.chars().all(is_inside)
}
