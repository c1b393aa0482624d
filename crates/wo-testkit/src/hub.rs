//! A Hub on the loopback interface: what the client asks of it, and no more. Small files are answered at once; weights are answered with a
//! redirect to a second address, as the Hub sends to its CDN.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// A Hub that lives as long as the test's process.
#[derive(Debug)]
pub struct Server {
    hub: SocketAddr,
    cdn: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET /path`, with `cdn` in front at the second address.
    pub line: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Range`.
    pub range: Option<String>,
}

/// What a Hub that means no good does with weights, unless said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Hostility {
    /// Announces this size.
    pub announced: Option<u64>,
    /// Redirects to there; `CDN` means the second address.
    pub location: Option<String>,
    /// Sends so many bytes, waits so long, and goes on.
    pub trickle: Option<(usize, Duration)>,
    /// Does that with the answers of the Hub itself as well.
    pub trickles_all: bool,
    /// Sends so many bytes more, and does not say how many come.
    pub surplus: usize,
    /// Says that so many come.
    pub length: Option<u64>,
    /// Says for ever that it will answer: `100 Continue`, again and again, at both addresses.
    pub continues: bool,
}

#[derive(Debug, Default)]
struct State {
    n_connections: usize,
    requests: Vec<Request>,
    /// `repository@revision` to a commit.
    commits: BTreeMap<String, String>,
    /// `repository@commit/name` to what the file holds.
    files: BTreeMap<String, Vec<u8>>,
    status: Option<u16>,
    cut: Option<usize>,
    cuts_once: bool,
    has_no_ranges: bool,
    pause: Option<Duration>,
    is_lying: bool,
    hostility: Hostility,
}

impl Server {
    /// Starts one that holds nothing yet.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let listen = || TcpListener::bind("127.0.0.1:0").expect("a free port");
        let (hub, cdn) = (listen(), listen());
        let server = Self {
            hub: hub.local_addr().expect("an address"),
            cdn: cdn.local_addr().expect("an address"),
            state,
        };
        for (listener, place) in [(hub, ""), (cdn, "cdn ")] {
            let (state, cdn) = (Arc::clone(&server.state), server.cdn);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let state = Arc::clone(&state);
                    thread::spawn(move || {
                        answer(&stream.expect("a connection"), place, cdn, &state);
                    });
                }
            });
        }
        server
    }

    /// What `HF_ENDPOINT` is to be.
    pub fn address(&self) -> String {
        format!("http://{}", self.hub)
    }

    /// Makes `revision` the commit `commit` with these files.
    pub fn put(
        &self,
        repository: &str,
        revision: &str,
        commit: &str,
        files: &[(&str, impl AsRef<[u8]>)],
    ) {
        let mut state = self.state.lock().expect("no thread panicked");
        for name in [revision, commit] {
            let key = format!("{repository}@{name}");
            state.commits.insert(key, commit.to_owned());
        }
        for (name, content) in files {
            let key = format!("{repository}@{commit}/{name}");
            state.files.insert(key, content.as_ref().to_vec());
        }
    }

    /// Answers everything with this status from now on.
    pub fn fail_with(&self, status: Option<u16>) {
        self.state.lock().expect("no thread panicked").status = status;
    }

    /// Breaks the connection after so many bytes of weights.
    pub fn cut_at(&self, n_bytes: Option<usize>) {
        self.state.lock().expect("no thread panicked").cut = n_bytes;
    }

    /// Breaks the connection once.
    // A bool, since servers do or do not know ranges.
    pub fn cut_once_at(&self, n_bytes: usize, has_ranges: bool) {
        let mut state = self.state.lock().expect("no thread panicked");
        state.cut = Some(n_bytes);
        state.cuts_once = true;
        state.has_no_ranges = !has_ranges;
    }

    /// Says nothing for so long before the connection is broken.
    pub fn pause(&self, pause: Duration) {
        self.state.lock().expect("no thread panicked").pause = Some(pause);
    }

    /// Sends other weights than it names the sha256 of, of the same size.
    pub fn lie(&self) {
        self.state.lock().expect("no thread panicked").is_lying = true;
    }

    /// Means no good from now on.
    pub fn be(&self, hostility: Hostility) {
        self.state.lock().expect("no thread panicked").hostility = hostility;
    }

    /// How many connections were made.
    pub fn n_connections(&self) -> usize {
        self.state.lock().expect("no thread panicked").n_connections
    }

    /// What was asked since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().expect("no thread panicked").requests)
    }

    /// The lines of what was asked since the last call.
    pub fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|r| r.line).collect()
    }
}

