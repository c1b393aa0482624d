//! Which side each video is on, and the side of groups that have none yet.
//!
//! A key has one side for ever. A group that is new is held out by chance: the chance is how far the held-out share of its
//! exercises and labels is behind, so that shares stay near what is asked for however the data grows, and nobody knows
//! beforehand who will be held out.

use std::collections::{BTreeMap, BTreeSet};

use wo_record::{Group, UNCLEAR, components};
use wo_settings::Settings;

use crate::budget::Budget;
use crate::history::History;
use crate::side::{KeyHash, Side};
use crate::split::videos::{Cell, SplitVideo, Videos};

/// Of each exercise and label this many groups are trained on before one is held out: a model that has seen one person is
/// not worth judging.
const MIN_TRAINING: usize = 2;

/// Where a video belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this side.
    On(Side),
    /// On none, since these keys of it are on several.
    Mixed(Vec<(Group, Side)>),
}

/// The places of all videos.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// By the id of the video.
    pub(crate) by_id: BTreeMap<String, Place>,
    /// The sides of keys that had none.
    pub(crate) new: BTreeMap<KeyHash, Side>,
    /// How many groups are new on each side.
    pub(crate) n_new: BTreeMap<Side, usize>,
}

/// Places all videos, and gives new groups a side, so that the share of `wo.toml` is held out of all groups.
pub(crate) fn place(videos: &Videos, history: &History, settings: &Settings) -> Places {
    let share = settings.held_out.share;
    let joined = history.joined_set(Budget::of(&settings.gate));
    let mut keys = Keys::of(videos, history);
    for group in groups_of(videos, &keys) {
        let sides = keys.sides(group.keys());
        // Keys without a side connect keys of several.
        if sides.len() > 1 {
            for side in sides {
                keys.spread(&group, side);
            }
        }
    }
    let mut balance = Balance::new(share);
    let mut new = Vec::new();
    // Now that videos which join two sides join nothing, each group has one side, or none yet.
    for group in groups_of(videos, &keys) {
        let Some(side) = keys.sides(group.keys()).first().copied() else {
            new.push(group);
            continue;
        };
        keys.assign(group.keys(), side);
        balance.count(&group.cells(), side);
    }
    let mut places = Places::default();
    let draw = |group: &Grouped<'_>| {
        let hashes = group.keys().map(|key| keys.hashes[key].clone());
        hashes.min().expect("each video has a key")
    };
    let mut drawn: Vec<(KeyHash, Grouped<'_>)> =
        new.into_iter().map(|it| (draw(&it), it)).collect();
    drawn.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (hash, group) in drawn {
        let cells = group.cells();
        let is_held_out = hash.chance(&history.salt) < balance.deficit(&cells);
        let side = if is_held_out {
            Side::HeldOut(joined)
        } else {
            Side::Training
        };
        balance.count(&cells, side);
        keys.assign(group.keys(), side);
        *places.n_new.entry(side).or_default() += 1;
    }
    places.by_id = videos
        .iter()
        .map(|(id, video)| (id.clone(), keys.place(video)))
        .collect();
    places.new = keys.new;
    places
}

/// The keys of all videos, and their sides.
struct Keys<'a> {
    hashes: BTreeMap<&'a Group, KeyHash>,
    sides: BTreeMap<&'a Group, Side>,
    new: BTreeMap<KeyHash, Side>,
}

impl<'a> Keys<'a> {
    fn of(videos: &'a Videos, history: &History) -> Self {
        let keys = videos.iter().flat_map(|(_, video)| &video.keys);
        let hashes: BTreeMap<&Group, KeyHash> = keys
            .map(|key| (key, KeyHash::of(key, &history.salt)))
            .collect();
        let known = hashes.iter();
        let known = known.filter_map(|(key, hash)| Some((*key, history.side(hash)?)));
        Self {
            sides: known.collect(),
            hashes,
            new: BTreeMap::new(),
        }
    }

