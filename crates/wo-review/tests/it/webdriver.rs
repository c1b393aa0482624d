//! Drives a real Chromium: keys and clicks are those of a person, what comes of them is read from the page.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use wo_testkit::http::request;

/// How long a page may take for anything, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A browser with one page, closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    address: String,
    session: String,
}

/// The programs that drive a browser, or nothing where they are not installed; then it says so.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let find = |names: &[&str]| {
        let path = std::env::var_os("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let places = names
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        places.into_iter().find(|place| place.is_file())
    };
    let found =
        find(&["chromium", "chromium-browser", "google-chrome"]).zip(find(&["chromedriver"]));
    if found.is_none() {
        wo_testkit::skip::not_installed("chromium with chromedriver");
    }
    found
}

impl Browser {
    /// Opens a page of this size; `None` where no browser is installed.
    pub(crate) fn open(url: &str, width: u32, height: u32) -> Option<Self> {
        let (chromium, chromedriver) = programs()?;
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start chromedriver");
        let mut lines = BufReader::new(driver.stdout.take().expect("stdout is piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let mut browser = Self {
            driver,
            address: format!("127.0.0.1:{}", port.expect("chromedriver names its port")),
            session: String::new(),
        };
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let options = json!({"binary": chromium, "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", format!("--window-size={width},{height}")]});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}});
        let session = browser.call("POST", "/session", &wanted);
        browser.session = format!(
            "/session/{}",
            session["sessionId"].as_str().expect("a session")
        );
        browser.go(url);
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// What chromedriver answers, or what it says went wrong.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let host = format!("Host: {}", self.address);
        let headers = [&host[..], "Content-Type: application/json"];
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let answer = request(
            &self.address,
            method,
            &format!("{}{path}", self.session),
            &headers,
            &body,
        );
        let answer = answer.expect("chromedriver answers");
        let mut value: Value =
            serde_json::from_slice(&answer.body).expect("chromedriver writes JSON");
        let value = value["value"].take();
        if answer.status == 200 {
            Ok(value)
        } else {
            Err(value)
        }
    }

    pub(crate) fn go(&self, url: &str) {
        self.call("POST", "/url", &json!({"url": url}));
    }

    /// What a script gives.
    pub(crate) fn eval(&self, script: &str) -> Value {
        self.call(
            "POST",
            "/execute/sync",
            &json!({"script": format!("return ({script})"), "args": []}),
        )
    }

    /// What a script gives that takes its time; it calls `done`.
    pub(crate) fn eval_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        self.call(
            "POST",
            "/execute/async",
            &json!({"script": script, "args": []}),
        )
    }

    /// Waits until a script says true.
    pub(crate) fn wait(&self, script: &str) {
        let since = Instant::now();
        while self.eval(script) != true {
            assert!(
                since.elapsed() < PATIENCE,
                "never came true: {script}\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that the page says.
    pub(crate) fn text(&self) -> String {
        self.eval("document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Presses keys one after the other; a text of several letters is a key's name.
    pub(crate) fn press(&self, keys: &[&str]) {
        let mut actions = Vec::new();
        for key in keys {
            let value = match *key {
                "Enter" => "\u{e007}",
                "Escape" => "\u{e00c}",
                "ArrowLeft" => "\u{e012}",
                "ArrowUp" => "\u{e013}",
                "ArrowRight" => "\u{e014}",
                "ArrowDown" => "\u{e015}",
                "Delete" => "\u{e017}",
                "Alt+1" => {
                    actions.extend([
                        ("keyDown", "\u{e00a}"),
                        ("keyDown", "1"),
                        ("keyUp", "1"),
                        ("keyUp", "\u{e00a}"),
                    ]);
                    continue;
                }
                other => other,
            };
            actions.extend([("keyDown", value), ("keyUp", value)]);
        }
        let actions: Vec<Value> = actions
            .into_iter()
            .map(|(kind, value)| json!({"type": kind, "value": value}))
            .collect();
        self.call(
            "POST",
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}),
        );
    }

    /// Types a text, letter by letter.
    pub(crate) fn type_text(&self, text: &str) {
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        self.press(&letters);
    }

    /// Clicks what a selector finds first. A page that draws itself anew meanwhile is looked at again.
    pub(crate) fn click(&self, selector: &str) {
        let wanted = json!({"using": "css selector", "value": selector});
        let end = Instant::now() + PATIENCE;
        loop {
            let element = self.call("POST", "/element", &wanted);
            let id = element
                .as_object()
                .and_then(|object| object.values().next())
                .and_then(Value::as_str);
            let click = format!("/element/{}/click", id.expect("an element"));
            match self.ask("POST", &click, &json!({})) {
                Ok(_) => return,
                Err(error) => assert!(
                    error["error"] == "stale element reference" && Instant::now() < end,
                    "{selector}: {error}"
                ),
            }
        }
    }

    /// Drags a finger over the stage.
    pub(crate) fn swipe(&self, way: i64) {
        let at = |x: i64, ms: u32| json!({"type": "pointerMove", "duration": ms, "x": x, "y": 250});
        let actions = json!([at(190, 0), {"type": "pointerDown", "button": 0}, at(190 + way, 50), {"type": "pointerUp", "button": 0}]);
        self.call("POST", "/actions", &json!({"actions": [{"type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"}, "actions": actions}]}));
    }

    /// Errors and warnings of the console: a refused script is among them.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.call("POST", "/se/log", &json!({"type": "browser"}));
        let lines = log.as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Keeps a picture of the page where `WO_SHOTS` names a folder.
    pub(crate) fn shot(&self, name: &str) {
        let Some(folder) = std::env::var_os("WO_SHOTS") else {
            return;
        };
        let png = self.call("GET", "/screenshot", &Value::Null);
        let path = Path::new(&folder).join(format!("{name}.png.b64"));
        std::fs::write(path, png.as_str().unwrap_or_default())
            .expect("write a picture of the page");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !thread::panicking() {
            self.call("DELETE", "", &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
