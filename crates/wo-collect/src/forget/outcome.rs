//! What a takedown did, in words, and what is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wo_cli::{Message, Outcome, count, message, named, verb};

use crate::cli::config::ForgetConfig;
use crate::forget::files::FileList;
use crate::forget::model_ledger::ModelLedger;
use crate::forget::models::redactions;
use crate::forget::retire::InUse;
use crate::forget::search::Search;
use crate::forget::sweep::{Swept, sweep};
use crate::forget::traces::Traces;
use crate::forget::verify::Left;
use crate::hand::Hand;

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How many videos were forgotten, where that was asked for.
    pub(crate) n_videos: Option<usize>,
    removed: BTreeMap<&'static str, usize>,
    changed: Vec<PathBuf>,
    outside: Vec<PathBuf>,
    n_caches: usize,
    n_redacted: usize,
    /// Models that were trained on what is forgotten.
    pub(crate) trained: BTreeSet<PathBuf>,
    /// Those of them that were set aside, and where they are.
    pub(crate) moved: Vec<(PathBuf, PathBuf)>,
    pub(crate) in_use: InUse,
    pub(crate) left: Left,
}

impl Done {
    /// Of models that were trained on what is forgotten.
    pub(crate) fn of_models(trained: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            trained: trained.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Takes in what became of files.
    pub(crate) fn swept(&mut self, swept: Swept, n_caches: usize, n_redacted: usize) {
        self.removed = swept.removed;
        self.changed = swept.changed;
        self.outside = swept.outside;
        (self.n_caches, self.n_redacted) = (n_caches, n_redacted);
    }

    /// Takes in what another step did.
    pub(crate) fn add(&mut self, other: Self) {
        if let Some(n_videos) = other.n_videos {
            *self.n_videos.get_or_insert_default() += n_videos;
        }
        for (what, n) in other.removed {
            *self.removed.entry(what).or_default() += n;
        }
        self.changed.extend(other.changed);
        self.outside.extend(other.outside);
        self.n_caches += other.n_caches;
        self.n_redacted += other.n_redacted;
        self.trained.extend(other.trained);
        self.moved.extend(other.moved);
        self.in_use = other.in_use;
        self.left.traces.extend(other.left.traces);
        self.left.words.extend(other.left.words);
    }

    /// Says what was done. The answer is no where something is left to do.
    pub(crate) fn say(&self, config: &ForgetConfig) -> Outcome {
        if let Some(n_videos) = self.n_videos {
            wo_cli::say!(
                "forgot {}: {}",
                count(n_videos, "video"),
                in_words(&self.removed, self.changed.len(), self.n_redacted)
            );
            say_of_git(&config.data);
        }
        if self.n_caches > 0 {
            wo_cli::info!("{} of features removed", count(self.n_caches, "cache"));
        }
        if !self.outside.is_empty() {
            wo_cli::warn!(
                "a link led to {}, outside of the folders that are looked through: {}",
                count(self.outside.len(), "file"),
                named(shown(&self.outside));
                "remove {} by hand", verb(self.outside.len(), "it", "them")
            );
        }
        self.say_left();
        let is_open = self.say_models(config);
        if is_open || !self.left.traces.is_empty() {
            Outcome::No
        } else {
            Outcome::Done
        }
    }

    fn say_left(&self) {
        let Left { traces, words } = &self.left;
        if !traces.is_empty() {
            wo_cli::warn!(
                "{} still {} what is forgotten, and nobody knows how to take it out: {}",
                count(traces.len(), "file"),
                verb(traces.len(), "names", "name"),
                named(shown(traces));
                "look at {} and remove {1} by hand", verb(traces.len(), "it", "them"), verb(traces.len(), "it", "them")
            );
        }
        if !words.is_empty() {
            wo_cli::warn!(
                "{} {} the word that is a name, which may mean somebody else, such as a reviewer: {}",
                count(words.len(), "file"),
                verb(words.len(), "has", "have"),
                named(shown(words))
            );
        }
    }

    /// Says which models were trained on what is forgotten. True where something is left to do.
    fn say_models(&self, config: &ForgetConfig) -> bool {
        let moved: BTreeSet<&PathBuf> = self.moved.iter().map(|(from, _)| from).collect();
        let stay: Vec<&PathBuf> = self
            .trained
            .iter()
            .filter(|it| !moved.contains(it))
            .collect();
        if !self.moved.is_empty() {
            let to = self
                .moved
                .iter()
                .map(|(from, to)| format!("{} to {}", from.display(), to.display()));
            wo_cli::say!("set aside: {}", named(to));
        }
        if !stay.is_empty() {
            let n = stay.len();
            wo_cli::warn!(
                "{} {} trained on what is forgotten, and {} in place: {}",
                count(n, "model"), verb(n, "was", "were"), verb(n, "stays", "stay"),
                named(stay.iter().map(|it| it.display()));
                "set {} aside: wo-collect forget --retire", verb(n, "it", "them");
                "train a new one: scripts/retrain"
            );
        }
        if let Some(message) = in_use(&config.models, self.in_use) {
            wo_cli::warn_line(&message);
            return true;
        }
        !stay.is_empty()
    }
}

/// What to do where the model in use was trained on what is forgotten.
fn in_use(models: &Path, in_use: InUse) -> Option<Message> {
    let link = models.join("current");
    let link = link.display();
    match in_use {
        InUse::Fine => None,
        InUse::Trained => Some(message!(
            "{link} IS ONE OF THEM: verdicts still come from it";
            "go back to a model that was not: wo-models history, then wo-models rollback N";
            "or train a new one: scripts/retrain"
        )),
        InUse::Gone => Some(message!(
            "{link} LEADS NOWHERE NOW: the model in use was set aside";
            "go back to an earlier one: wo-models history, then wo-models rollback N";
            "or train a new one: scripts/retrain --force"
        )),
    }
}

/// Says what would be done.
pub(crate) fn would_do(
    config: &ForgetConfig,
    list: &FileList,
    traces: &Traces,
    n_unmet: usize,
) -> anyhow::Result<Outcome> {
    if traces.is_empty() {
        return Ok(if n_unmet > 0 {
            Outcome::No
        } else {
            Outcome::Done
        });
    }
    let search = Search::of(traces)?;
    let mut swept = sweep(list, traces, &search, Hand::OnlyLooks)?;
    let ledger = ModelLedger::read(&config.models)?;
    swept
        .changed
        .extend(ledger.forget_sides(traces, Hand::OnlyLooks)?);
    let n_redacted = redactions(list, traces, &search)?.len();
    wo_cli::say!(
        "would forget {}: {}",
        count(traces.videos.len(), "video"),
        in_words(&swept.removed, swept.changed.len(), n_redacted)
    );
    for path in &swept.changed {
        wo_cli::info!("would change {}", path.display());
    }
    if !traces.trained.is_empty() {
        wo_cli::say!(
            "trained on {}: {}",
            verb(traces.videos.len(), "it", "them"),
            named(shown(&traces.trained))
        );
    }
    Ok(Outcome::Done)
}

/// `3 frames and 1 report removed, 4 files changed, 1 model's record redacted`.
fn in_words(removed: &BTreeMap<&str, usize>, n_changed: usize, n_redacted: usize) -> String {
    let removed = removed.iter().map(|(what, n)| plural(*n, what));
    let removed: Vec<String> = removed.collect();
    let mut parts = Vec::new();
    if !removed.is_empty() {
        parts.push(format!("{} removed", removed.join(", ")));
    }
    if n_changed > 0 {
        parts.push(format!("{} changed", count(n_changed, "file")));
    }
    if n_redacted > 0 {
        parts.push(format!(
            "{} of models redacted",
            count(n_redacted, "record")
        ));
    }
    if parts.is_empty() {
        return "nothing of it was here; it is refused from now on".to_owned();
    }
    parts.join("; ")
}

/// `2 videos or images`.
fn plural(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (n, "video or image") => format!("{n} videos or images"),
        (n, what) => count(n, what),
    }
}

fn shown<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> impl Iterator<Item = String> {
    paths.into_iter().map(|it| it.display().to_string())
}

/// Says that addresses cannot be refused which other videos have as well.
pub(crate) fn say_shared(shared: &[String]) {
    if !shared.is_empty() {
        wo_cli::warn!(
            "{} {} other videos as well, so {} not refused from now on; what comes from there is known by its bytes alone",
            count(shared.len(), "address"),
            verb(shared.len(), "has", "have"),
            verb(shared.len(), "it is", "they are");
            "if nothing of it shall come again, forget the address too: wo-collect forget URL"
        );
    }
}

/// Says that git may remember tables.
fn say_of_git(data: &Path) {
    let place = data.canonicalize().unwrap_or_default();
    if place.ancestors().any(|folder| folder.join(".git").exists()) {
        wo_cli::warn!(
            "this folder is in a git repository, whose history keeps older tables; backups do as well";
            "git filter-repo --path data/training_data/groups.csv --path data/sources.csv --invert-paths takes them out of the history"
        );
    }
}
