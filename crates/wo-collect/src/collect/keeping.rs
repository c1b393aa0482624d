//! From a file that was fetched to a video that is kept, or a duplicate that is not.

use wo_cli::message;
use wo_record::{Producer, SourceOutcome, code};

use crate::collect::clock::now;
use crate::collect::fetched_file::FetchedFile;
use crate::collect::report::{Became, Report};
use crate::collect::run::{Run, refuse_forgotten};
use crate::collect::target::Target;
use crate::deny_list::random_id;
use crate::downloader::{Downloader, SourceError};
use crate::groups_table::{GroupsTable, keys_of};
use crate::provenance::{Entry, Fetched, Forgotten, Origin, StoredFile};
use crate::staging::Intent;

impl Run<'_> {
    /// Keeps a video, unless its bytes are there already or were forgotten.
    pub(super) fn keep(
        &mut self,
        target: &Target,
        file: &FetchedFile,
        origin: &Origin,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        if self.store.history.are_forgotten_bytes(&file.blake3) {
            return self.refuse_bytes(target, file, report);
        }
        let videos = self.store.videos().to_owned();
        let twin = self.files.with_bytes(file.n_bytes, &file.blake3)?;
        let twin = twin.map(str::to_owned);
        let stored = |path: String| StoredFile {
            path,
            blake3: file.blake3.clone(),
            n_bytes: file.n_bytes,
        };
        let fetched = |path: String| Fetched {
            at: now().to_string(),
            address: target.key.clone(),
            said: target.said.clone(),
            origin: origin.clone(),
            file: stored(path),
            tools: self.tools(target),
        };
        let keys = keys_of(&target.said, origin.channel.as_deref());
        let is_own = |path: &String| path.contains(&target.stem());
        let (from, to) = match twin {
            Some(twin) if !is_own(&twin) => {
                return self.note_duplicate(target, fetched(twin), report);
            }
            // It lies where it belongs, though the ledger does not say so.
            Some(own) => (videos.join(&own), own),
            None => (file.path.clone(), target.path(file.ending)),
        };
        if from != videos.join(&to) && videos.join(&to).exists() {
            let error = SourceError::of(
                code::NOT_FETCHED,
                format!("{to} is there already, and is not what was fetched"),
            );
            return self.note_failure(target, error, report);
        }
        let fetched = fetched(to.clone());
        let intent = Intent {
            from,
            to: to.clone(),
            keys,
            old_row: None,
            entry: Entry::Fetched(fetched.clone()),
        };
        self.store.keep(&target.stem(), &intent)?;
        self.files.add(&to, file.n_bytes);
        let became = Became {
            file: Some(&fetched.file),
            origin: Some(&fetched.origin),
            ..Became::default()
        };
        report.source(target, SourceOutcome::Fetched, became)
    }

    /// The same bytes under two addresses are kept once, and said.
    fn note_duplicate(
        &mut self,
        target: &Target,
        fetched: Fetched,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let path = fetched.file.path.clone();
        let what = format!("it is the same video as {path}, which is kept");
        let is_elsewhere = Target::folder_of(&path) != target.folder();
        if is_elsewhere {
            let message = message!(
                "the same video as {path}, and this row says {}", target.folder();
                "correct the row that is wrong, or delete it"
            );
            report.failed(target, code::LABEL_CONFLICT, message)?;
        } else {
            let url = target.address.text();
            report.say(target.line, message!("{url}: {what}"));
        }
        let became = Became {
            file: Some(&fetched.file),
            origin: Some(&fetched.origin),
            what: Some(what),
            next_try: None,
        };
        report.source(target, SourceOutcome::Duplicate, became)?;
        self.store.note(Entry::Duplicate(fetched))
    }

    /// What was forgotten under another address is not kept, and this address is refused from now on.
    fn refuse_bytes(
        &mut self,
        target: &Target,
        file: &FetchedFile,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let (hash, address) = (file.blake3.as_str(), target.key.as_str());
        let at = now().to_string();
        let again = Forgotten::new(at, &random_id()?, None, [hash], [address])?;
        // It was counted when it was forgotten.
        self.store.note(Entry::Forgotten(Forgotten {
            n_videos: 0,
            ..again
        }))?;
        refuse_forgotten(target, report)
    }

    /// Lets what the row of a known video says now take effect.
    pub(super) fn update(
        &mut self,
        target: &Target,
        known: &Fetched,
        path: &str,
        report: &Report<'_>,
    ) -> anyhow::Result<()> {
        if known.said == target.said {
            return Ok(());
        }
        let ending = path.rsplit('.').next().unwrap_or_default();
        let is_where_it_was = path == known.file.path;
        // A file that somebody moved stays where they put it.
        let to = if is_where_it_was && Target::folder_of(path) != target.folder() {
            target.path(ending)
        } else {
            path.to_owned()
        };
        let channel = known.origin.channel.as_deref();
        let (old, keys) = (
            keys_of(&known.said, channel),
            keys_of(&target.said, channel),
        );
        let written = GroupsTable::read(self.store.videos())?.keys(path);
        if written.is_some_and(|written| written != old && written != keys) {
            report.say(
                target.line,
                message!(
                    "groups.csv says something else of {path}, and that holds";
                    "change the row of {to} there"
                ),
            );
        }
        let fetched = Fetched {
            at: now().to_string(),
            said: target.said.clone(),
            file: StoredFile {
                path: to.clone(),
                ..known.file.clone()
            },
            ..known.clone()
        };
        let intent = Intent {
            from: self.store.videos().join(path),
            to,
            keys,
            old_row: Some((path.to_owned(), old)),
            entry: Entry::Changed(fetched),
        };
        self.store.keep(&target.stem(), &intent)
    }

    fn tools(&self, target: &Target) -> Vec<Producer> {
        let own = Producer {
            tool: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let downloader = self.downloader.as_ref();
        let downloader = downloader.filter(|_| target.address.host().is_some());
        [own]
            .into_iter()
            .chain(downloader.map(Downloader::tools))
            .collect()
    }
}
