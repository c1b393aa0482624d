//! Folders and files of bad form whose names may mean a fault, and do not name one.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::count;
use wo_label::Captions;
use wo_record::{BAD_FORM, Name};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule};
use crate::known_words::meant_fault;

const MISSPELT: Rule = Rule {
    code: "misspelt_fault",
    action: "name faults in folders",
    weight: 20.0,
};

pub(super) fn of(captions: &Captions, collection: &Collection) -> Vec<Found> {
    let mut by_word: BTreeMap<(&Name, Name, &str), Vec<&CheckedVideo>> = BTreeMap::new();
    for video in &collection.videos {
        let Some((exercise, label)) = video.class() else {
            continue;
        };
        if label.as_str() != BAD_FORM {
            continue;
        }
        for word in words_below(&video.path, label) {
            if let Some(meant) = meant_fault(captions, exercise, &word) {
                by_word
                    .entry((exercise, word, meant))
                    .or_default()
                    .push(video);
            }
        }
    }
    let found = by_word
        .into_iter()
        .map(|((exercise, word, meant), videos)| {
            let n = count(videos.len(), "video");
            let what =
                format!("{exercise}: {n} under the name {word}, which is no fault that is known");
            MISSPELT
                .note(what)
                .exercise(exercise)
                .label(BAD_FORM)
                .videos(&videos)
                .hint(format!("if {meant} is meant, rename it to {meant}"))
        });
    found.collect()
}

/// The names below the folder of the label that may be faults: of folders, as a whole and in parts, and of the file without
/// its number.
fn words_below(path: &str, label: &Name) -> Vec<Name> {
    let path = Path::new(path);
    let folders = path.parent().into_iter().flat_map(Path::iter);
    let folders: Vec<String> = folders
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    let of_label = folders.iter().rposition(|it| Name::label(it) == *label);
    let below = folders.iter().skip(of_label.map_or(0, |it| it + 1));
    let parts = below.clone().flat_map(|folder| folder.split(['-', ';']));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.trim_end_matches(|c: char| !c.is_alphabetic());
    let words = below.map(String::as_str).chain(parts).chain([stem]);
    let mut words: Vec<Name> = words.map(Name::new).filter(|it| !it.is_empty()).collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_the_label_may_be_faults() {
        let of = |path: &str| {
            let words = words_below(path, &Name::new(BAD_FORM));
            let words: Vec<String> = words.iter().map(Name::to_string).collect();
            words.join(" ")
        };
        assert_eq!(of("squat/bad_form/kness_cave/a1b2.mp4"), "a1b kness_cave");
        assert_eq!(
            of("squat/Bad/knees-cave/kness cave_03.mp4"),
            "cave knees knees_cave kness_cave"
        );
        assert_eq!(of("squat/bad_form/012.mp4"), "");
    }
}
