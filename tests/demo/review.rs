//! Decides ten frames on the page of wo-review as a browser does, over its API, and takes a screenshot of the page.

use std::fs;
use std::io::{BufRead, BufReader, Lines, stdout};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};
use wo_testkit::http::{Answer, request};

use crate::say;

const N_DECISIONS: usize = 10;
/// How long the page may run, by its own clock, before the screenshot.
const PAGE_TIME_MS: u32 = 8000;
/// After this many seconds a browser that hangs is ended.
const BROWSER_LIMIT_S: &str = "120";

pub(crate) fn decide_frames(folder: &Path, screenshot: &Path) {
    let mut server = Server::start(folder);
    let session = server.enter();
    let queue = session.get("/api/queue?queue=undecided");
    let ids: Vec<String> = list(&queue).iter().map(Value::to_string).collect();
    let ids = &ids[..ids.len().min(N_DECISIONS)];
    let frames = session.get(&format!("/api/frames?ids={}", ids.join(",")));
    for frame in list(&frames) {
        session.decide(frame);
    }
    let log = folder.join("reviews.ndjson");
    let reviews = fs::read_to_string(&log).expect("decisions make a log");
    let line = format!(
        "{} frames decided, {} lines in {}",
        list(&frames).len(),
        reviews.lines().count(),
        log.display()
    );
    say(&mut stdout(), &line);
    // The first link was used up; the next one is for the browser.
    take_screenshot(&server.next_link(), screenshot);
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("the API answers with a list")
}

/// A running wo-review, stopped when it is dropped.
struct Server {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new("wo-review")
            .arg(folder)
            .args(["--no-open", "--reviewer", "demo"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("start wo-review");
        let stderr = child.stderr.take().expect("stderr is piped");
        Self {
            child,
            stderr: BufReader::new(stderr).lines(),
        }
    }

    /// The next link that it prints.
    fn next_link(&mut self) -> String {
        let mut lines = self.stderr.by_ref().map_while(Result::ok);
        let link = lines.find_map(|line| {
            let (_, link) = line.split_once("http://")?;
            Some(format!("http://{}", link.split_whitespace().next()?))
        });
        link.expect("wo-review prints a link")
    }

    fn enter(&mut self) -> Session {
        let link = self.next_link();
        let (page, token) = link.split_once("/#").expect("a link has a secret");
        let address = page.trim_start_matches("http://").to_owned();
        let session = Session {
            address,
            cookie: String::new(),
        };
        let answer = session.post("/api/enter", &json!({"token": token}));
        let cookie = answer.header("set-cookie").expect("a cookie");
        Session {
            cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
            ..session
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // As Ctrl-C does: it writes records and tables before it ends.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.child.wait();
    }
}

/// A reviewer who has entered.
struct Session {
    address: String,
    cookie: String,
}

impl Session {
    fn get(&self, path: &str) -> Value {
        self.call("GET", path, "").json()
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &body.to_string())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let host = format!("Host: {}", self.address);
        let cookie = format!("Cookie: {}", self.cookie);
        let headers = [&host[..], &cookie, "Content-Type: application/json"];
        request(&self.address, method, path, &headers, body).expect("wo-review answers")
    }

    /// Confirms the label that a frame has.
    fn decide(&self, frame: &Value) {
        let id = &frame["id"];
        let label = frame["label"].as_str().unwrap_or("unclear");
        let body =
            json!({"request": format!("demo {id}"), "frames": [id], "change": {"label": label}});
        assert_eq!(self.post("/api/decide", &body).json()["n_frames"], 1);
    }
}

fn take_screenshot(link: &str, screenshot: &Path) {
    for browser in ["chromium", "google-chrome"] {
        let run = Command::new("timeout")
            .args([BROWSER_LIMIT_S, browser, "--headless=new", "--no-sandbox"])
            .args(["--disable-gpu", "--window-size=1280,800"])
            .arg(format!("--virtual-time-budget={PAGE_TIME_MS}"))
            .arg(format!("--screenshot={}", screenshot.display()))
            .arg(link)
            .stderr(Stdio::null())
            .status()
            .expect("run timeout");
        // 127: there is no such program.
        if run.code() != Some(127) {
            assert!(run.success(), "{browser}: {run}");
            return;
        }
    }
    say(&mut stdout(), "no chromium here, so no picture of the page");
}
