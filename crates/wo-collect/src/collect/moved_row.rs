//! The row of `groups.csv` of a video that somebody moved: it goes along.

use crate::collect::run::Run;
use crate::groups_table::GroupsTable;
use crate::provenance::Fetched;

impl Run<'_> {
    /// Takes the row out that names a place where the video is not any more, and adds one for where it is, unless there is
    /// one.
    pub(super) fn move_row(&self, known: &Fetched, path: &str) -> anyhow::Result<()> {
        let old = known.file.path.as_str();
        if path == old || self.store.videos().join(old).exists() {
            return Ok(());
        }
        let mut table = GroupsTable::read(self.store.videos())?;
        let Some(keys) = table.keys(old) else {
            return Ok(());
        };
        table.remove(old, &keys)?;
        table.add(path, &keys)?;
        let staging = &self.store.staging;
        staging.replace(table.path(), table.bytes())?;
        wo_cli::info!(
            "{}: the row of {old} is that of {path} now",
            table.path().display()
        );
        Ok(())
    }
}
