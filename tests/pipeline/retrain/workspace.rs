//! A workspace of drawn videos, and the script that is run on it as cron runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::files::root;
use crate::{binaries, ok, write};

/// Few videos need a gate that is easily passed: what is tested is what the script does with its answer.
const SETTINGS: &str = r#"
[extract]
arguments = ["--frames-per-video", "4", "--size", "96"]
[train]
arguments = ["--method", "probe", "-j", "1"]
[gate]
first = "balanced_accuracy>=0.3"
conditions = "difference.balanced_accuracy.low>0"
min_groups = 2
alpha = 0.4
"#;

/// The first line of a ledger, so that the same persons are held out in each run of the test. `wo-models` wrote it.
const LEDGER: &str = r#"{"sequence":1,"previous":"","commitment":"3f92b1dc5d509ca2fc7cb4035f3ab597","salt":"a1246a0b8220cfb89d093593773cfa34","entry":{"event":"begun","at":"2026-11-30T23:50:48Z","salt":"0633f562624a499eb043c337004d93a9"},"hash":"cd97dfc61cf6e781135a30f25bf36551"}
"#;

/// Of ten videos of poison three have the wrong label.
const POISON: f64 = 0.3;

/// How videos are labelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Labels {
    Right,
    Swapped,
    Poisoned,
}

/// How a run ended, and what it said to cron.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) said: String,
}

/// A workspace `lifting` beside the drawn videos.
pub(crate) struct Workspace {
    dir: PathBuf,
    /// Deleted with the first workspace.
    home: Option<TempDir>,
}

impl Workspace {
    pub(crate) fn draw() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        // With this seed the lower end of the difference is 0.3, far from the gate: another processor rounds otherwise.
        ok(
            home.path(),
            "wo-synth --out drawn --exercises squat --videos-per-class 24 --persons 24 --seed 7 -q > /dev/null",
        );
        let this = Self {
            dir: home.path().join("lifting"),
            home: Some(home),
        };
        this.write("wo.toml", SETTINGS);
        this.write("models/ledger.ndjson", LEDGER);
        this
    }

    pub(crate) fn copied(&self, name: &str) -> Self {
        let dir = self.dir.with_file_name(name);
        ok(&self.dir, &format!("cp -a . {}", dir.display()));
        Self { dir, home: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.dir, name, text);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Lays the drawn videos out by their labels, and a table of their persons.
    pub(crate) fn lay(&self, labels: Labels) {
        let drawn = self
            .home
            .as_ref()
            .expect("the first workspace")
            .path()
            .join("drawn");
        let videos = self.path("data/training_data");
        let _ = fs::remove_dir_all(&videos);
        let groups = fs::read_to_string(drawn.join("groups.csv")).expect("wo-synth writes it");
        let mut table = "path,person_id,source_id,angle\n".to_owned();
        for (number, row) in groups.lines().skip(1).enumerate() {
            let cells: Vec<&str> = row.split(',').collect();
            let place = labels.place(cells[0], number);
            let path = videos.join(&place);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::copy(drawn.join(cells[0]), path).expect("a video");
            // By person alone: each drawn video is in a scene of its own.
            table.extend([&place, ",", cells[1], ",,", cells[3], "\n"]);
        }
        self.write("data/training_data/groups.csv", &table);
    }

    /// The script, in an environment as empty as cron's, without a terminal, with stdin closed, far from home.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("/bin/bash");
        command
            .args(["-c", "exec \"$0\" \"$@\" <&-"])
            .arg(root().join("scripts/retrain"))
            .args(args)
            .arg(&self.dir)
            .env_clear()
            .env("HOME", self.dir.with_file_name("home"))
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "Pacific/Kiritimati")
            .env("WO_BIN", binaries())
            .env("HF_HUB_OFFLINE", "1")
            .current_dir("/");
        command
    }

    pub(crate) fn retrain(&self, args: &[&str]) -> Run {
        let output = self.command(args).output().expect("bash runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            code: output.status.code().expect("no signal"),
            said: text(&output.stdout) + &text(&output.stderr),
        }
    }

    /// The same as a line of a shell, for a workspace elsewhere.
    pub(crate) fn retrain_line(workspace: &str) -> String {
        format!(
            "env -i HOME=\"$PWD\" PATH=/usr/bin:/bin HF_HUB_OFFLINE=1 WO_BIN='{}' '{}' {workspace} <&-",
            binaries().display(),
            root().join("scripts/retrain").display()
        )
    }

    /// Starts a run in a process group of its own.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        use std::os::unix::process::CommandExt;
        let mut command = self.command(args);
        let command = command
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("bash runs")
    }

    pub(crate) fn spawn(&self, program: &str, args: &[&str]) -> Child {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.dir)
            .spawn()
            .expect("it runs")
    }

    /// Starts a run and kills it after a while: its script alone, whose tool must die with it, or all of its processes.
    pub(crate) fn kill_after(&self, after: Duration, number: usize) {
        let mut run = self.start(&["--wait", "60"]);
        thread::sleep(after);
        if number.is_multiple_of(2) {
            run.kill().expect("killed");
        } else {
            ok(Path::new("/"), &format!("kill -9 -- -{} || true", run.id()));
        }
        run.wait().expect("gone");
        // Where the script alone was killed, the kernel ends its tool, and the lock is free.
        let started = Instant::now();
        let line = "flock -w 20 models/.retrain.lock true";
        ok(
            &self.dir,
            &format!("[ ! -e models/.retrain.lock ] || {line}"),
        );
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the lock is free at once"
        );
    }

    /// Waits until a file is there.
    pub(crate) fn wait_for(&self, name: &str) {
        let started = Instant::now();
        while !self.path(name).exists() {
            assert!(
                started.elapsed() < Duration::from_mins(5),
                "{name}\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("models/logs/retrain.log")).unwrap_or_default()
    }

    pub(crate) fn last_run(&self) -> Value {
        serde_json::from_str(&self.read("models/last-run.json")).expect("valid JSON")
    }

    /// The number of the model in use.
    pub(crate) fn version(&self) -> String {
        let target = fs::read_link(self.path("models/current")).expect("a model is in use");
        let name = target
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        name.split('-').next().expect("a number").to_owned()
    }

    /// The weights of the model in use.
    pub(crate) fn model(&self) -> Vec<u8> {
        fs::read(self.path("models/current/model.safetensors")).expect("a model is in use")
    }
}

impl Labels {
    /// Where a drawn video such as `squat/bad_form/knees_cave/squat_000001.mp4` goes.
    fn place(self, drawn: &str, number: usize) -> String {
        let parts: Vec<&str> = drawn.split('/').collect();
        let (exercise, name) = (parts[0], parts[parts.len() - 1]);
        let is_wrong = match self {
            Self::Right => false,
            Self::Swapped => true,
            Self::Poisoned => (number as f64 * 0.618_034).fract() < POISON,
        };
        if (parts[1] == "good_form") == is_wrong {
            let fault = if is_wrong { "knees_cave" } else { parts[2] };
            format!("{exercise}/bad_form/{fault}/{name}")
        } else {
            format!("{exercise}/good_form/{name}")
        }
    }
}
