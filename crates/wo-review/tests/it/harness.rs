//! A folder of frames and a server on it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use wo_testkit::{TempDir, Tool, tempdir};

use wo_testkit::http::{Answer, request};

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_wo-review");

pub(crate) fn tool() -> Tool {
    Tool::new(BIN)
}

/// The id of a video of [`folder`].
pub(crate) fn video_id(video: usize) -> String {
    format!("{video:064x}")
}

/// The picture of a frame, from the folder.
pub(crate) fn picture(video: usize, index: usize) -> String {
    format!(
        "frames_squat_good/{video:016x}_{index:03}_{:07}.jpg",
        index * 1000
    )
}

/// A folder as `wo-extract --out` leaves it: videos of squats in good form, each with some frames.
pub(crate) fn folder(n_videos: usize, n_frames: usize) -> TempDir {
    let dir = tempdir().expect("make a folder");
    fill(dir.path(), n_videos, n_frames);
    dir
}

pub(crate) fn fill(dir: &Path, n_videos: usize, n_frames: usize) {
    fs::create_dir_all(dir.join("frames_squat_good")).expect("make a folder");
    let mut lines = Vec::new();
    let mut table = String::from("frame_path,label,description\n");
    for video in 0..n_videos {
        lines.push(json!({"type": "video", "video_id": video_id(video), "path": format!("videos/squat_{video:03}.mp4"),
            "exercise": "squat", "label": "good_form", "person_id": format!("p{video}"), "n_frames": n_frames, "unheard_of": 1e2}));
        for index in 0..n_frames {
            let path = picture(video, index);
            let color = [(video * 40 + 60) as u8, (index * 20 + 40) as u8, 120];
            fs::write(dir.join(&path), jpeg(|_, _| color)).expect("write a picture");
            lines.push(json!({"type": "frame", "video_id": video_id(video), "index": index, "pts_ms": index as f64 * 1000.0,
                "width_px": 48, "height_px": 32, "image": {"file": {"path": path, "blake3": format!("{video:08x}{index:08x}")}},
                "exercise": "squat", "label": "good_form", "label_origin": "folder", "faults": [], "description": null,
                "quality": {"sharpness": ((video * 7 + index * 13) % 50) as f64, "brightness": 0.5, "contrast": 0.2, "motion": null,
                    "perceptual_hash": format!("{:016x}", (video as u64) << 32 | (index as u64 / 2) << 8)}, "extra": "kept"}));
            table.extend([path.as_str(), ",good_form,\n"]);
        }
    }
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(dir.join("records.ndjson"), wo_testkit::stream(&lines)).expect("write the records");
    fs::write(dir.join("squat_good_form.csv"), table).expect("write the table");
}

/// A small picture, from the colour of each column and line.
pub(crate) fn jpeg(pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    let (width, height) = (48, 32);
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|i| pixel(i % width, i / width))
        .collect();
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 80)
        .encode(
            &pixels,
            width as u16,
            height as u16,
            jpeg_encoder::ColorType::Rgb,
        )
        .expect("encode a picture");
    bytes
}

