//! Which of the files a run takes where several runs share the work.

use std::path::Path;

use wo_record::{Group, Shard, Video, keys_of};
use wo_shard::{Item, ShardNumber, cut};

use crate::input::source::Source;

/// Leaves the files of shard `number`. The key is the group that a split would make: who and what share a person or a source,
/// directly or through others, and copies of one file. A file without any is a group of its own, by its place below the folder
/// that was given, so that each machine may have that folder elsewhere.
pub(crate) fn keep(sources: &mut Vec<Source>, number: ShardNumber) -> Shard {
    let items: Vec<Item> = sources.iter().map(item_of).collect();
    let (taken, shard) = cut(&items, number);
    let mut taken = taken.into_iter();
    sources.retain(|_| taken.next() == Some(true));
    shard
}

fn item_of(source: &Source) -> Item {
    let video = Video {
        person_id: source.keys.person_id.clone(),
        source_id: source.keys.source_id.clone(),
        ..Video::default()
    };
    let copies = source.copied_id.as_deref().map(Group::of_video_id);
    Item {
        name: name_of(&source.place),
        keys: keys_of(&video).into_iter().chain(copies).collect(),
    }
}

fn name_of(place: &Path) -> String {
    format!("file:{}", place.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::keys::Keys;
    use crate::input::labels::Labels;

    fn source(folder: &str, place: &str, person: Option<&str>, copied: Option<&str>) -> Source {
        Source {
            path: PathBuf::from(folder).join(place),
            place: place.into(),
            labels: Labels::default(),
            keys: Keys {
                person_id: person.map(str::to_owned),
                ..Keys::default()
            },
            copied_id: copied.map(str::to_owned),
            error: None,
            conflict: None,
        }
    }

    fn sources(folder: &str) -> Vec<Source> {
        let mut sources: Vec<Source> = (0..20)
            .map(|number| source(folder, &format!("a/{number}.mp4"), None, None))
            .collect();
        let anna = |place| source(folder, place, Some("anna"), None);
        sources.extend(["b/1.mp4", "b/2.mp4", "c/3.mp4"].map(anna));
        let copy = |place| source(folder, place, None, Some("af13"));
        sources.extend(["d/1.mp4", "e/2.mp4"].map(copy));
        sources
    }

    fn places(sources: &[Source]) -> Vec<String> {
        let places = sources.iter().map(|it| it.place.display().to_string());
        places.collect()
    }

    #[test]
    fn a_machine_may_have_the_folder_elsewhere() {
        for number in ["1/2", "2/2", "3/3", "5/8"] {
            let number = number.parse().expect("a shard");
            let (mut here, mut there) = (sources("/data"), sources("videos"));
            assert_eq!(keep(&mut here, number), keep(&mut there, number));
            assert_eq!(places(&here), places(&there));
        }
    }

    #[test]
    fn persons_and_copies_stay_together() {
        let whole = places(&sources("v"));
        for count in [2, 3, 8] {
            let mut all = Vec::new();
            for index in 1..=count {
                let mut taken = sources("v");
                keep(
                    &mut taken,
                    format!("{index}/{count}").parse().expect("a shard"),
                );
                let taken = places(&taken);
                for together in [
                    &["b/1.mp4", "b/2.mp4", "c/3.mp4"][..],
                    &["d/1.mp4", "e/2.mp4"],
                ] {
                    let n = together
                        .iter()
                        .filter(|place| taken.iter().any(|it| it == *place))
                        .count();
                    assert!(
                        n == 0 || n == together.len(),
                        "{together:?} {index}/{count}"
                    );
                }
                all.extend(taken);
            }
            all.sort();
            let mut whole = whole.clone();
            whole.sort();
            assert_eq!(all, whole);
        }
    }
}
