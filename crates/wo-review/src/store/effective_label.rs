//! A frame's effective label: shared, per reviewer, and after undo.

use std::borrow::Cow;

use wo_record::Judgement;

use super::decision::{Change, Decision};
use super::original::set_class;
use super::{Entry, Store};
use crate::folder::FrameItem;

/// The label of one frame before and after a decision.
#[derive(Debug)]
pub(crate) struct DecidedLabel {
    pub(crate) old: Judgement,
    pub(crate) new: Judgement,
    pub(crate) is_repeat: bool,
}

impl Entry {
    /// Whether it sets the class of the frame: label or faults.
    pub(crate) fn says_class(&self) -> bool {
        self.says("label") || self.says("faults")
    }

    /// Whether it judges the frame: more than a note or a description.
    pub(crate) fn judges(&self) -> bool {
        self.says_class() || self.says("deleted")
    }

    /// Whether it sets this field.
    pub(crate) fn says(&self, what: &str) -> bool {
        self.says.iter().any(|said| said == what)
    }

    /// Applies only the fields that it sets.
    pub(crate) fn say_of(&self, frame: &mut Judgement) {
        let new = &self.new;
        if self.says_class() {
            set_class(frame, new);
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

    /// The effective label of a frame: that of the last line of the log about it.
    pub(crate) fn judgement<'a>(&'a self, id: u32, frame: &'a FrameItem) -> &'a Judgement {
        self.now
            .get(&id)
            .unwrap_or_else(|| self.original(id, frame))
    }

    /// The label of a frame before anyone reviewed it.
    pub(crate) fn original<'a>(&'a self, id: u32, frame: &'a FrameItem) -> &'a Judgement {
        // The records on disk may hold the result of a review, even of one that was undone since.
        let original = self.originals.get(&id);
        original.map_or(&frame.base, |original| original.judgement())
    }

    /// What a reviewer sees: the original label and their own decisions, so that people judge independently. Only deletion
    /// is shared.
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

    /// The label of a frame without one decision. Later decisions by others stay.
    pub(crate) fn without(&self, decision: u64, id: u32, frame: &FrameItem) -> Judgement {
        let mut left = self.original(id, frame).clone();
        for entry in self.entries_of(id).filter(|it| it.decision != decision) {
            entry.say_of(&mut left);
        }
        left
    }

    /// The label of a frame after a decision. A new class changes what the reviewer sees. It keeps notes and descriptions of
    /// others.
    pub(crate) fn outcome(
        &self,
        reviewer: u32,
        id: u32,
        frame: &FrameItem,
        decision: &Decision,
    ) -> DecidedLabel {
        let change = &decision.change;
        let now = self.judgement(id, frame);
        if !change.says_class() {
            return DecidedLabel {
                old: now.clone(),
                new: self.changed(change, now, frame),
                is_repeat: false,
            };
        }
        let shown = self.shown_to(reviewer, id, frame);
        if decision.is_repeat {
            // The page shows a repeat with its original label.
            let mut new = self.changed(change, self.original(id, frame), frame);
            new.deleted = shown.deleted;
            return DecidedLabel {
                old: shown.into_owned(),
                new,
                is_repeat: true,
            };
        }
        let new = self.new_class(change, &shown, now, frame);
        DecidedLabel {
            old: shown.into_owned(),
            new,
            is_repeat: false,
        }
    }

    /// The label of a frame after a person sets its class. The change applies to what they are `shown`, and keeps notes and
    /// descriptions of others.
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
