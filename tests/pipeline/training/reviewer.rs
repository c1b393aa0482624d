//! A person at the page of wo-review: what a browser sends when they press keys.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use wo_testkit::http::{Answer, request};

use crate::training::Machine;

/// So many frames are decided.
const N_DECISIONS: usize = 10;

/// What the person says of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// That their labels are right.
    Confirm,
    /// That nobody can tell.
    Unclear,
}

/// Decides the first frames that nobody has decided yet.
pub(super) fn decide(machine: &Machine, gym: &Path, decision: Decision) {
    let mut command = machine.command("wo-review");
    command.current_dir(gym).arg("data/labeled_frames");
    let page = Page::open(command);
    let undecided = page.get("/api/queue?queue=undecided");
    let ids: Vec<String> = list(&undecided).iter().map(Value::to_string).collect();
    let ids = ids.get(..N_DECISIONS).expect("enough undecided frames");
    let frames = page.get(&format!("/api/frames?ids={}", ids.join(",")));
    assert_eq!(list(&frames).len(), N_DECISIONS);
    for frame in list(&frames) {
        let label = match decision {
            Decision::Confirm => frame["label"].as_str().expect("folders give labels"),
            Decision::Unclear => "unclear",
        };
        let id = &frame["id"];
        let body = json!({"request": format!("{decision:?} {id}"), "frames": [id], "change": {"label": label}});
        assert_eq!(page.post("/api/decide", &body).json()["n_frames"], 1);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("the API answers with a list")
}

/// The open page. It is closed as with Ctrl-C when it is dropped.
struct Page {
    server: Child,
    address: String,
    cookie: String,
}

impl Page {
    fn open(mut command: Command) -> Self {
        let mut server = command
            .args(["--no-open", "--port", "0", "--reviewer", "coach"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start wo-review");
        let stderr = server.stderr.take().expect("stderr is piped");
        let mut stderr = BufReader::new(stderr);
        let mut said = String::new();
        let link = loop {
            let mut line = String::new();
            let n_bytes = stderr.read_line(&mut line).expect("stderr is text");
            assert!(n_bytes > 0, "wo-review ends without a link: {said}");
            if let Some((_, link)) = line.split_once("http://") {
                break link
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
            }
            said.push_str(&line);
        };
        // A server that nobody listens to would end when it speaks.
        thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        let (address, token) = link.split_once("/#").expect("a link has a secret");
        let mut page = Self {
            server,
            address: address.to_owned(),
            cookie: String::new(),
        };
        let answer = page.post("/api/enter", &json!({"token": token}));
        let cookie = answer.header("set-cookie").expect("a cookie");
        cookie
            .split(';')
            .next()
            .unwrap_or_default()
            .clone_into(&mut page.cookie);
        page
    }

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
}

impl Drop for Page {
    fn drop(&mut self) {
        // It writes records and tables before it ends.
        let pid = self.server.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.server.wait();
    }
}
