//! What people said in a file and not yet here, as reviews.
//!
//! Each person's answers are one decision, as if they had been given here at once, and one that can be taken back.

use std::collections::HashMap;

use wo_record::{Judgement, Review};

use super::troubles::{Kind, Troubles};
use crate::folder::FrameItem;
use crate::store::{Change, Entry, Store, is_template};

/// So many answers are written at once: more would need much memory, and are several decisions of each person.
const MAX_PENDING: usize = 10_000;

/// Answers that are yet to be written.
#[derive(Debug, Default)]
pub(super) struct News {
    pending: Vec<Pending>,
    /// By frame and reviewer: where their answer is.
    places: HashMap<(u32, u32), usize>,
    /// Reviewers in the order in which they were met.
    order: HashMap<u32, usize>,
    /// How many reviews were written.
    pub(super) n_written: usize,
}

/// What one person says of one frame.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) frame: u32,
    pub(super) reviewer: u32,
    /// Whether it is known who it was.
    pub(super) is_signed: bool,
    /// Whether the task is one that this tool wrote, with all that held of the frame.
    pub(super) is_ours: bool,
    pub(super) updated_at: Option<jiff::Timestamp>,
    pub(super) change: Change,
}

/// By frame and reviewer: their reviews that count.
type Own = HashMap<u32, HashMap<u32, Vec<u32>>>;

impl News {
    /// Takes in what somebody says; the last that a person says of a frame counts.
    pub(super) fn take_in(
        &mut self,
        store: &mut Store,
        said: Pending,
        troubles: &mut Troubles,
    ) -> anyhow::Result<()> {
        if said.change.says().is_empty() {
            return Ok(());
        }
        let key = (said.frame, said.reviewer);
        let old = self
            .places
            .get(&key)
            .and_then(|&at| self.pending.get_mut(at));
        if let Some(old) = old {
            if old.change != said.change {
                troubles.count(Kind::Replaced, 1);
            }
            old.change.followed_by(said.change);
            old.updated_at = said.updated_at.or(old.updated_at);
            return Ok(());
        }
        let n = self.order.len();
        self.order.entry(said.reviewer).or_insert(n);
        self.places.insert(key, self.pending.len());
        self.pending.push(said);
        if self.pending.len() >= MAX_PENDING {
            self.write(store, troubles)?;
        }
        Ok(())
    }

    /// Writes what is new.
    pub(super) fn write(
        &mut self,
        store: &mut Store,
        troubles: &mut Troubles,
    ) -> anyhow::Result<()> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by_key(|said| self.order.get(&said.reviewer).copied());
        self.places.clear();
        self.order.clear();
        let mut own = Own::default();
        let mut now: HashMap<u32, Judgement> = HashMap::new();
        let mut decisions: Vec<(u32, Vec<Review>)> = Vec::new();
        for said in pending {
            let (id, reviewer) = (said.frame, said.reviewer);
            let Some(frame) = store.folder.frame(id) else {
                continue;
            };
            let judgement = now.get(&id).unwrap_or_else(|| store.judgement(id, frame));
            let Some(review) = review_of(store, said, frame, judgement, &mut own, troubles) else {
                continue;
            };
            now.insert(id, review.new.clone());
            match decisions.last_mut() {
                Some((other, reviews)) if *other == reviewer => reviews.push(review),
                _ => decisions.push((reviewer, vec![review])),
            }
        }
        let decisions: Vec<Vec<Review>> = decisions.into_iter().map(|(_, it)| it).collect();
        self.n_written += decisions.iter().map(Vec::len).sum::<usize>();
        if decisions.is_empty() {
            return Ok(());
        }
        store.append_all(decisions)
    }
}

