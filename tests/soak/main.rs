//! Simulated weeks of one workspace: new videos of persons never seen, wrong labels, broken files, reviews, a takedown, a
//! week of poison. Each week `scripts/retrain` does what cron would. `scripts/soak` calls this.
//!
//! Prints a table by week and writes a chart. What must hold is checked at the end; what does not is said, and the exit code
//! is 1.

mod chart;
mod checks;
mod plan;
mod retrain;
mod reviews;
mod scores;
mod table;
mod takedown;
mod tools;
mod video;
mod workspace;

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use crate::checks::Checks;
use crate::plan::{Event, Plan};
use crate::retrain::{Outcome, retrain};
use crate::scores::Judge;
use crate::tools::Tools;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (folder, script, plan) = match words.as_slice() {
        [folder, script] => (folder, script, Plan::full()),
        [folder, script, "--short"] => (folder, script, Plan::short()),
        _ => {
            let usage = "usage: wo-soak FOLDER RETRAIN_SCRIPT [--short]";
            writeln!(std::io::stderr(), "{usage}").expect("stderr takes a line");
            return ExitCode::from(2);
        }
    };
    let failed = Soak::new(Path::new(folder), Path::new(script), plan).run();
    for reason in &failed {
        say(&format!("FAILED: {reason}"));
    }
    ExitCode::from(u8::from(!failed.is_empty()))
}

/// Writes one line.
fn say(line: &str) {
    writeln!(stdout(), "{line}").expect("the output takes a line");
}

/// What one week came to.
struct Week {
    number: usize,
    /// What was done to the data beside new videos, in words.
    events: Vec<String>,
    n_new: usize,
    n_videos: usize,
    outcome: Outcome,
    seconds: u64,
}

/// All weeks.
struct Soak {
    plan: Plan,
    workspace: Workspace,
    script: std::path::PathBuf,
    checks: Checks,
}

impl Soak {
    fn new(folder: &Path, script: &Path, plan: Plan) -> Self {
        let tools = Tools::new(folder);
        let script = script.canonicalize().expect("the script is there");
        Self {
            workspace: Workspace::init(tools, &plan),
            script,
            plan,
            checks: Checks::default(),
        }
    }

    /// Returns what did not hold.
    fn run(mut self) -> Vec<String> {
        let begun = Instant::now();
        let mut weeks = Vec::new();
        for number in 1..=self.plan.weeks.len() {
            let week = self.week(number);
            say(&table::progress(&week));
            weeks.push(week);
        }
        self.workspace.check_forgotten(&mut self.checks);
        let judge = Judge::new(&self.workspace);
        let scores = judge.scores(&weeks);
        say("");
        table::print(&weeks, &scores);
        let path = self.workspace.tools.folder().join("weeks.svg");
        std::fs::write(&path, chart::svg(&weeks, &scores)).expect("write the chart");
        say(&format!("chart: {}", path.display()));
        self.checks.promotions(&self.plan, &weeks, &judge);
        say(&format!("{} s", begun.elapsed().as_secs()));
        self.checks.into_failed()
    }

    fn week(&mut self, number: usize) -> Week {
        let begun = Instant::now();
        let of_plan = self.plan.weeks[number - 1].clone();
        let mut events = Vec::new();
        for event in &of_plan.before {
            events.push(self.happens(*event));
        }
        let n_new = self.workspace.add(number, &of_plan, &mut events);
        self.workspace.settings(number, &self.plan);
        let outcome = retrain(&self.workspace.tools, &self.script);
        Week {
            number,
            events,
            n_new,
            n_videos: self.workspace.n_videos(),
            outcome,
            seconds: begun.elapsed().as_secs(),
        }
    }

    /// Does what happens to old videos, and says it in words.
    fn happens(&mut self, event: Event) -> String {
        match event {
            Event::MoveBack(which) => self.workspace.move_back(which),
            Event::Review(which) => self.workspace.review(which),
            Event::Forget { week } => self.workspace.forget_person_of(week, &mut self.checks),
        }
    }
}
