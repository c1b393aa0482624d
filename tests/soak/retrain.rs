//! A run of `scripts/retrain`, as cron starts it, and what it came to.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tools::Tools;

/// The exit code of a run that the gate refused.
const REFUSED: i32 = 1;

/// What a run came to, as `last-run.json` says.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// `promoted`, `refused`, `unchanged`, …
    pub(crate) word: String,
    pub(crate) why: String,
    /// The model in use afterwards.
    pub(crate) in_use: Option<String>,
}

impl Outcome {
    pub(crate) fn is_promoted(&self) -> bool {
        self.word == "promoted"
    }
}

/// Runs it. Anything but a promotion, a refusal or nothing to do ends the simulation.
pub(crate) fn retrain(tools: &Tools, script: &Path) -> Outcome {
    let run = tools.tool(script).run();
    let log = tools.workspace().join("models/logs/retrain.log");
    assert!(
        [0, REFUSED].contains(&run.status),
        "scripts/retrain: exit {}: {}see {}",
        run.status,
        run.stderr,
        log.display()
    );
    let path = tools.workspace().join("models/last-run.json");
    let text = fs::read_to_string(path).expect("a run leaves last-run.json");
    let last: Value = serde_json::from_str(&text).expect("it is JSON");
    let text = |key: &str| last[key].as_str().map(str::to_owned);
    Outcome {
        word: text("outcome").unwrap_or_default(),
        why: text("why").unwrap_or_default(),
        in_use: text("in_use"),
    }
}
