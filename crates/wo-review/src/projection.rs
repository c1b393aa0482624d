//! What people read is made from the log: records and tables are written anew, whole or not at all, with nothing else changed.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use wo_folder::{
    FolderLock, FrameLines, RECORDS, Trash, commit, create_spool, take_back, throw_away,
};
use wo_label::Captions;
use wo_record::{Frame, Judgement, Name, Producer};

use crate::folder::corrections;
use crate::records_pass::Pass;
use crate::store::Store;
use crate::tables_pass::write_tables;

/// The frames that anyone reviewed, as they are now. A copy, so that people go on while it is written.
#[derive(Debug)]
pub(crate) struct Projection {
    dir: PathBuf,
    captions: Captions,
    has_records: bool,
    pub(crate) frames: HashMap<(String, u32), Reviewed>,
}

#[derive(Debug)]
pub(crate) struct Reviewed {
    pub(crate) judgement: Judgement,
    pub(crate) exercise: Option<Name>,
    pub(crate) path: Option<PathBuf>,
}

impl Projection {
    /// Of a store as it is now.
    pub(crate) fn of(store: &Store) -> Self {
        let mut frames = HashMap::new();
        for id in store.touched() {
            let Some(frame) = store.folder.frame(id) else {
                continue;
            };
            let Some(video) = store.folder.video_of(frame) else {
                continue;
            };
            frames.insert(
                (video.id.clone(), frame.index),
                Reviewed {
                    judgement: store.judgement(id, frame).clone(),
                    exercise: frame.exercise.clone(),
                    path: frame.path.clone(),
                },
            );
        }
        Self {
            dir: store.folder.dir.clone(),
            captions: store.captions.clone(),
            has_records: store.folder.has_records,
            frames,
        }
    }

    /// Writes it. False where another run has the folder locked: then it has to be tried again.
    pub(crate) fn write(&self) -> anyhow::Result<bool> {
        if self.frames.is_empty() {
            return Ok(true);
        }
        let Some(_lock) = FolderLock::try_take(&self.dir)? else {
            return Ok(false);
        };
        self.move_pictures();
        let places = self.has_records.then(|| self.write_records()).transpose()?;
        write_tables(&self.dir, self.frames.values(), places.as_ref())?;
        Ok(true)
    }

    /// Deleted pictures go to the trash, and those that were taken back come back.
    fn move_pictures(&self) {
        for reviewed in self.frames.values() {
            let Some(path) = &reviewed.path else { continue };
            let moved = if reviewed.judgement.deleted {
                throw_away(&self.dir, path)
            } else {
                take_back(&self.dir, path)
            };
            if let Err(e) = moved {
                wo_cli::warn!("{}: {e:#}", path.display());
            }
        }
    }

    /// Writes the records anew, and those of deleted frames into the trash. Returns the places of the pictures.
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
        // The trash comes first, so that a crash in between leaves a frame twice and never nowhere.
        if trash.len() + n_restored > n_trashed {
            trash.write(&self.dir, &producer())?;
        }
        commit(spool, &records)?;
        if n_restored > 0 {
            trash.write(&self.dir, &producer())?;
        }
        Ok(places)
    }

    /// Writes the stream as it would be, with pictures to be found from `base`, and changes nothing.
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

    fn is_deleted(&self, video_id: &str, index: u32) -> bool {
        self.frames
            .get(&(video_id.to_owned(), index))
            .is_none_or(|reviewed| reviewed.judgement.deleted)
    }

    pub(crate) fn reviewed(&self, frame: &Frame) -> Option<&Reviewed> {
        self.frames.get(&(frame.video_id.clone(), frame.index))
    }
}

/// This tool, as the records that it writes name it.
fn producer() -> Producer {
    Producer {
        tool: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
