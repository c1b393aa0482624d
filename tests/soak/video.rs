//! One drawn video: what it shows, and what its folder says.

use serde_json::Value;

pub(crate) const GOOD: &str = "good_form";
pub(crate) const BAD: &str = "bad_form";

/// A video in the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Video {
    pub(crate) week: usize,
    /// The path where `wo-synth` wrote it.
    pub(crate) drawn: String,
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) exercise: String,
    /// What it was drawn to show.
    pub(crate) truth: String,
    pub(crate) fault: Option<String>,
    /// The label of the folder where it lies.
    pub(crate) filed: String,
    /// Whether reviews say what it shows.
    pub(crate) is_reviewed: bool,
    pub(crate) person: String,
    pub(crate) source: String,
    pub(crate) angle: String,
}

impl Video {
    /// From a `truth` record. The names of files begin with the week.
    pub(crate) fn of(truth: &Value, week: usize) -> Self {
        let text = |key: &str| truth[key].as_str().unwrap_or_default().to_owned();
        let drawn = text("path");
        let file = drawn.rsplit('/').next().unwrap_or_default();
        Self {
            week,
            name: format!("w{week}_{file}"),
            exercise: text("exercise"),
            filed: text("label"),
            truth: text("label"),
            fault: truth["faults"][0].as_str().map(str::to_owned),
            is_reviewed: false,
            person: text("person_id"),
            source: text("scene_id"),
            angle: text("angle"),
            drawn,
        }
    }

    /// Files it under the label that it does not show.
    pub(crate) fn flip(&mut self) {
        let other = if self.truth == GOOD { BAD } else { GOOD };
        other.clone_into(&mut self.filed);
    }

    /// Whether a training would take it for what it is not.
    pub(crate) fn is_wrong(&self) -> bool {
        self.filed != self.truth && !self.is_reviewed
    }

    /// Where it lies, from the folder of videos. A fault has a folder of its own where somebody knows it.
    pub(crate) fn path(&self) -> String {
        match &self.fault {
            Some(fault) if self.filed == BAD => {
                format!("{}/{BAD}/{fault}/{}", self.exercise, self.name)
            }
            _ => format!("{}/{}/{}", self.exercise, self.filed, self.name),
        }
    }

    /// Its line of `groups.csv`.
    pub(crate) fn groups_line(&self) -> String {
        format!(
            "{},{},{},{}\n",
            self.path(),
            self.person,
            self.source,
            self.angle
        )
    }
}
