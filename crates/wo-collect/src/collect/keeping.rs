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
        let duplicate = self.files.with_bytes(file.n_bytes, &file.blake3)?;
        let duplicate = duplicate.map(str::to_owned);
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
        let (from, to) = match duplicate {
            Some(path) if !is_own(&path) => {
                return self.note_duplicate(target, fetched(path), report);
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
        let ending = path.rsplit('.').next().unwrap_or_default();
        let is_elsewhere = Target::folder_of(path) != target.folder();
        // A file that somebody moved stays where they put it.
        let moves = is_elsewhere && path == known.file.path && known.said != target.said;
        let to = if moves {
            target.path(ending)
        } else {
            path.to_owned()
        };
        if is_elsewhere && !moves {
            self.say_moved(target, path, &target.path(ending), report);
        }
        if known.said == target.said {
            return Ok(());
        }
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

    /// Its label is that of the folder, whatever the row says.
    fn say_moved(&self, target: &Target, path: &str, to: &str, report: &Report<'_>) {
        let videos = &self.config.places.videos;
        let word = |path: &str| wo_cli::shell_word(&videos.join(path));
        report.say(
            target.line,
            message!(
                "{path} was moved by hand and has the label of its folder, and this row says {}", target.folder();
                "correct the row, or move the file: mkdir -p {} && mv {} {}",
                word(&target.folder()), word(path), word(to)
            ),
        );
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
