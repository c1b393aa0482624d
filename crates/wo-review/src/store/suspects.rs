//! Probable label errors, as `wo-eval` finds them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use wo_record::{Record, Suspect};

use super::stream::for_each_record;
use crate::folder::Folder;

/// The suspects of a file, most suspicious first.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    sorted: Vec<Suspect>,
    by_frame: HashMap<u32, usize>,
}

impl Suspects {
    /// Reads a stream.
    pub(crate) fn read(path: &Path, folder: &Folder) -> anyhow::Result<Self> {
        let mut sorted = Vec::new();
        for_each_record(path, &mut |record| {
            if let Record::Suspect(suspect) = record {
                sorted.push(suspect);
            }
        })?;
        sorted.sort_by(|a: &Suspect, b| b.score.total_cmp(&a.score));
        let mut suspects = Self {
            sorted,
            by_frame: HashMap::new(),
        };
        for (i, suspect) in suspects.sorted.iter().enumerate() {
            for id in frames_of(suspect, folder) {
                suspects.by_frame.entry(id).or_insert(i);
            }
        }
        Ok(suspects)
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> usize {
        self.by_frame.len()
    }

    /// The suspect about a frame.
    pub(crate) fn of_frame(&self, id: u32) -> Option<&Suspect> {
        self.by_frame.get(&id).and_then(|&i| self.sorted.get(i))
    }

    /// The frames, most suspicious first.
    pub(crate) fn frames(&self, folder: &Folder) -> Vec<u32> {
        let mut frames: Vec<u32> = self.by_frame.keys().copied().collect();
        let place = |id: u32| folder.frame(id).map(|frame| (frame.video, frame.index));
        frames.sort_by_key(|&id| (self.by_frame.get(&id).copied(), place(id), Reverse(id)));
        frames
    }
}

fn frames_of(suspect: &Suspect, folder: &Folder) -> Vec<u32> {
    match suspect.index {
        Some(index) => folder.find(&suspect.video_id, index).into_iter().collect(),
        None => folder.frames_of_video(&suspect.video_id).to_vec(),
    }
}
