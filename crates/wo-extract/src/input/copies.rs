//! Copies of one file: they share their labels and keys, unless these contradict each other.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use wo_record::Name;

use crate::input::keys::Keys;
use crate::input::labels::Labels;
use crate::input::media_file::MediaFile;
use crate::input::source::{Conflict, Source};

/// Gives copies the keys of each other, and marks those of which different things are said. Only files of one size can be
/// alike, so few are read for it.
pub(crate) fn settle(sources: &mut [Source]) {
    let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, source) in sources.iter().enumerate() {
        if let Ok(metadata) = source.path.metadata() {
            by_size.entry(metadata.len()).or_default().push(place);
        }
    }
    let mut by_id: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for places in by_size.into_values().filter(|places| places.len() > 1) {
        for place in places {
            if let Ok(file) = MediaFile::open(&sources[place].path) {
                by_id.entry(file.id).or_default().push(place);
            }
        }
    }
    for (video_id, mut places) in by_id {
        places.sort_unstable();
        if places.len() > 1 {
            for place in &places {
                sources[*place].copied_id = Some(video_id.clone());
            }
        }
        let copies = || places.iter().map(|place| &sources[*place]);
        if let Some(keys) = keys_of_all(copies()) {
            for place in places {
                sources[place].keys = keys.clone();
            }
        } else {
            let said: Vec<String> = copies().map(Source::in_words).collect();
            let what = conflict_in_words(&said);
            for place in places {
                sources[place].conflict = Some(Conflict {
                    video_id: video_id.clone(),
                    what: what.clone(),
                });
            }
        }
    }
}

/// What all copies together say; `None` where they contradict each other.
fn keys_of_all<'a>(copies: impl Iterator<Item = &'a Source>) -> Option<Keys> {
    let mut copies = copies.peekable();
    let labels = &copies.peek()?.labels;
    let mut keys = Keys::default();
    for copy in copies {
        if copy.labels != *labels || copy.keys.contradicts(&keys) {
            return None;
        }
        keys.fill_from(&copy.keys);
    }
    Some(keys)
}

impl Source {
    fn in_words(&self) -> String {
        place_in_words(&self.path, &self.labels, &self.keys)
    }
}

/// That one content lies in several places that say different things of it.
pub(crate) fn conflict_in_words(places: &[String]) -> String {
    format!(
        "two copies of a video have different labels, persons, sources or angles, so it is excluded until one is removed: {}",
        places.join(" and ")
    )
}

/// A place and what it says, such as `a.mp4 (squat/bad_form)`.
pub(crate) fn place_in_words(path: &Path, labels: &Labels, keys: &Keys) -> String {
    let word = |name: &Option<Name>| {
        name.as_ref()
            .map_or_else(|| "none".to_owned(), Name::to_string)
    };
    let said = format!("{}/{}", word(&labels.exercise), word(&labels.label));
    let key = |what: &str, id: &Option<String>| {
        id.as_ref()
            .map_or_else(String::new, |id| format!(", {what} {id}"))
    };
    format!(
        "{} ({said}{}{}{})",
        path.display(),
        key("person", &keys.person_id),
        key("source", &keys.source_id),
        key("angle", &keys.angle.as_ref().map(Name::to_string))
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// What becomes of copies whose tables name these persons: who is in all of them, or that they contradict each other.
    fn check(persons: &[Option<&str>], expected: Result<Option<&str>, ()>) {
        let source = |person: Option<&str>| Source {
            path: PathBuf::from("a.mp4"),
            place: PathBuf::from("a.mp4"),
            copied_id: None,
            labels: Labels::default(),
            keys: Keys {
                person_id: person.map(str::to_owned),
                ..Keys::default()
            },
            error: None,
            conflict: None,
        };
        let sources: Vec<Source> = persons.iter().copied().map(source).collect();
        let got = keys_of_all(sources.iter()).map(|keys| keys.person_id);
        assert_eq!(
            got,
            expected.ok().map(|it| it.map(str::to_owned)),
            "{persons:?}"
        );
    }

    #[test]
    fn what_is_said_of_one_copy_is_said_of_all() {
        check(&[None, None], Ok(None));
        check(&[None, Some("anna")], Ok(Some("anna")));
        check(&[Some("anna"), None, Some("Anna")], Ok(Some("anna")));
        check(&[None, Some("anna"), Some("ben")], Err(()));
        check(&[Some("anna"), None, Some("ben")], Err(()));
    }
}
