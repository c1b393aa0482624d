//! What is known of each video, put together from all places that say something of it.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use wo_record::same_id;

/// A video, or a row of a table that may be about one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// BLAKE3 of its bytes, where some place says it or the file is there.
    pub(crate) id: Option<String>,
    /// Its person and its source, such as `person:anna`.
    pub(crate) keys: BTreeSet<String>,
    /// The same as people spell them.
    pub(crate) names: BTreeSet<String>,
    /// Its paths, as they are written.
    pub(crate) paths: BTreeSet<String>,
    /// Its files, as the disk spells them.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Hashes of the images of its frames.
    pub(crate) images: BTreeSet<String>,
    /// Where it came from.
    pub(crate) addresses: BTreeSet<String>,
}

impl Known {
    /// Adds a person, as it is spelt.
    pub(crate) fn add_person(&mut self, person: Option<&str>) {
        self.add_key("person", person);
    }

    /// Adds a source.
    pub(crate) fn add_source(&mut self, source: Option<&str>) {
        self.add_key("source", source);
    }

    fn add_key(&mut self, kind: &str, id: Option<&str>) {
        if let Some(id) = id.map(str::trim).filter(|id| !id.is_empty()) {
            self.keys.insert(format!("{kind}:{}", same_id(id)));
            self.names.insert(id.to_owned());
        }
    }

    fn merge(&mut self, other: Self) {
        self.id = self.id.take().or(other.id);
        self.keys.extend(other.keys);
        self.names.extend(other.names);
        self.paths.extend(other.paths);
        self.files.extend(other.files);
        self.images.extend(other.images);
        self.addresses.extend(other.addresses);
    }
}

/// All videos.
#[derive(Debug, Default)]
pub(crate) struct AllKnown {
    pub(crate) videos: Vec<Known>,
    by_id: HashMap<String, usize>,
    by_file: HashMap<PathBuf, usize>,
}

impl AllKnown {
    /// Takes in what a place says of a video. Of an id, and of a file, there is one video.
    pub(crate) fn take(&mut self, said: Known) {
        let of_id = said.id.as_ref().and_then(|id| self.by_id.get(id));
        let of_file = || said.files.iter().find_map(|file| self.by_file.get(file));
        let place = of_id.or_else(of_file).copied();
        // A file that was replaced by another video is both of them.
        let place = place.filter(|place| {
            let own = self.videos.get(*place).and_then(|it| it.id.as_ref());
            own.is_none() || said.id.is_none() || own == said.id.as_ref()
        });
        let place = place.unwrap_or(self.videos.len());
        if let Some(id) = &said.id {
            self.by_id.insert(id.clone(), place);
        }
        for file in &said.files {
            self.by_file.insert(file.clone(), place);
        }
        match self.videos.get_mut(place) {
            Some(known) => known.merge(said),
            None => self.videos.push(said),
        }
    }

    /// All persons and sources, as people spell them.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let names = self.videos.iter().flat_map(|it| &it.names);
        names.map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_id_and_of_its_file_is_said_of_one_video() {
        let mut all = AllKnown::default();
        let file = || BTreeSet::from([PathBuf::from("/d/a.mp4")]);
        all.take(Known {
            id: Some("1".to_owned()),
            files: file(),
            ..Known::default()
        });
        let mut of_file = Known {
            files: file(),
            ..Known::default()
        };
        of_file.add_person(Some(" Anna B. "));
        all.take(of_file);
        let mut of_id = Known {
            id: Some("1".to_owned()),
            ..Known::default()
        };
        of_id.add_source(Some("gym 1"));
        of_id.add_source(Some(" "));
        all.take(of_id);
        all.take(Known {
            id: Some("2".to_owned()),
            files: file(),
            ..Known::default()
        });
        assert_eq!(all.videos.len(), 2);
        let keys: Vec<&str> = all.videos[0].keys.iter().map(String::as_str).collect();
        assert_eq!(keys, ["person:annab.", "source:gym1"]);
        assert_eq!(all.names(), BTreeSet::from(["Anna B.", "gym 1"]));
    }
}
