//! Which persons, sources and classes have labelled videos.

use std::collections::HashMap;

use wo_record::{Name, same_id};

use crate::folder::VideoItem;

/// What a video is worth beside one whose person or source has one labelled video less.
const OF_SAME_GROUP: f64 = 0.65;
/// The same for its exercise and label.
const OF_SAME_CLASS: f64 = 0.8;

/// A person, a source, or an exercise with a label, by its number.
type Key = usize;

/// The keys of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VideoKeys {
    /// Person and source, as far as they are known.
    groups: Vec<Key>,
    /// Exercise and label.
    class: Key,
}

/// The numbers of keys, and how many labelled videos have each.
#[derive(Debug, Clone, Default)]
pub(super) struct Coverage {
    numbers: HashMap<(&'static str, String), Key>,
    counts: Vec<i32>,
}

impl Coverage {
    /// The keys of a video whose exercise and label are known, or predicted.
    pub(super) fn keys(
        &mut self,
        video: &VideoItem,
        exercise: Option<&Name>,
        label: Option<&Name>,
    ) -> VideoKeys {
        let ids = [("person", &video.person), ("source", &video.source)];
        let known = ids.into_iter().filter_map(|(kind, id)| {
            let id = id.as_deref().filter(|id| !id.trim().is_empty())?;
            Some((kind, same_id(id)))
        });
        let groups = known.map(|key| self.key(key)).collect();
        let word = |name: Option<&Name>| name.map_or("", Name::as_str).to_owned();
        let class = format!("{} {}", word(exercise), word(label));
        VideoKeys {
            groups,
            class: self.key(("class", class)),
        }
    }

    fn key(&mut self, name: (&'static str, String)) -> Key {
        let next = self.counts.len();
        let key = *self.numbers.entry(name).or_insert(next);
        if key == next {
            self.counts.push(0);
        }
        key
    }

    /// Forgets all labelled videos, and keeps the numbers.
    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Counts a video as labelled.
    pub(super) fn add(&mut self, keys: &VideoKeys) {
        for &key in keys.groups.iter().chain([&keys.class]) {
            if let Some(count) = self.counts.get_mut(key) {
                *count += 1;
            }
        }
    }

    /// What a label of a video is worth, beside one of a person, a source and a class without any. Falls with each
    /// labelled video.
    pub(super) fn worth(&self, keys: &VideoKeys) -> f64 {
        let count = |key: &Key| self.counts.get(*key).copied().unwrap_or_default();
        let n_of_group = keys.groups.iter().map(count).max().unwrap_or_default();
        OF_SAME_GROUP.powi(n_of_group) * OF_SAME_CLASS.powi(count(&keys.class))
    }
}