/// The review that it comes to, if it is new.
fn review_of(
    store: &Store,
    said: Pending,
    frame: &FrameItem,
    now: &Judgement,
    own: &mut Own,
    troubles: &mut Troubles,
) -> Option<Review> {
    let (id, mut change) = (said.frame, said.change);
    let own = own.entry(id).or_insert_with(|| reviews_of(store, id));
    let own = own.get(&said.reviewer).map_or(&[][..], Vec::as_slice);
    let own = own.iter();
    let own: Vec<&Entry> = own
        .filter_map(|&at| store.entries.get(at as usize))
        .collect();
    let leaves_text = leaves_text_out(&change, store, frame, now);
    drop_stale_description(&mut change, store, frame, now);
    let (old, new) = if change.says_class() {
        let mut shown = store.original(id, frame).clone();
        for entry in &own {
            entry.say_of(&mut shown);
        }
        shown.deleted = now.deleted;
        let new = store.new_class(&change, &shown, now, frame);
        (shown, new)
    } else {
        (now.clone(), store.changed(&change, now, frame))
    };
    let path = || {
        let path = frame.path.as_ref();
        path.map_or_else(
            || format!("frame {}", frame.index),
            |it| it.display().to_string(),
        )
    };
    let keeps_faults = !new.faults.is_empty() && new.faults == now.faults;
    if said.is_ours && (leaves_text || (keeps_faults && change.faults.is_none())) {
        troubles.add(Kind::LeftOut, path);
    }
    if change.says().is_empty() || (!said.is_signed && is_same(now, &new, &change)) {
        return None;
    }
    if let Some(last) = own.last()
        && own.iter().any(|entry| has_said(entry, &new, &change))
    {
        if has_said(last, &new, &change) {
            return None;
        }
        let at: Option<jiff::Timestamp> = last.at.parse().ok();
        if said.updated_at.zip(at).is_none_or(|(said, at)| said <= at) {
            troubles.add(Kind::Older, path);
            return None;
        }
    }
    if now.deleted {
        troubles.add(Kind::Deleted, path);
    }
    let mut review = store.review(said.reviewer, frame, old, new);
    review.says = change.says();
    Some(review)
}

fn reviews_of(store: &Store, id: u32) -> HashMap<u32, Vec<u32>> {
    let mut own: HashMap<u32, Vec<u32>> = HashMap::new();
    for &at in store.live.get(&id).map_or(&[][..], Vec::as_slice) {
        if let Some(entry) = store.entries.get(at as usize) {
            own.entry(entry.reviewer).or_default().push(at);
        }
    }
    own
}

/// A description that the captions table makes is nobody's own: it describes what the frame was taken for before.
fn drop_stale_description(change: &mut Change, store: &Store, frame: &FrameItem, now: &Judgement) {
    let Some(text) = &change.description else {
        return;
    };
    let as_now = Judgement {
        description: Some(text.trim().to_owned()),
        ..now.clone()
    };
    if is_template(&as_now, frame.exercise.as_ref(), &store.captions) {
        change.description = None;
    }
}

/// Whether a note or a description in somebody's own words is left out.
fn leaves_text_out(change: &Change, store: &Store, frame: &FrameItem, now: &Judgement) -> bool {
    let has_own_words =
        now.description.is_some() && !is_template(now, frame.exercise.as_ref(), &store.captions);
    (has_own_words && change.description.is_none()) || (now.note.is_some() && change.note.is_none())
}

/// Whether two judgements say the same of what a change is about. A description that nobody wrote follows from the rest.
fn is_same(a: &Judgement, b: &Judgement, change: &Change) -> bool {
    (!change.says_class() || (&a.label, &a.faults) == (&b.label, &b.faults))
        && (change.description.is_none() || a.description == b.description)
        && (change.note.is_none() || a.note == b.note)
}

/// Whether a review says all that a change says.
fn has_said(entry: &Entry, new: &Judgement, change: &Change) -> bool {
    is_same(&entry.new, new, change)
        && (!change.says_class() || entry.says_class())
        && (change.description.is_none() || entry.says("description"))
        && (change.note.is_none() || entry.says("note"))
}
