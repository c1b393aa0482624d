//! The tutorial, `docs/TRAINING.md`: its commands run in their order, as printed, and what it promises of each comes true.
//!
//! Blocks marked `sh` run. Where a person would film or decide, the page has a comment such as `<!-- test: film -->`,
//! which no reader sees, and this test does the person's part with drawn videos and over the API of the page of wo-review.

mod claims;
mod films;
mod reviewer;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::binaries;
use crate::files::root;
use crate::training::claims::CLAIMS;
use crate::training::films::Films;
use crate::training::reviewer::{Decision, decide};

/// More blocks that are not run would make this no test of the page: those that build, open a browser (two) or call cron,
/// and the sample of a table.
const MAX_LEFT_OUT: usize = 5;
/// Runs a file as it is, stops at the first command that fails, and keeps the folder that it ends in for the next one.
const RUN: &str = r#"cd "$(cat "$2")"; trap 'pwd > "$2"' EXIT; . "$1""#;

/// What the page asks for, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Something that a person does, by the name in its comment.
    ByHand(String),
    /// Commands to run, and the line of the page that they begin at.
    Commands { line: usize, text: String },
}

/// The steps of the page, and how many of its blocks are not run.
fn steps(page: &str) -> (Vec<Step>, usize) {
    let (mut steps, mut n_left_out) = (Vec::new(), 0);
    let mut lines = (1..).zip(page.lines());
    while let Some((number, line)) = lines.next() {
        let by_hand = line.strip_prefix("<!-- test: ");
        if let Some(name) = by_hand.and_then(|rest| rest.strip_suffix(" -->")) {
            steps.push(Step::ByHand(name.to_owned()));
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block = lines.by_ref().map(|(_, line)| line);
        let block: Vec<&str> = block.take_while(|line| *line != "```").collect();
        if language == "sh" {
            let text = block.join("\n") + "\n";
            let line = number + 1;
            steps.push(Step::Commands { line, text });
        } else {
            n_left_out += 1;
        }
    }
    (steps, n_left_out)
}

/// What commands wrote for a person to read.
struct Shown {
    stdout: String,
    stderr: String,
}

/// A machine with the tools and one empty folder.
struct Machine {
    home: TempDir,
}

impl Machine {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let this = Self { home };
        for folder in ["home", "begin"] {
            fs::create_dir(this.at(folder)).expect("make a folder");
        }
        let begin = this.at("begin").display().to_string();
        fs::write(this.at("place"), begin).expect("write a file");
        this
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The folder that the page makes.
    fn gym(&self) -> PathBuf {
        self.at("begin").join("gym")
    }

    /// A tool or a shell, with no more than a person has who followed "Before you begin".
    fn command(&self, program: &str) -> Command {
        let path = [
            binaries(),
            "/usr/local/bin".into(),
            "/usr/bin".into(),
            "/bin".into(),
        ];
        let path = std::env::join_paths(path).expect("no colon in the path");
        let mut command = Command::new(program);
        command
            .env("PATH", path)
            .env("WO", root())
            .env("WO_BIN", binaries())
            .env("HOME", self.at("home"))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .env("HF_HUB_OFFLINE", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a block of the page. It must succeed.
    fn run(&self, line: usize, text: &str) -> Shown {
        let block = self.at("block.sh");
        fs::write(&block, text).expect("write a block");
        let mut bash = self.command("bash");
        bash.args(["-euo", "pipefail", "-c", RUN, "bash"]);
        let output = bash.arg(&block).arg(self.at("place")).output();
        let output = output.expect("bash runs");
        let shown = Shown {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(
            output.status.success(),
            "docs/TRAINING.md:{line}\n{text}\n{:?}\n{}\n{}\n{}",
            output.status,
            shown.stdout,
            shown.stderr,
            fs::read_to_string(self.gym().join("models/logs/retrain.log")).unwrap_or_default()
        );
        shown
    }

    /// Does what the page leaves to a person.
    fn by_hand(&self, films: &Films, name: &str) {
        let gym = self.gym();
        match name {
            "film" => films.hand_in(&gym),
            "consent" => films.note_all_consents(&gym),
            "review" => decide(self, &gym, Decision::Confirm),
            "new video" => Films::draw_new(&gym.join("new_video.mp4")),
            "review again" => decide(self, &gym, Decision::Unclear),
            other => panic!("nobody knows how to do \"{other}\" by hand"),
        }
    }
}

fn page() -> String {
    fs::read_to_string(root().join("docs/TRAINING.md")).expect("the tutorial is there")
}

#[test]
fn the_tutorial_runs_as_printed() {
    let (steps, n_left_out) = steps(&page());
    assert!(
        n_left_out <= MAX_LEFT_OUT,
        "{n_left_out} blocks are not run"
    );
    let machine = Machine::new();
    let films = Films::plan();
    let mut claims = VecDeque::from(CLAIMS);
    for step in steps {
        match step {
            Step::ByHand(name) => machine.by_hand(&films, &name),
            Step::Commands { line, text } => {
                let (begins, check) = claims
                    .pop_front()
                    .unwrap_or_else(|| panic!("line {line}: say in CLAIMS what comes of it"));
                assert!(
                    text.starts_with(begins),
                    "line {line}: CLAIMS expects `{begins}` here, and not\n{text}"
                );
                let shown = machine.run(line, &text);
                check(&machine.gym(), &shown);
            }
        }
    }
    let left: Vec<&str> = claims.iter().map(|(begins, _)| *begins).collect();
    assert!(left.is_empty(), "the page lacks {left:?}");
}

#[test]
fn blocks_and_what_people_do_are_found_in_their_order() {
    let page = "```sh\na\nb\n```\ntext\n<!-- test: film -->\n```text\nc\n```\n```sh\nd\n```\n";
    let commands = |line, text: &str| Step::Commands {
        line,
        text: text.to_owned(),
    };
    let expected = vec![
        commands(2, "a\nb\n"),
        Step::ByHand("film".to_owned()),
        commands(11, "d\n"),
    ];
    assert_eq!(steps(page), (expected, 1));
}

#[test]
fn a_block_stops_at_its_first_failure_and_the_next_begins_where_it_ended() {
    let machine = Machine::new();
    machine.run(1, "mkdir inside\ncd inside\n");
    let shown = machine.run(2, "basename \"$PWD\"\ntrue | cat\n");
    assert_eq!(shown.stdout, "inside\n");
    for text in ["false\ntrue\n", "false | true\n", "echo $UNKNOWN\n"] {
        let run = || machine.run(3, text);
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(failed.is_err(), "{text}");
    }
}

/// All files below a folder; links are not followed.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            match entry.file_type().expect("a kind") {
                kind if kind.is_dir() => open.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}