    /// The sides of keys, each once.
    fn sides<'k>(&self, keys: impl IntoIterator<Item = &'k Group>) -> BTreeSet<Side> {
        let keys = keys.into_iter();
        keys.filter_map(|key| self.sides.get(key).copied())
            .collect()
    }

    /// Gives those of the keys a side that have none.
    fn assign(&mut self, keys: impl IntoIterator<Item = &'a Group>, side: Side) {
        for key in keys {
            if !self.sides.contains_key(key) {
                self.sides.insert(key, side);
                self.new.insert(self.hashes[key].clone(), side);
            }
        }
    }

    /// Gives a side to the keys that are connected to it through keys without one.
    fn spread(&mut self, group: &Grouped<'a>, side: Side) {
        loop {
            let mut has_spread = false;
            for video in &group.videos {
                if self.sides(&video.keys) == BTreeSet::from([side])
                    && video.keys.iter().any(|key| !self.sides.contains_key(key))
                {
                    self.assign(&video.keys, side);
                    has_spread = true;
                }
            }
            if !has_spread {
                return;
            }
        }
    }

    fn place(&self, video: &SplitVideo) -> Place {
        let sides = self.sides(&video.keys);
        match sides.first() {
            Some(side) if sides.len() == 1 => Place::On(*side),
            _ => {
                let keys = video.keys.iter();
                let known = keys.filter_map(|it| Some((it.clone(), *self.sides.get(it)?)));
                Place::Mixed(known.collect())
            }
        }
    }
}

/// Videos that keys join.
struct Grouped<'a> {
    videos: Vec<&'a SplitVideo>,
}

impl<'a> Grouped<'a> {
    fn keys(&self) -> impl Iterator<Item = &'a Group> {
        self.videos.iter().flat_map(|it| &it.keys)
    }

    /// What its videos show.
    fn cells(&self) -> BTreeSet<Cell> {
        self.videos.iter().map(|it| it.cell()).collect()
    }
}

/// The groups of all videos but for those that join two sides: these join nothing.
fn groups_of<'a>(videos: &'a Videos, keys: &Keys<'_>) -> Vec<Grouped<'a>> {
    let videos = videos.iter().map(|(_, video)| video);
    let joining: Vec<&SplitVideo> = videos
        .filter(|video| keys.sides(&video.keys).len() < 2)
        .collect();
    let all: Vec<Vec<Group>> = joining.iter().map(|it| it.keys.clone()).collect();
    let mut groups: BTreeMap<Group, Vec<&SplitVideo>> = BTreeMap::new();
    for (name, video) in components(&all).into_iter().zip(joining) {
        groups.entry(name).or_default().push(video);
    }
    let groups = groups.into_values();
    groups.map(|videos| Grouped { videos }).collect()
}

/// How many groups show each exercise and label, on both sides.
struct Balance {
    share: f64,
    n_training: BTreeMap<Cell, usize>,
    n_held_out: BTreeMap<Cell, usize>,
}

impl Balance {
    fn new(share: f64) -> Self {
        Self {
            share,
            n_training: BTreeMap::new(),
            n_held_out: BTreeMap::new(),
        }
    }

    fn count(&mut self, cells: &BTreeSet<Cell>, side: Side) {
        let counts = match side {
            Side::Training => &mut self.n_training,
            Side::HeldOut(_) => &mut self.n_held_out,
        };
        for cell in cells {
            *counts.entry(cell.clone()).or_default() += 1;
        }
    }

    /// How many held-out groups are missing with one more group of these cells, on average over them.
    fn deficit(&self, cells: &BTreeSet<Cell>) -> f64 {
        let count = |counts: &BTreeMap<Cell, usize>, cell| counts.get(cell).copied().unwrap_or(0);
        let mut sum = 0.0;
        for cell in cells {
            let (n_training, n_held_out) =
                (count(&self.n_training, cell), count(&self.n_held_out, cell));
            if n_training < MIN_TRAINING && cell.1.as_str() != UNCLEAR {
                return 0.0;
            }
            sum += self.share * (n_training + n_held_out + 1) as f64 - n_held_out as f64;
        }
        sum / cells.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests;
