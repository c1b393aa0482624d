//! How a folder is read for those who review it: the first frames at once, and then all.

use std::collections::HashMap;

use wo_label::Captions;
use wo_record::{Review, Row};

use crate::args::Serve;
use crate::folder::Folder;
use crate::queue::{Filter, QueueName};
use crate::review_file::ReviewFile;
use crate::server::reviewers;
use crate::store::Store;
use crate::suspects::Suspects;
use crate::tables::rows_by_path;

/// A folder that is about to be read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    args: &'a Serve,
    captions: Captions,
    log: ReviewFile,
    reviews: Vec<Review>,
}

impl<'a> Reading<'a> {
    /// Opens the log. What is wrong with that, or with the folder at a glance, is said before anyone opens the page.
    pub(crate) fn begin(args: &'a Serve) -> anyhow::Result<Self> {
        Folder::look(&args.folder)?;
        let captions = match &args.captions {
            Some(path) => wo_cli::read_file(path, Captions::parse)?,
            None => Captions::embedded(),
        };
        let (log, reviews) = ReviewFile::open(&args.folder)?;
        Ok(Self {
            args,
            captions,
            log,
            reviews,
        })
    }

    /// What tables say of frames; both of the following need it.
    pub(crate) fn rows(&self) -> anyhow::Result<HashMap<String, Row>> {
        rows_by_path(&self.args.folder)
    }

    /// The first frames, as all of them will be. `None` where the first queue cannot be told from them alone.
    pub(crate) fn first_look(&self, rows: &HashMap<String, Row>) -> Option<Store> {
        let queue = self.args.queue;
        if !matches!(queue, QueueName::All | QueueName::Undecided) || self.args.suspects.is_some() {
            return None;
        }
        let folder = Folder::first(&self.args.folder, rows)?;
        let reviews = self.reviews.clone();
        let captions = self.captions.clone();
        let mut store = Store::new(folder, captions, None, reviews, 0.0);
        add_reviewers(&mut store, self.args);
        let filter = Filter {
            queue,
            ..Filter::default()
        };
        (!filter.frames(&store, 0).is_empty()).then_some(store)
    }

    /// All frames.
    pub(crate) fn all(self, rows: &HashMap<String, Row>) -> anyhow::Result<Store> {
        let args = self.args;
        let folder = Folder::read_with(&args.folder, rows)?;
        let repeat_share = args.blind_repeats / 100.0;
        let mut store = Store::new(
            folder,
            self.captions,
            Some(self.log),
            self.reviews,
            repeat_share,
        );
        store.warn_of_unmet();
        if let Some(path) = &args.suspects {
            store.suspects = Suspects::read(path, &store.folder)?;
        }
        add_reviewers(&mut store, args);
        wo_cli::say!(
            "{}: {} frames of {} videos, {} reviewed",
            args.folder.display(),
            store.folder.frames.len(),
            store.folder.videos.len(),
            store.n_judged()
        );
        Ok(store)
    }
}

fn add_reviewers(store: &mut Store, args: &Serve) {
    for name in reviewers(args) {
        store.reviewer(&name);
    }
}
