//! What the ledger comes to: sides, sets, looks, versions and what was decided last.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::budget::Budget;
use crate::event::{Event, Look, LookKind, Promoted, Refused, Version};
use crate::model_files::digest;
use crate::side::{KeyHash, Side};

/// The first set of held-out groups.
const FIRST_SET: u32 = 1;

/// A look, and how it came out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Looked {
    pub(crate) look: Look,
    /// `None` where the run was cut off between the look and the decision.
    pub(crate) outcome: Option<Outcome>,
}

/// What a look decided.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Promoted(Version),
    Refused(Refused),
}

/// The last run that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// The fingerprint of what it read.
    pub(crate) inputs: String,
    /// How it ended, in words.
    pub(crate) how: String,
}

/// All that follows from the entries of the ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct History {
    pub(crate) salt: String,
    sides: HashMap<KeyHash, Side>,
    opened: Option<u32>,
    looks: Vec<Looked>,
    /// The promotions whose models were not deleted.
    versions: BTreeMap<Version, Promoted>,
    /// The models that were deleted, or were about to be.
    removed: HashSet<Version>,
    /// The models that were in use one after the other; the last one is. Going back takes away.
    in_use: Vec<Version>,
    n_promoted: u64,
    finished: Option<Finished>,
}

impl History {
    /// Takes the next entry.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Begun(begun) => self.salt.clone_from(&begun.salt),
            Event::Assigned(assigned) => self.sides.extend(assigned.sides.clone()),
            Event::Opened(opened) => self.opened = Some(opened.set),
            Event::Looked(look) => self.looks.push(Looked {
                look: look.clone(),
                outcome: None,
            }),
            Event::Promoted(promoted) => self.promote(promoted),
            Event::Refused(refused) => {
                if let Some(challenger) = &refused.challenger {
                    self.decide(challenger, Outcome::Refused(refused.clone()));
                }
                let how = format!("refused: {}", refused.why);
                self.finish(&refused.inputs, how);
            }
            Event::Unchanged(unchanged) => {
                let how = "the new model was the one in use".to_owned();
                self.finish(&unchanged.inputs, how);
            }
            Event::RolledBack(rolled_back) => {
                let place = self.in_use.iter().rposition(|it| *it == rolled_back.to);
                match place {
                    Some(place) => self.in_use.truncate(place + 1),
                    None => self.in_use.push(rolled_back.to.clone()),
                }
            }
            Event::Removed(removed) => {
                for version in &removed.versions {
                    self.versions.remove(version);
                    self.removed.insert(version.clone());
                    self.in_use.retain(|it| it != version);
                }
            }
            Event::Redacted(redacted) => {
                if let Some(promoted) = self.versions.get_mut(&redacted.version) {
                    promoted.files.extend(redacted.files.clone());
                }
            }
            // The one in use keeps its place: nobody asked for the model before it.
            Event::SetAside(aside) => {
                self.versions.retain(|it, _| !aside.versions.contains(it));
                if self.is_set_aside() {
                    self.finished = None;
                }
            }
        }
    }

    fn promote(&mut self, promoted: &Promoted) {
        let version = &promoted.version;
        self.decide(&digest(&promoted.files), Outcome::Promoted(version.clone()));
        self.n_promoted += 1;
        self.in_use.retain(|it| self.versions.contains_key(it));
        self.versions.insert(version.clone(), promoted.clone());
        self.in_use.push(version.clone());
        self.finish(&promoted.inputs, format!("promoted {version}"));
    }

    fn decide(&mut self, challenger: &str, outcome: Outcome) {
        let mut looks = self.looks.iter_mut().rev();
        let is_open = |it: &&mut Looked| it.look.challenger == challenger && it.outcome.is_none();
        if let Some(looked) = looks.find(is_open) {
            looked.outcome = Some(outcome);
        }
    }

    fn finish(&mut self, inputs: &str, how: String) {
        let inputs = inputs.to_owned();
        self.finished = Some(Finished { inputs, how });
    }

    /// The side of a key, where it has one.
    pub(crate) fn side(&self, key: &KeyHash) -> Option<Side> {
        self.sides.get(key).copied()
    }

    /// The set of held-out groups that models are judged on.
    pub(crate) fn set(&self) -> u32 {
        self.opened.unwrap_or(FIRST_SET)
    }

    /// The set that new held-out groups join. A set on which two models were compared, or whose looks are used up, is
    /// complete: what comes later waits for the next one, which nobody has looked at.
    pub(crate) fn joined_set(&self, budget: Budget) -> u32 {
        let set = self.set();
        let mut looks = self.looks_at(set);
        let is_compared = looks.any(|it| it.look.kind == LookKind::Comparison);
        let is_complete = is_compared || self.n_left(budget) == 0;
        if is_complete { set + 1 } else { set }
    }

    /// The looks at a set so far.
    pub(crate) fn looks_at(&self, set: u32) -> impl Iterator<Item = &Looked> {
        self.looks.iter().filter(move |it| it.look.set == set)
    }

    /// An earlier look that compared the same models on the same videos.
    pub(crate) fn same_look(&self, look: &Look) -> Option<&Looked> {
        self.looks.iter().rev().find(|it| it.look.is_same_as(look))
    }

    /// The looks that have not decided anything yet, the newest first.
    pub(crate) fn open_looks(&self) -> impl Iterator<Item = &Look> {
        let open = self.looks.iter().rev().filter(|it| it.outcome.is_none());
        open.map(|it| &it.look)
    }

    /// The budget of the set that is judged on: of the least alpha that a look at it was a part of.
    pub(crate) fn budget(&self, budget: Budget) -> Budget {
        let earlier = self.looks_at(self.set()).filter_map(|it| it.look.of_alpha);
        earlier.fold(budget, Budget::at_most)
    }

    /// How many looks are left at the set that is judged on.
    pub(crate) fn n_left(&self, budget: Budget) -> u32 {
        self.budget(budget).n_left(self.spent(self.set()))
    }

    /// The part of alpha that looks at a set have cost.
    pub(crate) fn spent(&self, set: u32) -> f64 {
        self.looks_at(set).map(|it| it.look.alpha).sum()
    }

    /// The model in use.
    pub(crate) fn champion(&self) -> Option<&Promoted> {
        self.versions.get(self.in_use.last()?)
    }

    /// Whether the model in use was set aside by a takedown, so that none is.
    pub(crate) fn is_set_aside(&self) -> bool {
        let last = self.in_use.last();
        last.is_some_and(|it| !self.versions.contains_key(it))
    }

    /// The model that was in use before the one that is, and the one before it: `n` back.
    pub(crate) fn before(&self, n: usize) -> Option<&Promoted> {
        let place = self.in_use.len().checked_sub(1 + n)?;
        self.versions.get(self.in_use.get(place)?)
    }

    /// Whether a model was ever promoted.
    pub(crate) fn has_promoted(&self) -> bool {
        self.n_promoted > 0
    }

    /// The number of the next promotion: it grows whatever the clock says.
    pub(crate) fn next_number(&self) -> u64 {
        self.n_promoted + 1
    }

    /// A version that was promoted, and not deleted since.
    pub(crate) fn version(&self, name: &str) -> Option<&Promoted> {
        self.versions.get(name)
    }

    /// Whether a model of this name was to be deleted. Whatever else lies there belongs to a person.
    pub(crate) fn is_removed(&self, name: &str) -> bool {
        self.removed.contains(name)
    }

    /// All of them, the oldest first.
    pub(crate) fn versions(&self) -> impl DoubleEndedIterator<Item = &Promoted> {
        self.versions.values()
    }

    /// The last run that came to an end.
    pub(crate) fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }
}

#[cfg(test)]
mod tests;
