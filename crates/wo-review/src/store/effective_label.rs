//! What holds of a frame: for all, for one reviewer, and without a decision that is taken back.

use std::borrow::Cow;

use wo_record::Judgement;

use super::decision::{Change, Decision};
use super::{Entry, Store};
use crate::folder::FrameItem;

/// What a decision comes to for one frame.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) old: Judgement,
    pub(crate) new: Judgement,
    pub(crate) is_repeat: bool,
}

impl Entry {
    /// Whether it says the class of the frame: label or faults.
    pub(crate) fn says_class(&self) -> bool {
        self.says("label") || self.says("faults")
    }

    /// Whether it is about the frame itself, and not only a remark.
    pub(crate) fn judges(&self) -> bool {
        self.says_class() || self.says("deleted")
    }

    pub(crate) fn says(&self, what: &str) -> bool {
        self.says.iter().any(|said| said == what)
    }

    /// Says it of a frame once more, and nothing beside it.
    pub(crate) fn say_of(&self, frame: &mut Judgement) {
        let new = &self.new;
        if self.says_class() {
            frame.label.clone_from(&new.label);
            frame.label_origin = new.label_origin;
            frame.faults.clone_from(&new.faults);
        }
        // The description follows the class.
        if self.says_class() || self.says("description") {
            frame.description.clone_from(&new.description);
        }
        if self.says("note") {
            frame.note.clone_from(&new.note);
        }
        if self.says("deleted") {
            frame.deleted = new.deleted;
        }
    }
}

impl Store {
    /// All frames with their effective labels.
    pub(crate) fn labelled(&self) -> impl Iterator<Item = (u32, &FrameItem, &Judgement)> {
        let frames = (0..).zip(&self.folder.frames);
        frames.map(|(id, frame)| (id, frame, self.judgement(id, frame)))
    }

    /// The frames that are not deleted, with their effective labels.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (u32, &FrameItem, &Judgement)> {
        self.labelled()
            .filter(|(_, _, judgement)| !judgement.deleted)
    }

    /// What holds of a frame now: what the last line of the log about it says.
    pub(crate) fn judgement<'a>(&'a self, id: u32, frame: &'a FrameItem) -> &'a Judgement {
        self.now
            .get(&id)
            .unwrap_or_else(|| self.original(id, frame))
    }

    /// What held of a frame before anyone reviewed it.
    pub(crate) fn original<'a>(&'a self, id: u32, frame: &'a FrameItem) -> &'a Judgement {
        // What is on disk may be what a review made of it, even of one that was taken back since.
        let first = self
            .first
            .get(&id)
            .and_then(|&entry| self.entries.get(entry as usize));
        first.map_or(&frame.base, |entry| &entry.old)
    }

    /// What a reviewer is shown: what was there before anyone and what they said themselves, so that people judge alone.
    /// Only that a frame was thrown away holds for all.
    pub(crate) fn shown_to<'a>(
        &'a self,
        reviewer: u32,
        id: u32,
        frame: &'a FrameItem,
    ) -> Cow<'a, Judgement> {
        let mut shown = Cow::Borrowed(self.original(id, frame));
        for entry in self.entries_of(id).filter(|it| it.reviewer == reviewer) {
            entry.say_of(shown.to_mut());
        }
        let is_deleted = self.judgement(id, frame).deleted;
        if shown.deleted != is_deleted {
            shown.to_mut().deleted = is_deleted;
        }
        shown
    }

    /// What would hold of a frame without a decision. What others said since stays.
    pub(crate) fn without(&self, decision: u64, id: u32, frame: &FrameItem) -> Judgement {
        let mut left = self.original(id, frame).clone();
        for entry in self.entries_of(id).filter(|it| it.decision != decision) {
            entry.say_of(&mut left);
        }
        left
    }

    /// What a decision makes of a frame. A class is said of what the reviewer is shown; nothing that others said is lost by
    /// it but the class.
    pub(crate) fn outcome(
        &self,
        reviewer: u32,
        id: u32,
        frame: &FrameItem,
        decision: &Decision,
    ) -> Outcome {
        let change = &decision.change;
        let now = self.judgement(id, frame);
        if !change.says_class() {
            return Outcome {
                old: now.clone(),
                new: self.changed(change, now, frame),
                is_repeat: false,
            };
        }
        let shown = self.shown_to(reviewer, id, frame);
        if decision.is_repeat {
            // The page shows it as it was before anyone.
            let mut new = self.changed(change, self.original(id, frame), frame);
            new.deleted = shown.deleted;
            return Outcome {
                old: shown.into_owned(),
                new,
                is_repeat: true,
            };
        }
        let new = self.new_class(change, &shown, now, frame);
        Outcome {
            old: shown.into_owned(),
            new,
            is_repeat: false,
        }
    }

    /// What becomes of a frame where a person says its class. They speak of what they are `shown`; nothing that others said
    /// is lost by it but the class.
    pub(crate) fn new_class(
        &self,
        change: &Change,
        shown: &Judgement,
        now: &Judgement,
        frame: &FrameItem,
    ) -> Judgement {
        let mut new = self.changed(change, shown, frame);
        if change.note.is_none() {
            new.note.clone_from(&now.note);
        }
        if change.deleted.is_none() {
            new.deleted = now.deleted;
        }
        let is_same_class = (&new.label, &new.faults) == (&now.label, &now.faults);
        if change.description.is_none() && now.description.is_some() && is_same_class {
            new.description.clone_from(&now.description);
        }
        new
    }
}
