//! A copy of all reviewed frames, taken under the store's lock and written without it.

use std::collections::HashMap;
use std::path::PathBuf;

use wo_label::Captions;
use wo_record::{Frame, Judgement, Name, ReviewsHead};

use crate::store::Store;

/// The frames that anyone reviewed, with their effective labels. A copy, so people can go on while it is written.
#[derive(Debug)]
pub(crate) struct Projection {
    pub(super) dir: PathBuf,
    pub(super) captions: Captions,
    pub(super) has_records: bool,
    /// The last review that is in it.
    pub(super) head: Option<ReviewsHead>,
    pub(super) frames: HashMap<(String, u32), Reviewed>,
}

/// A reviewed frame.
#[derive(Debug)]
pub(super) struct Reviewed {
    pub(super) judgement: Judgement,
    pub(super) exercise: Option<Name>,
    pub(super) path: Option<PathBuf>,
    /// Whether anyone set its label or faults.
    pub(super) has_class: bool,
    /// Whether anyone set its description, which follows the label.
    pub(super) has_words: bool,
}

impl Projection {
    /// Copies the reviewed frames of a store.
    pub(crate) fn of(store: &Store) -> Self {
        let mut frames = HashMap::new();
        // A note changes neither records nor tables.
        for id in store.touched() {
            let original = store.originals.get(&id);
            let Some(original) = original.filter(|it| it.is_set()) else {
                continue;
            };
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
                    has_class: original.has_class,
                    has_words: original.has_words,
                },
            );
        }
        Self {
            dir: store.folder.dir.clone(),
            captions: store.captions.clone(),
            has_records: store.folder.has_records,
            head: store.head.clone(),
            frames,
        }
    }

    pub(super) fn is_deleted(&self, video_id: &str, index: u32) -> bool {
        self.frames
            .get(&(video_id.to_owned(), index))
            .is_none_or(|reviewed| reviewed.judgement.deleted)
    }

    pub(super) fn reviewed(&self, frame: &Frame) -> Option<&Reviewed> {
        self.frames.get(&(frame.video_id.clone(), frame.index))
    }
}
