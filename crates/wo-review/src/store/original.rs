//! What held for a frame before anyone set it.

use wo_record::{Judgement, Review};

/// What held for a frame before anyone set it. Who only writes a note sets no label, so that a later row of a table counts.
#[derive(Debug)]
pub(crate) struct Original {
    judgement: Judgement,
    /// Whether anyone set the label or the faults.
    pub(crate) has_class: bool,
    /// Whether anyone set the description, which follows them.
    pub(crate) has_words: bool,
    /// Whether anyone deleted or restored the frame.
    has_fate: bool,
}

impl Original {
    /// Of a frame that has these values in the records and tables, before its first review.
    pub(super) fn new(base: &Judgement, review: &Review) -> Self {
        let judgement = Judgement {
            note: review.old.note.clone(),
            deleted: review.old.deleted,
            ..base.clone()
        };
        Self {
            judgement,
            has_class: false,
            has_words: false,
            has_fate: false,
        }
    }

    /// The label that held.
    pub(super) fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// Takes in what the next review sets. What it says of before is right where nobody had set it yet.
    pub(super) fn take_in(&mut self, review: &Review) {
        if review.says_class() && !self.has_class {
            set_class(&mut self.judgement, &review.old);
        }
        if review.says_words() && !self.has_words {
            let words = &review.old.description;
            self.judgement.description.clone_from(words);
        }
        self.has_class |= review.says_class();
        self.has_words |= review.says_words();
        self.has_fate |= review.says("deleted");
    }

    /// The label after a review, as far as anyone set it.
    pub(super) fn with(&self, new: &Judgement) -> Judgement {
        let mut now = new.clone();
        if !self.has_class {
            set_class(&mut now, &self.judgement);
        }
        if !self.has_words {
            now.description.clone_from(&self.judgement.description);
        }
        now
    }

    /// Whether anyone set more than a note.
    pub(crate) fn is_set(&self) -> bool {
        self.has_words || self.has_fate
    }
}

/// Takes over label and faults.
pub(super) fn set_class(to: &mut Judgement, from: &Judgement) {
    to.label.clone_from(&from.label);
    to.label_origin = from.label_origin;
    to.faults.clone_from(&from.faults);
}
