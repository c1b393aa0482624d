//! Folders that do not say what their videos show.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::{count, verb};
use wo_record::UNCLEAR;

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule};

const MISSPELT: Rule = Rule {
    code: "misspelt_label",
    action: "rename folders",
    weight: 30.0,
};
const NO_LABEL: Rule = Rule {
    code: "no_label",
    action: "move videos to exercise/label",
    weight: 25.0,
};
const NEW_LABEL: Rule = Rule {
    code: "new_label",
    action: "look at new labels",
    weight: 2.0,
};
const UNCLEAR_LABEL: Rule = Rule {
    code: "unclear",
    action: "decide unclear videos",
    weight: 0.5,
};

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let mut by_folder: BTreeMap<&Path, Vec<&CheckedVideo>> = BTreeMap::new();
    for video in &collection.videos {
        let folder = Path::new(&video.path).parent().unwrap_or(Path::new(""));
        by_folder.entry(folder).or_default().push(video);
    }
    let mut found: Vec<Found> = by_folder
        .iter()
        .filter_map(|(folder, videos)| folder_found(folder, videos))
        .collect();
    let unclear = collection.videos.iter();
    let unclear = unclear.filter(|it| it.label.as_ref().is_some_and(|it| it.as_str() == UNCLEAR));
    let unclear: Vec<&CheckedVideo> = unclear.collect();
    if !unclear.is_empty() {
        let what = format!(
            "{} {} unclear, and nothing is trained on {}",
            count(unclear.len(), "video"),
            verb(unclear.len(), "is", "are"),
            verb(unclear.len(), "it", "them")
        );
        let hint = "let a coach look at them, and move what they can tell to good_form or bad_form";
        found.push(
            UNCLEAR_LABEL
                .note(what)
                .videos(&unclear)
                .label(UNCLEAR)
                .hint(hint),
        );
    }
    found
}

fn folder_found(folder: &Path, videos: &[&CheckedVideo]) -> Option<Found> {
    let video = videos.first()?;
    let shown = if folder.as_os_str().is_empty() {
        "the folder of videos".to_owned()
    } else {
        folder.display().to_string()
    };
    let n = count(videos.len(), "video");
    let found = match (&video.meant, video.class()) {
        (Some(meant), _) => MISSPELT
            .mend(format!(
                "{shown}: {n} without a label, since it looks like {meant} and is not"
            ))
            .hint(format!("rename the folder to {meant}")),
        (None, Some((_, label))) if !label.is_known_label() => NEW_LABEL
            .note(format!(
                "{shown}: {n} with the label {label}, which is a new one"
            ))
            .label(label.as_str())
            .hint(
                "the labels are good_form, bad_form and unclear; faults are folders below bad_form",
            ),
        (None, Some(_)) => return None,
        (None, None) => NO_LABEL
            .mend(format!(
                "{shown}: {n} whose folders do not say exercise and label"
            ))
            .hint("the order is exercise/label, such as squat/good_form: move the files there"),
    };
    Some(found.videos(videos))
}
