//! Reads a folder for the page: the first frames at once, then all of them.

use std::sync::Arc;

use wo_folder::{Corrections, captions_in_force};
use wo_label::Captions;
use wo_record::{BAD_FORM, GOOD_FORM, Name, Review, UNCLEAR};

use crate::cli::config::ServeConfig;
use crate::findings::read_findings;
use crate::folder::{Folder, corrections};
use crate::queue::{Filter, QueueName};
use crate::store::{ReviewFile, Store};

/// Actions of the page that keys can start, besides labels.
const ACTIONS: [&str; 15] = [
    "delete",
    "undo",
    "next",
    "previous",
    "next_in_video",
    "previous_in_video",
    "faults",
    "describe",
    "note",
    "video",
    "play",
    "opinion",
    "similar",
    "grid",
    "help",
];

/// A folder whose log is open and whose frames are yet to be read.
#[derive(Debug)]
pub(crate) struct Loader {
    config: Arc<ServeConfig>,
    captions: Captions,
    log: ReviewFile,
    reviews: Vec<Review>,
}

impl Loader {
    /// Opens the log. Errors in it, or in the folder at first glance, are reported before anyone opens the page.
    pub(crate) fn begin(config: Arc<ServeConfig>) -> anyhow::Result<Self> {
        Folder::look(&config.folder)?;
        let captions = captions_in_force(&config.captions)?;
        let (log, reviews) = ReviewFile::open(&config.folder, config.on_loss)?;
        Ok(Self {
            config,
            captions,
            log,
            reviews,
        })
    }

    /// What the tables change in the records. [`Self::first_look`] and [`Self::all`] need it.
    pub(crate) fn corrections(&self) -> anyhow::Result<Corrections> {
        corrections(&self.config.folder, &self.reviews, &self.captions)
    }

    /// The first frames. `None` if the first queue needs all frames.
    pub(crate) fn first_look(&self, corrections: &Corrections) -> Option<Store> {
        let queue = self.config.first_queue;
        let is_early = matches!(queue, QueueName::All | QueueName::Undecided);
        if !is_early || self.config.findings.suspects.is_some() {
            return None;
        }
        let folder = Folder::first(&self.config.folder, corrections)?;
        let reviews = self.reviews.clone();
        let captions = self.captions.clone();
        let mut store = Store::new(folder, captions, None, reviews, 0.0);
        add_reviewers(&mut store, &self.config);
        let filter = Filter {
            queue,
            ..Filter::default()
        };
        (!filter.frames(&store, 0).is_empty()).then_some(store)
    }

    /// All frames.
    pub(crate) fn all(self, corrections: &Corrections) -> anyhow::Result<Store> {
        let config = &*self.config;
        let folder = Folder::read_with(&config.folder, corrections)?;
        let mut store = Store::new(
            folder,
            self.captions,
            Some(self.log),
            self.reviews,
            config.repeat_share,
        );
        warn_of_new_labels(&store, config);
        store.warn_of_unmet();
        read_findings(&mut store, &config.findings)?;
        add_reviewers(&mut store, config);
        wo_cli::say!(
            "{}: {} of {}, {} reviewed",
            config.folder.display(),
            wo_cli::count(store.folder.frames.len(), "frame"),
            wo_cli::count(store.folder.videos.len(), "video"),
            store.n_judged()
        );
        Ok(store)
    }
}

/// `--key` accepts a new label, which may be a misspelt action: warn.
fn warn_of_new_labels(store: &Store, config: &ServeConfig) {
    for (action, key) in &config.keys {
        let label = Name::label(action);
        let is_known = ACTIONS.contains(&action.as_str())
            || [GOOD_FORM, BAD_FORM, UNCLEAR].contains(&label.as_str())
            || (0..)
                .zip(&store.folder.frames)
                .any(|(id, frame)| store.judgement(id, frame).label.as_ref() == Some(&label));
        if !is_known {
            wo_cli::warn!(
                "{action} is neither an action nor a known label: {key} gives frames the new label {label}"
            );
        }
    }
}

fn add_reviewers(store: &mut Store, config: &ServeConfig) {
    for name in &config.reviewers {
        store.reviewer(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_these_actions_and_three_labels() {
        let page = include_str!("../../assets/keys.js");
        let actions = page.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("  ")?.split_once(": [\"")?;
            Some(name.to_owned())
        });
        let mut actions: Vec<String> = actions.collect();
        actions.retain(|name| ![GOOD_FORM, BAD_FORM, UNCLEAR].contains(&name.as_str()));
        assert_eq!(actions, ACTIONS);
    }
}
