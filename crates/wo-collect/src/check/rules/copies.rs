//! Videos that are there twice.

use std::collections::BTreeMap;

use wo_record::Name;

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule};

const TWO_CLASSES: Rule = Rule {
    code: "copy_in_two_classes",
    action: "decide which label counts",
    weight: 50.0,
};
const NEAR_TWO_CLASSES: Rule = Rule {
    code: "near_copy_in_two_classes",
    action: "decide which label counts",
    weight: 40.0,
};
const COPY: Rule = Rule {
    code: "copy",
    action: "remove copies",
    weight: 1.0,
};
const NEAR: Rule = Rule {
    code: "near_copy",
    action: "remove copies",
    weight: 1.0,
};

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let mut by_id: BTreeMap<&str, Vec<&CheckedVideo>> = BTreeMap::new();
    for video in &collection.videos {
        by_id.entry(&video.id).or_default().push(video);
    }
    let mut found = Vec::new();
    for copies in by_id.values().filter(|it| it.len() > 1) {
        found.push(pair(copies, "are the same file", [TWO_CLASSES, COPY]));
    }
    for video in &collection.videos {
        let other = video
            .probed
            .as_ref()
            .and_then(|it| it.near_duplicate_of.as_deref());
        let other = other.and_then(|id| by_id.get(id)).and_then(|it| it.first());
        if let Some(other) = other.filter(|it| it.id != video.id) {
            found.push(pair(
                &[other, video],
                "show the same",
                [NEAR_TWO_CLASSES, NEAR],
            ));
        }
    }
    found
}

/// What is so of copies, by the first rule where they are of several classes, else by the second.
fn pair(copies: &[&CheckedVideo], are: &str, [two_classes, one_class]: [Rule; 2]) -> Found {
    let class = |video: &CheckedVideo| -> Option<(Name, Name)> {
        let (exercise, label) = video.class()?;
        Some((exercise.clone(), label.clone()))
    };
    let first = copies.first().and_then(|it| class(it));
    let is_one_class = copies.iter().all(|it| class(it) == first);
    let paths: Vec<&str> = copies.iter().map(|it| it.path.as_str()).collect();
    let what = format!("{} {are}", paths.join(" and "));
    if is_one_class {
        return one_class.note(what).videos(copies).hint("keep one of them");
    }
    let without = copies.iter().filter(|it| class(it).is_none());
    let without: Vec<&str> = without.map(|it| it.path.as_str()).collect();
    let labels = if without.is_empty() {
        "under different labels".to_owned()
    } else {
        format!("and no label is known of {}", without.join(" and "))
    };
    two_classes
        .mend(format!("{what}, {labels}"))
        .videos(copies)
        .hint("look at it, and remove it where it does not belong; until then it is in no training")
}
