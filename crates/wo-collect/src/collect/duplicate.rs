//! A source whose bytes are those of a video that is there already. It is kept once; what its row says of it counts where
//! nothing else is said, and what contradicts is named in each run.

use wo_cli::message;
use wo_record::{SourceOutcome, code, same_id};

use crate::collect::clock::now;
use crate::collect::report::{Became, Report};
use crate::collect::run::Run;
use crate::collect::target::Target;
use crate::groups_table::{GroupsTable, Keys, keys_of};
use crate::provenance::{Entry, Fetched, StoredFile};
use crate::staging::Intent;

impl Run<'_> {
    /// Notes the source of a video that is kept under the path in `fetched`.
    pub(super) fn note_duplicate(
        &mut self,
        target: &Target,
        fetched: Fetched,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let path = &fetched.file.path;
        let what = format!("it is the same video as {path}, which is kept");
        let written = GroupsTable::read(self.store.videos())?.keys(path);
        if !say_conflicts(target, path, written.as_ref(), report)? {
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
        self.keep_duplicate(target, fetched)
    }

    /// Lets what the row of a known duplicate says now take effect. `path` is where the video lies now.
    pub(super) fn update_duplicate(
        &mut self,
        target: &Target,
        known: &Fetched,
        path: &str,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        let written = GroupsTable::read(self.store.videos())?.keys(path);
        say_conflicts(target, path, written.as_ref(), report)?;
        let keys = keys_of(&target.said, known.origin.channel.as_deref());
        let has_keys = keys.iter().any(|key| !key.is_empty());
        if known.said == target.said && (written.is_some() || !has_keys) {
            return Ok(());
        }
        let file = StoredFile {
            path: path.to_owned(),
            ..known.file.clone()
        };
        let fetched = Fetched {
            at: now().to_string(),
            said: target.said.clone(),
            file,
            ..known.clone()
        };
        self.keep_duplicate(target, fetched)
    }

    fn keep_duplicate(&mut self, target: &Target, fetched: Fetched) -> anyhow::Result<()> {
        let path = fetched.file.path.clone();
        let intent = Intent {
            from: self.store.videos().join(&path),
            to: path,
            keys: keys_of(&fetched.said, fetched.origin.channel.as_deref()),
            old_row: None,
            entry: Entry::Duplicate(fetched),
        };
        self.store.keep(&target.stem(), &intent)
    }
}

/// Names what this row says otherwise than the place of the video and its row of `groups.csv`, as it is `written` there.
/// True where it does.
fn say_conflicts(
    target: &Target,
    path: &str,
    written: Option<&Keys>,
    report: &mut Report<'_>,
) -> anyhow::Result<bool> {
    let is_elsewhere = Target::folder_of(path) != target.folder();
    if is_elsewhere {
        let message = message!(
            "the same video as {path}, and this row says {}", target.folder();
            "correct the row that is wrong, or delete it; a file that lies wrong can be moved"
        );
        report.failed(target, code::LABEL_CONFLICT, message)?;
    }
    let said = keys_of(&target.said, None);
    let is_other =
        |(said, written): (&String, &String)| !said.is_empty() && same_id(said) != same_id(written);
    let differs = written.is_some_and(|written| said.iter().zip(written).any(is_other));
    if differs {
        report.say(
            target.line,
            message!(
                "groups.csv says something else of {path}, which is the same video, and that holds";
                "correct this row, or the row of {path} in groups.csv"
            ),
        );
    }
    Ok(is_elsewhere || differs)
}