/// Answers one request and hangs up.
// Longer than 60 lines: one answer, from the request to the last byte.
fn answer(mut stream: &TcpStream, place: &str, cdn: SocketAddr, state: &Mutex<State>) {
    state.lock().expect("no thread panicked").n_connections += 1;
    let mut lines = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty());
    // A client may open a connection and change its mind.
    let Some(first) = lines.next() else { return };
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        })
        .collect();
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    let (method, rest) = first.split_once(' ').expect("a request");
    let path = rest.split(' ').next().expect("a path");
    let mut state = state.lock().expect("no thread panicked");
    state.requests.push(Request {
        line: format!("{place}{method} {path}"),
        authorization: header("authorization"),
        range: header("range"),
    });
    if state.hostility.continues {
        drop(state);
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
        return;
    }
    let mut reply = state.reply(path, cdn);
    if let Some(range) = header("range").filter(|_| !state.has_no_ranges) {
        reply.narrow_to(&range);
    }
    let is_weights = place == "cdn ";
    let hostility = state.hostility.clone();
    let head = reply.head(&hostility, is_weights);
    let end = state.cut.filter(|_| is_weights).unwrap_or(usize::MAX);
    if state.cuts_once && is_weights {
        state.cut = None;
    }
    let pause = state.pause.filter(|_| is_weights);
    drop(state);
    // The client may have hung up already.
    let _ = stream.write_all(head.as_bytes());
    if method == "GET" {
        let body = &reply.body[..reply.body.len().min(end)];
        let trickle = hostility
            .trickle
            .filter(|_| is_weights || hostility.trickles_all);
        let (n_bytes, wait) = trickle.unwrap_or((body.len().max(1), Duration::ZERO));
        for bytes in body.chunks(n_bytes) {
            if stream.write_all(bytes).is_err() {
                return;
            }
            thread::sleep(wait);
        }
        thread::sleep(pause.unwrap_or_default());
    }
}

struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// Leaves out what lies before a range such as `bytes=7-`.
    fn narrow_to(&mut self, range: &str) {
        let start = range
            .strip_prefix("bytes=")
            .and_then(|it| it.strip_suffix('-'))
            .and_then(|it| it.parse::<usize>().ok());
        let Some(start) = start.filter(|_| self.status == 200) else {
            return;
        };
        let n_bytes = self.body.len();
        let range = format!("bytes {start}-{}/{n_bytes}", n_bytes - 1);
        self.status = 206;
        self.headers.push(("Content-Range", range));
        self.body.drain(..start);
    }

    /// The lines before the body, which may get too long or be announced with another length.
    // A bool, since only weights are lied about.
    fn head(&mut self, hostility: &Hostility, is_weights: bool) -> String {
        let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("a string takes all");
        }
        if is_weights && hostility.surplus > 0 {
            self.body.extend(vec![b'x'; hostility.surplus]);
        } else {
            let length = hostility.length.filter(|_| is_weights);
            let length = length.unwrap_or(self.body.len() as u64);
            write!(head, "Content-Length: {length}\r\n").expect("a string takes all");
        }
        head.push_str("\r\n");
        head
    }
}

impl State {
    fn reply(&self, path: &str, cdn: SocketAddr) -> Reply {
        let plain = |status, body: Vec<u8>| Reply {
            status,
            headers: Vec::new(),
            body,
        };
        if let Some(status) = self.status {
            return plain(status, b"{\"error\": \"as asked\"}".to_vec());
        }
        self.info(path)
            .or_else(|| self.file(path, cdn))
            .or_else(|| self.weights(path))
            .unwrap_or_else(|| plain(404, b"{\"error\": \"not found\"}".to_vec()))
    }

    /// `/api/models/owner/name/revision/REVISION`
    fn info(&self, path: &str) -> Option<Reply> {
        let (repository, revision) = path
            .strip_prefix("/api/models/")?
            .split_once("/revision/")?;
        let revision = revision.replace("%2F", "/");
        let commit = self.commits.get(&format!("{repository}@{revision}"))?;
        let prefix = format!("{repository}@{commit}/");
        let files = self
            .files
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix));
        let files: Vec<String> = files
            .map(|name| format!("{{\"rfilename\": \"{name}\"}}"))
            .collect();
        let body = format!(
            "{{\"id\": \"{repository}\", \"sha\": \"{commit}\", \"siblings\": [{}]}}",
            files.join(", ")
        );
        Some(Reply {
            status: 200,
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: body.into_bytes(),
        })
    }

    /// `/owner/name/resolve/REVISION/FILE`
    fn file(&self, path: &str, cdn: SocketAddr) -> Option<Reply> {
        let (repository, rest) = path.strip_prefix('/')?.split_once("/resolve/")?;
        let (revision, name) = rest.split_once('/')?;
        let commit = self.commits.get(&format!("{repository}@{revision}"))?;
        let body = self.files.get(&format!("{repository}@{commit}/{name}"))?;
        let sha256 = sha256(body);
        let mut headers = vec![("X-Repo-Commit", commit.clone())];
        if name.ends_with(".safetensors") {
            let announced = self.hostility.announced.unwrap_or(body.len() as u64);
            let location = match &self.hostility.location {
                Some(location) => location.replace("CDN", &format!("{cdn}/{sha256}")),
                None => format!("http://{cdn}/{sha256}"),
            };
            headers.extend([
                ("X-Linked-Etag", format!("\"{sha256}\"")),
                ("X-Linked-Size", announced.to_string()),
                ("Location", location),
            ]);
            return Some(Reply {
                status: 302,
                headers,
                body: Vec::new(),
            });
        }
        headers.push(("ETag", format!("\"{}\"", &sha256[..40])));
        Some(Reply {
            status: 200,
            headers,
            body: body.clone(),
        })
    }

    /// `/SHA256`, on the second address.
    fn weights(&self, path: &str) -> Option<Reply> {
        let name = path.strip_prefix('/')?;
        let body = self.files.values().find(|body| sha256(body) == name)?;
        let mut body = body.clone();
        if self.is_lying {
            body[0] ^= 1;
        }
        Some(Reply {
            status: 200,
            headers: vec![("ETag", "\"of the cdn\"".to_owned())],
            body,
        })
    }
}

/// The sha256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a string takes all");
    }
    text
}
