//! The settings and their defaults.

use wo_record::GroupBy;

use crate::size::Size;

/// What `wo.toml` says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Fetching videos.
    pub collect: Collect,
    /// Training.
    pub train: Train,
    /// Taking frames.
    pub extract: Extract,
    /// The groups that no model is trained on.
    pub held_out: HeldOut,
    /// When a new model replaces the one in use.
    pub gate: Gate,
    /// What is kept of old models and caches.
    pub keep: Keep,
}

/// Fetching videos.
#[derive(Debug, Clone, PartialEq)]
pub struct Collect {
    /// Larger videos are not taken.
    pub max_bytes: Size,
    /// The smallest height that is preferred, in pixels.
    pub min_height: u32,
    /// Seconds between two downloads from one host.
    pub pause_s: f64,
    /// Tries of a download in one run.
    pub attempts: u32,
    /// How many seconds a server may be silent.
    pub timeout_s: f64,
    /// How many minutes one download may take.
    pub max_minutes: f64,
    /// How many videos are taken of one playlist.
    pub max_entries: u32,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            max_bytes: Size(2 << 30),
            min_height: 720,
            pause_s: 5.0,
            attempts: 3,
            timeout_s: 30.0,
            max_minutes: 60.0,
            max_entries: 50,
        }
    }
}

/// Training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// The base model where neither `--init` nor `WO_INIT` names one.
    pub init: String,
    /// Handed to `wo-train`.
    pub arguments: Vec<String>,
}

impl Default for Train {
    fn default() -> Self {
        let arguments = ["--method", "auto"].map(str::to_owned).into();
        let init = "auto".to_owned();
        Self { init, arguments }
    }
}

/// Taking frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extract {
    /// Handed to `wo-extract`.
    pub arguments: Vec<String>,
}

/// The groups that no model is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// Their share of all groups, between 0 and 1.
    pub share: f64,
    /// By what groups are made.
    pub group_by: GroupBy,
}

impl Default for HeldOut {
    fn default() -> Self {
        Self {
            share: 0.3,
            group_by: GroupBy::Both,
        }
    }
}

/// When a new model replaces the one in use.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The conditions of `wo-eval compare --gate`.
    pub conditions: String,
    /// The conditions of `wo-eval --fail-under`, where no model is in use yet.
    pub first: String,
    /// The chance that any promotion is a mistake, over all looks; between 0 and 1.
    pub alpha: f64,
    /// How often the held-out groups may decide.
    pub looks: u32,
    /// How many independent groups of each label a set of held-out groups needs before it may decide.
    pub min_groups: u32,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            conditions: "difference.balanced_accuracy.low>0, recall.good_form>=0.5, \
                         recall.bad_form>=0.5, ece<=0.2"
                .to_owned(),
            first: "balanced_accuracy.low>0.5".to_owned(),
            alpha: 0.05,
            looks: 8,
            min_groups: 10,
        }
    }
}

/// What is kept of old models and caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// How many models.
    pub models: u32,
    /// How much disk models and caches may take.
    pub disk: Size,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            models: 5,
            disk: Size(20 << 30),
        }
    }
}

impl Settings {
    /// The name of the file in a workspace.
    pub const FILE: &str = "wo.toml";

    /// A file that says the defaults, with a comment for each key.
    pub const TEMPLATE: &str = include_str!("wo.toml");

    /// The value of a key such as `gate.alpha`, as text: one item for each element of a list, else one. `None` where there
    /// is no such key; see [`Self::keys`].
    pub fn get(&self, key: &str) -> Option<Vec<String>> {
        let values = self.values().into_iter();
        let mut found = values.filter(|(name, _)| *name == key);
        found.next().map(|(_, value)| value)
    }

    /// The names of all keys, in the order of the file.
    pub fn keys() -> Vec<&'static str> {
        let values = Self::default().values().into_iter();
        values.map(|(name, _)| name).collect()
    }

    fn values(&self) -> Vec<(&'static str, Vec<String>)> {
        let one = |value: &dyn ToString| vec![value.to_string()];
        let (collect, gate) = (&self.collect, &self.gate);
        vec![
            ("collect.max_bytes", one(&collect.max_bytes)),
            ("collect.min_height", one(&collect.min_height)),
            ("collect.pause_s", one(&collect.pause_s)),
            ("collect.attempts", one(&collect.attempts)),
            ("collect.timeout_s", one(&collect.timeout_s)),
            ("collect.max_minutes", one(&collect.max_minutes)),
            ("collect.max_entries", one(&collect.max_entries)),
            ("train.init", one(&self.train.init)),
            ("train.arguments", self.train.arguments.clone()),
            ("extract.arguments", self.extract.arguments.clone()),
            ("held_out.share", one(&self.held_out.share)),
            ("held_out.group_by", one(&self.held_out.group_by)),
            ("gate.conditions", one(&gate.conditions)),
            ("gate.first", one(&gate.first)),
            ("gate.alpha", one(&gate.alpha)),
            ("gate.looks", one(&gate.looks)),
            ("gate.min_groups", one(&gate.min_groups)),
            ("keep.models", one(&self.keep.models)),
            ("keep.disk", one(&self.keep.disk)),
        ]
    }
}
