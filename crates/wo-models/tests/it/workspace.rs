//! A workspace with models that are no models, and streams that no tool wrote.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, TempDir, Tool, stream, tempdir};

use crate::tool;

/// A folder that the tool runs in.
pub(crate) struct Workspace {
    dir: TempDir,
}

/// What a gate found.
pub(crate) const PASSED: (&str, bool) = ("difference.balanced_accuracy.low>0", true);
pub(crate) const FAILED: (&str, bool) = ("difference.balanced_accuracy.low>0", false);

/// A short gate, so that streams need not say all terms.
const SETTINGS: &str =
    "[gate]\nconditions = \"difference.balanced_accuracy.low>0\"\nmin_groups = 3\n";

impl Workspace {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempdir().expect("a folder"),
        }
    }

    /// With a gate of one condition, and 40 persons of whom some are held out.
    pub(crate) fn with_persons() -> Self {
        let this = Self::new();
        this.write("wo.toml", SETTINGS);
        this.write_persons(40);
        this.split("training");
        this.split("held-out");
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn tool(&self) -> Tool {
        tool().current_dir(self.dir.path())
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.tool().args(args).run()
    }

    /// As [`Self::run`], which must end with 0; gives stdout.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        run.stdout
    }

    /// Persons `p1`… with a video of each label.
    pub(crate) fn write_persons(&self, n: usize) {
        let persons: Vec<(String, &str)> = (1..=n)
            .flat_map(|it| ["good_form", "bad_form"].map(|label| (format!("p{it}"), label)))
            .collect();
        let lines = persons.iter().enumerate();
        let lines: Vec<String> = lines
            .flat_map(|(number, (person, label))| video(&format!("v{number}"), person, "", label))
            .collect();
        self.write("described.ndjson", &stream(&lines));
    }

    /// Passes one side of `described.ndjson` on into `SIDE.ndjson`.
    pub(crate) fn split(&self, side: &str) -> Run {
        let run = self.run(&["split", "--keep", side, "described.ndjson"]);
        self.write(&format!("{side}.ndjson"), &run.stdout);
        run
    }

    /// A new model in `new`; its content makes its hash.
    pub(crate) fn write_model(&self, content: &str) {
        self.write("new/config.json", "{}");
        self.write("new/model.safetensors", content);
        self.write("new/README.md", "a card");
    }

    pub(crate) fn look(&self) -> Run {
        self.run(&[
            "look",
            "--challenger",
            "new",
            "--inputs",
            "hash",
            "held-out.ndjson",
        ])
    }

    /// What `wo-eval compare` would have written, at the confidence of a look of the default settings.
    pub(crate) fn write_comparison(&self, gate: (&str, bool)) {
        self.write_comparison_at(gate, 0.9875);
    }

    pub(crate) fn write_comparison_at(&self, (term, passed): (&str, bool), confidence: f64) {
        let comparison = json!({"type": "comparison", "task": "label", "scope": "all", "name": "balanced_accuracy",
            "candidate": 0.9, "champion": 0.8, "difference": 0.1, "low": 0.02, "high": 0.2, "confidence": confidence,
            "n": 20, "n_groups": 10});
        let gate = json!({"type": "gate", "passed": passed,
            "terms": [{"term": term, "value": 0.62, "bound": 0.0, "passed": passed}]});
        let lines = [comparison.to_string(), gate.to_string()];
        self.write("comparison.ndjson", &stream(&lines));
    }

    pub(crate) fn promote(&self, more: &[&str]) -> Run {
        let args = [
            "promote",
            "--challenger",
            "new",
            "--comparison",
            "comparison.ndjson",
            "--inputs",
            "hash",
        ];
        self.run(&[&args, more].concat())
    }

    /// A look and a promotion of a first model.
    pub(crate) fn promote_first(&self) {
        self.write_model("first");
        assert_eq!(self.look().stdout, "first\n");
        self.write_comparison(("balanced_accuracy.low>0.5", true));
        let run = self.promote(&[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
    }

    /// A look and a promotion of a model beside the one in use.
    pub(crate) fn promote_next(&self, content: &str) {
        self.write_model(content);
        assert_eq!(self.look().stdout, "0.9875\n");
        self.write_comparison(PASSED);
        let run = self.promote(&[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
    }

    /// What the link points to, read through the link.
    pub(crate) fn in_use(&self) -> String {
        self.read("models/current/model.safetensors")
    }

    pub(crate) fn last_run(&self) -> Value {
        serde_json::from_str(&self.read("models/last-run.json")).expect("valid JSON")
    }

    /// The entries of the ledger of one kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let entries = self.ok(&["history", "--json"]);
        let entries = entries
            .lines()
            .map(|it| serde_json::from_str(it).expect("an entry"));
        entries.filter(|it: &Value| it["event"] == kind).collect()
    }

    /// A copy of all its files.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        copy_into(self.dir.path(), copy.dir.path());
        copy
    }
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("a kind");
        if kind.is_symlink() {
            let target = fs::read_link(&from).expect("a link");
            std::os::unix::fs::symlink(target, to).expect("a link");
        } else if kind.is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy_into(&from, &to);
        } else {
            fs::copy(from, to).expect("a file");
        }
    }
}

/// The records of a video and of one frame of it. An empty person or source is not known.
pub(crate) fn video(id: &str, person: &str, source: &str, label: &str) -> [String; 2] {
    let known = |it: &str| (!it.is_empty()).then(|| it.to_owned());
    let video = json!({"type": "video", "video_id": id, "path": format!("{id}.mp4"), "exercise": "squat", "label": label,
        "person_id": known(person), "source_id": known(source)});
    let frame = json!({"type": "frame", "video_id": id, "index": 0, "exercise": "squat", "label": label,
        "image": {"file": {"path": format!("frames/{id}.jpg"), "blake3": id}}});
    [video.to_string(), frame.to_string()]
}

/// The ids of the videos in a stream.
pub(crate) fn ids(stream: &str) -> Vec<String> {
    let records = stream
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).expect("a record"));
    let videos = records.filter(|it| it["type"] == "video");
    videos
        .map(|it| it["video_id"].as_str().expect("an id").to_owned())
        .collect()
}