/// A server, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// The links, as they are printed.
    links: Receiver<String>,
    first_links: Vec<String>,
    /// All that it printed, when it has ended.
    stderr: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts one and waits for as many links as there are reviewers.
    pub(crate) fn start(dir: &Path, args: &[&str]) -> Self {
        Self::try_start(dir, args, &[])
            .unwrap_or_else(|(status, stderr)| panic!("{status}: {stderr}"))
    }

    /// Starts one in another working directory.
    pub(crate) fn start_in(cwd: &Path, dir: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(BIN);
        command.current_dir(cwd);
        Self::run(command, dir, args, &[])
            .unwrap_or_else(|(status, stderr)| panic!("{status}: {stderr}"))
    }

    /// The same in an environment in which it may end instead: then with what it said.
    pub(crate) fn try_start(
        dir: &Path,
        args: &[&str],
        environment: &[(&str, String)],
    ) -> Result<Self, (ExitStatus, String)> {
        Self::run(Command::new(BIN), dir, args, environment)
    }

    /// Starts one that may have so many files open.
    pub(crate) fn start_with_files(dir: &Path, n_files: u32) -> Self {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("ulimit -n {n_files}; exec \"$0\" \"$@\""),
            BIN,
        ]);
        Self::run(command, dir, &[], &[])
            .unwrap_or_else(|(status, stderr)| panic!("{status}: {stderr}"))
    }

    fn run(
        mut command: Command,
        dir: &Path,
        args: &[&str],
        environment: &[(&str, String)],
    ) -> Result<Self, (ExitStatus, String)> {
        let n_links = args
            .iter()
            .filter(|arg| **arg == "--reviewer")
            .count()
            .max(1);
        command
            .arg(dir)
            .arg("--no-open")
            .args(args)
            .env("USER", "anna")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start the server");
        let output = child.stderr.take().expect("stderr is piped");
        let (sender, links) = channel();
        let stderr = thread::spawn(move || {
            let mut all = String::new();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, link)) = line.split_once("http://") {
                    let _ = sender.send(link.to_owned());
                }
                all.extend([&line, "\n"]);
            }
            all
        });
        let mut first_links = Vec::new();
        while first_links.len() < n_links {
            match links.recv_timeout(Duration::from_mins(1)) {
                Ok(link) => first_links.push(link),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = child.wait().expect("wait for the server");
                    return Err((status, stderr.join().expect("stderr is read")));
                }
                Err(RecvTimeoutError::Timeout) => panic!("the server prints no link"),
            }
        }
        let (address, _) = first_links[0].split_once('/').expect("a link has a path");
        Ok(Self {
            child,
            address: address.to_owned(),
            links,
            first_links,
            stderr: Some(stderr),
        })
    }

    /// The link of a reviewer, by the order on the command line.
    pub(crate) fn link(&self, reviewer: usize) -> String {
        format!("http://{}", self.first_links[reviewer])
    }

    /// The link that was printed last.
    pub(crate) fn next_link(&self) -> String {
        self.links
            .recv_timeout(Duration::from_secs(10))
            .expect("a new link")
    }

    /// Enters as a reviewer does.
    pub(crate) fn enter(&self, reviewer: usize) -> Client {
        let (_, token) = self.first_links[reviewer]
            .split_once('#')
            .expect("a link has a secret");
        let client = Client {
            address: self.address.clone(),
            cookie: String::new(),
        };
        let answer = client
            .post("/api/enter", &json!({"token": token}))
            .expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").expect("a cookie");
        Client {
            cookie: cookie.split(';').next().expect("a cookie").to_owned(),
            ..client
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("kill the server");
        self.child.wait().expect("wait for the server");
    }

    /// As Ctrl-C does: it writes records and tables, and ends.
    pub(crate) fn stop(self) -> ExitStatus {
        self.stop_and_read().0
    }

    /// The same, with all that it said.
    pub(crate) fn stop_and_read(mut self) -> (ExitStatus, String) {
        let pid = self.pid().to_string();
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("send a signal");
        let status = self.child.wait().expect("wait for the server");
        let stderr = self.stderr.take().expect("it is stopped once");
        (status, stderr.join().expect("stderr is read"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser without a window.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) cookie: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Answer {
        let (host, cookie) = (
            format!("Host: {}", self.address),
            format!("Cookie: {}", self.cookie),
        );
        request(&self.address, "GET", path, &[&host, &cookie], "").expect("an answer")
    }

    /// `None` where the server went away before it answered.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<Answer> {
        let (host, cookie) = (
            format!("Host: {}", self.address),
            format!("Cookie: {}", self.cookie),
        );
        let headers = [&host[..], &cookie, "Content-Type: application/json"];
        request(&self.address, "POST", path, &headers, &body.to_string())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write it on the spot"
    )]
    pub(crate) fn decide(&self, request: &str, frames: &[u32], change: Value) -> Value {
        let body = json!({"request": request, "frames": frames, "change": change});
        self.post("/api/decide", &body).expect("an answer").json()
    }

    pub(crate) fn frame(&self, id: u32) -> Value {
        self.get(&format!("/api/frames?ids={id}")).json()[0].clone()
    }

    pub(crate) fn queue(&self, query: &str) -> Vec<u64> {
        let ids = self.get(&format!("/api/queue?{query}")).json();
        ids.as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_u64)
            .collect()
    }
}

/// The lines of the log.
pub(crate) fn log(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("reviews.ndjson")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of the log is JSON"))
        .collect()
}

/// The frames of the records, by video and index.
pub(crate) fn frames(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("records.ndjson")).expect("read the records");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["type"] == "frame").collect()
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|e| panic!("read {}: {e}", path.display()))
}
