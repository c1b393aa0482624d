//! Writes the decisions of the log into records and tables: whole files or nothing, and no other change.

mod records_pass;
mod snapshot;
mod tables_pass;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use wo_folder::{
    FolderLock, FrameLines, RECORDS, Trash, commit, create_spool, take_back, throw_away,
};
use wo_record::Producer;

use self::records_pass::Pass;
pub(crate) use self::snapshot::Projection;
use self::tables_pass::write_tables;
use crate::folder::corrections;
use crate::store::Store;

/// Writes records and tables a last time, when no decision can follow.
pub(crate) fn write_at_end(store: &Store) -> anyhow::Result<()> {
    store
        .check_log()
        .context("records and tables are left as they are")?;
    if !Projection::of(store).write()? {
        wo_cli::warn!(
            "another run works on {}; the next start writes records and tables",
            store.folder.dir.display()
        );
    }
    Ok(())
}

impl Projection {
    /// Writes records and tables. False if another run has locked the folder; try again then.
    pub(crate) fn write(&self) -> anyhow::Result<bool> {
        if self.frames.is_empty() {
            return Ok(true);
        }
        let Some(_lock) = FolderLock::try_take(&self.dir)? else {
            return Ok(false);
        };
        self.move_images();
        let places = self.has_records.then(|| self.write_records()).transpose()?;
        write_tables(&self.dir, self.frames.values(), places.as_ref())?;
        Ok(true)
    }

    /// Moves images of deleted frames to the trash, and those of restored frames back.
    fn move_images(&self) {
        for reviewed in self.frames.values() {
            let Some(path) = &reviewed.path else { continue };
            let moved = if reviewed.judgement.deleted {
                throw_away(&self.dir, path)
            } else {
                take_back(&self.dir, path)
            };
            if let Err(e) = moved {
                wo_cli::warn!("{}: {e}", path.display());
            }
        }
    }

    /// Rewrites the records, and writes those of deleted frames into the trash. Returns the positions of the images.
    fn write_records(&self) -> anyhow::Result<HashMap<u64, usize>> {
        let corrections = corrections(&self.dir, &[], &self.captions)?;
        let mut trash = Trash::read(&self.dir)?;
        let n_trashed = trash.len();
        let mut restored: BTreeMap<String, Vec<FrameLines>> = BTreeMap::new();
        for (video_id, frames) in &mut trash.videos {
            let back = frames.extract_if(.., |frame| !self.is_deleted(video_id, frame.index));
            let back: Vec<FrameLines> = back.collect();
            if !back.is_empty() {
                restored.insert(video_id.clone(), back);
            }
        }
        let n_restored: usize = restored.values().map(Vec::len).sum();
        let mut pass = Pass {
            projection: self,
            corrections: &corrections,
            restored,
            trash,
            places: HashMap::new(),
            base: None,
            video: Default::default(),
        };
        let records = self.dir.join(RECORDS);
        let mut spool = create_spool(&records)?;
        pass.run(&records, &mut spool)?;
        let (trash, places) = (pass.trash, pass.places);
        // The trash comes first, so that a crash may leave a frame in both files, but never in none.
        if trash.len() + n_restored > n_trashed {
            trash.write(&self.dir, &producer())?;
        }
        commit(spool, &records)?;
        if n_restored > 0 {
            trash.write(&self.dir, &producer())?;
        }
        Ok(places)
    }

    /// Writes the stream with all decisions to `output`, with image paths below `base`. Changes nothing in the folder.
    pub(crate) fn write_stream(&self, base: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
        let corrections = corrections(&self.dir, &[], &self.captions)?;
        let mut restored = Trash::read(&self.dir)?.videos;
        for (video_id, frames) in &mut restored {
            frames.retain(|frame| !self.is_deleted(video_id, frame.index));
        }
        let mut pass = Pass {
            projection: self,
            corrections: &corrections,
            restored,
            trash: Trash::default(),
            places: HashMap::new(),
            base: Some(base),
            video: Default::default(),
        };
        pass.run(&self.dir.join(RECORDS), output)
    }
}

/// The producer of the records.
fn producer() -> Producer {
    Producer {
        tool: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
