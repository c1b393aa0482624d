//! Models judged on the held-out persons, with the labels of the last week: none of the models has seen them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Week;
use crate::tools::{Tools, of_type, output, records};
use crate::workspace::Workspace;

/// A value with its interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Score {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// What judges models.
pub(crate) struct Judge<'a> {
    tools: &'a Tools,
    held_out: String,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Self {
            tools: &workspace.tools,
            held_out: workspace.held_out(),
        }
    }

    /// The balanced accuracy of the model that was in use after each week; each model is judged once.
    pub(crate) fn scores(&self, weeks: &[Week]) -> Vec<Option<Score>> {
        let mut by_version = BTreeMap::new();
        let in_use = weeks.iter().map(|week| week.outcome.in_use.clone());
        let score = |version: Option<String>| {
            let version = version?;
            *by_version
                .entry(version.clone())
                .or_insert_with(|| self.score(&version))
        };
        in_use.map(score).collect()
    }

    fn score(&self, version: &str) -> Option<Score> {
        let tool = self.tools.tool("wo-eval");
        let tool = tool.args(["--json", "--model", &folder(version)]);
        let run = tool.stdin(self.held_out.as_str()).run();
        let judged = records(&output("wo-eval", run));
        let mut scores = of_type(&judged, "score");
        let found = scores.find(|it| {
            it["by"] == "model" && it["unit"] == "video" && is_balanced_accuracy_of_form(it)
        });
        Score::of(found?, "value")
    }

    /// By how much the first model is above the second, with the paired interval.
    pub(crate) fn difference(&self, candidate: &str, champion: &str) -> Option<Score> {
        let tool = self.tools.tool("wo-eval").arg("compare");
        let tool = tool.args([folder(candidate), folder(champion)]);
        let run = tool.arg("--json").stdin(self.held_out.as_str()).run();
        let judged = records(&output("wo-eval compare", run));
        let mut comparisons = of_type(&judged, "comparison");
        let found = comparisons.find(|it| is_balanced_accuracy_of_form(it));
        Score::of(found?, "difference")
    }
}

impl Score {
    fn of(record: &Value, value: &str) -> Option<Self> {
        Some(Self {
            value: record[value].as_f64()?,
            low: record["low"].as_f64()?,
            high: record["high"].as_f64()?,
        })
    }

    /// As a person reads it.
    pub(crate) fn text(self) -> String {
        format!("{:.2} [{:.2}, {:.2}]", self.value, self.low, self.high)
    }
}

fn is_balanced_accuracy_of_form(record: &Value) -> bool {
    record["task"] == "label"
        && record["scope"] == "all"
        && record["name"] == "balanced_accuracy"
        && record["class"].is_null()
}

fn folder(version: &str) -> String {
    format!("models/versions/{version}")
}
