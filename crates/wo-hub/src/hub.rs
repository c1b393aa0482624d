//! The Hub, over the network. Nothing else in this crate opens a socket.
//!
//! For each file the Hub first tells its ETag, its size and its URL, often at another host. Then it is downloaded from
//! there, resuming an interrupted download. The token is sent to the Hub's own host only.

use std::cell::OnceCell;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, RequestBuilder};

use crate::cache::{Cache, link};
use crate::digest::is_hex;
use crate::files::is_weights;
use crate::pace::{Deadline, Pace};
use crate::part_file::PartFile;
use crate::remote::{Remote, Wanted, header, location};
use crate::repository::Repository;
use crate::room::check_room;
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

impl<'a> Hub<'a> {
    /// Creates a client, without a request.
    pub(crate) fn new(repository: &'a Repository, cache: &'a Cache, options: &'a Options) -> Self {
        let silence = Some(options.limits.silence);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("wo/", env!("CARGO_PKG_VERSION")))
            // Without compression, sizes and ranges are those of the file itself.
            .accept_encoding("identity")
            .timeout_resolve(silence)
            .timeout_connect(silence)
            .timeout_send_request(silence)
            .timeout_recv_response(silence)
            .timeout_per_read(silence);
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
            let mut response = self.get(&url, 0, Some(self.options.limits.answer))?;
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
    pub(crate) fn download(
        &self,
        commit: &str,
        wanted: Wanted<'_>,
        path: &Path,
    ) -> Result<(), Error> {
        let limits = &self.options.limits;
        // Of all attempts together, and of the size that was announced first.
        let deadline = OnceCell::new();
        self.patiently(|| {
            let remote = self.describe(commit, wanted.name)?;
            self.check_announced(&remote, wanted)?;
            let deadline =
                *deadline.get_or_init(|| Deadline::of(remote.size, limits, Instant::now()));
            let _lock = self.cache.lock(&remote.etag)?;
            let blob = self.cache.blob(&remote.etag);
            if fs::metadata(&blob).map(|blob| blob.len()).ok() != Some(remote.size) {
                let part = self.cache.blob(&format!("{}.incomplete", remote.etag));
                self.fill(&remote, wanted.name, &part, deadline)?;
                fs::rename(&part, &blob)
                    .map_err(|source| Error::io("write to the cache", &blob, source))?;
            }
            Ok(link(path, &remote.etag)?)
        })
    }

    /// Holds what is announced against the lock file, and a text against what a text can have.
    fn check_announced(&self, remote: &Remote, wanted: Wanted<'_>) -> Result<(), Error> {
        let Wanted { name, pin, limit } = wanted;
        let announced = |expected: String, found: String| Error::Announced {
            repository: self.repository.to_string(),
            file: name.to_owned(),
            expected,
            found,
        };
        if let Some(pin) = pin {
            if pin.size != remote.size {
                let bytes = |size| format!("{size} bytes");
                return Err(announced(bytes(pin.size), bytes(remote.size)));
            }
            if is_hex(&remote.etag, 64) && pin.sha256 != remote.etag {
                let named = |sha256: &str| format!("sha256 {sha256}");
                return Err(announced(named(&pin.sha256), named(&remote.etag)));
            }
        }
        let of_text = (!is_weights(name)).then_some(self.options.limits.max_text);
        if let Some(limit) = of_text.or(limit)
            && remote.size > limit
        {
            return Err(Error::TooLarge {
                repository: self.repository.to_string(),
                file: name.to_owned(),
                size: remote.size,
                limit,
            });
        }
        Ok(())
    }

    fn describe(&self, commit: &str, name: &str) -> Result<Remote, Failure> {
        let (endpoint, repository) = (self.endpoint, self.repository);
        let mut url = format!("{endpoint}/{repository}/resolve/{commit}/{name}");
        for _ in 0..MAX_REDIRECTS {
            let request = self.authorized(self.agent.head(&url), &url);
            let response = within(request, Some(self.options.limits.answer)).call();
            let response = response.map_err(|error| Failure::Passing(error.to_string()))?;
            let next = self.redirect(&url, &response)?;
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
            let remote = Remote::of(&response, commit, next.unwrap_or(url));
            return Ok(remote.map_err(|why| self.strange(why))?);
        }
        Err(self.strange("the Hub redirects without end").into())
    }

    /// Completes the file `part`, resuming behind what it holds.
    fn fill(
        &self,
        remote: &Remote,
        name: &str,
        part: &Path,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let there = fs::metadata(part).map_or(0, |part| part.len());
        let to_come = remote.size.saturating_sub(there);
        check_room(part, to_come, self.options.limits.margin)?;
        let mut part = PartFile::open(part, remote.size)?;
        let response = self.get(&remote.url, part.n_bytes(), None)?;
        self.check(&response, &format!("{name} in {}", self.repository))?;
        let goes_on = header(&response, "content-range")
            .is_some_and(|range| range.starts_with(&format!("bytes {}-", part.n_bytes())));
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
        // A host without range support sends the whole file.
        if !is_part || !goes_on {
            part.restart()?;
        }
        if is_part && !goes_on {
            let why = format!("{name}: the server sent another part than was asked for");
            return Err(self.strange(&why).into());
        }
        if let Some(length) = header(&response, "content-length")
            && length.parse::<u64>().ok() != Some(part.n_left())
        {
            let n_left = part.n_left();
            let why = format!("of {name} {n_left} bytes were announced, and {length} are to come");
            return Err(self.strange(&why).into());
        }
        self.receive(response.into_body(), name, &mut part, deadline)?;
        if part.n_left() > 0 {
            let n_bytes = part.n_bytes();
            let why = format!("{name} ended after {n_bytes} of {} bytes", remote.size);
            return Err(Failure::Passing(why));
        }
        Ok(part.sync()?)
    }

    /// Writes what comes, as long as it comes fast enough and is no more than was announced.
    fn receive(
        &self,
        body: Body,
        name: &str,
        part: &mut PartFile,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let size = part.n_bytes() + part.n_left();
        let mut pace = Pace::new(&self.options.limits, Instant::now());
        let mut body = body.into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            let n_read = body
                .read(&mut block)
                .map_err(|error| Failure::Passing(error.to_string()))?;
            if n_read == 0 {
                return Ok(());
            }
            let now = Instant::now();
            deadline
                .check(now)
                .map_err(|why| self.strange(&format!("{name}: {why}")))?;
            if !part.add(&block[..n_read])? {
                part.restart()?;
                let why = format!(
                    "{name}: the server sends more than the {size} bytes that it announced"
                );
                return Err(self.strange(&why).into());
            }
            pace.took(n_read as u64, now)
                .map_err(|why| Failure::Passing(format!("{name}: {why}")))?;
            if let Some(watch) = &self.options.watch {
                let (file, n_bytes) = (name, part.n_bytes());
                watch(Step {
                    file,
                    n_bytes,
                    size,
                });
            }
        }
    }

    /// Requests `url` from byte `start` on, following redirects. An answer that is no file has a `time`.
    fn get(
        &self,
        url: &str,
        start: u64,
        time: Option<Duration>,
    ) -> Result<Response<Body>, Failure> {
        let mut url = url.to_owned();
        for _ in 0..MAX_REDIRECTS {
            let request = within(self.authorized(self.agent.get(&url), &url), time);
            let request = if start == 0 {
                request
            } else {
                request.header("Range", format!("bytes={start}-"))
            };
            let response = request.call();
            let response = response.map_err(|error| Failure::Passing(error.to_string()))?;
            match self.redirect(&url, &response)? {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(self.strange("the Hub redirects without end").into())
    }

    /// Where a redirect of `url` leads, if it is one.
    fn redirect(&self, url: &str, response: &Response<Body>) -> Result<Option<String>, Error> {
        location(response)
            .map(|to| address::redirect(url, to))
            .transpose()
            .map_err(|why| self.strange(&why))
    }

    /// Adds the token, on the Hub's own host only.
    fn authorized<T>(&self, request: RequestBuilder<T>, url: &str) -> RequestBuilder<T> {
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

/// The request, which with a `time` must be answered by then, to the last byte.
fn within<T>(request: RequestBuilder<T>, time: Option<Duration>) -> RequestBuilder<T> {
    match time {
        Some(time) => request.config().timeout_global(Some(time)).build(),
        None => request,
    }
}
