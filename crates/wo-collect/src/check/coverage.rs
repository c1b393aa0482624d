//! What there is of each exercise and label.

use std::collections::BTreeSet;

use wo_record::{BAD_FORM, Coverage, GOOD_FORM, Name};

use crate::check::collection::{CheckedVideo, Collection};

/// How many videos of a class are worth going for: enough to train at all, for an honest metric, and for a good model.
pub(crate) const STEPS: [u64; 3] = [10, 30, 100];

/// A line for each exercise and label that has a folder or a video; the two labels that are trained on come first.
pub(crate) fn of(collection: &Collection) -> Vec<Coverage> {
    let mut lines = Vec::new();
    for exercise in &collection.exercises {
        let labels = collection.videos.iter().filter_map(CheckedVideo::class);
        let labels = labels.filter(|(own, _)| *own == exercise);
        let others: BTreeSet<&str> = labels.map(|(_, label)| label.as_str()).collect();
        let others = others
            .into_iter()
            .filter(|it| ![GOOD_FORM, BAD_FORM].contains(it));
        for label in [GOOD_FORM, BAD_FORM].into_iter().chain(others) {
            lines.push(line(collection, exercise, label));
        }
    }
    lines
}

fn line(collection: &Collection, exercise: &Name, label: &str) -> Coverage {
    let videos: Vec<&CheckedVideo> = collection
        .videos
        .iter()
        .filter(|it| it.is_of(exercise, label))
        .collect();
    // Copies are one video.
    let ids: BTreeSet<&String> = videos.iter().map(|it| &it.id).collect();
    let n_videos = ids.len() as u64;
    let persons: BTreeSet<String> = videos.iter().filter_map(|it| it.person_key()).collect();
    let sources: BTreeSet<String> = videos.iter().filter_map(|it| it.source_key()).collect();
    let angles: BTreeSet<&Name> = videos.iter().filter_map(|it| it.angle.as_ref()).collect();
    let n_without =
        |has: fn(&CheckedVideo) -> bool| videos.iter().filter(|it| !has(it)).count() as u64;
    Coverage {
        exercise: exercise.clone(),
        label: Name::new(label),
        n_videos,
        n_wanted: STEPS.into_iter().find(|step| *step > n_videos),
        n_persons: persons.len() as u64,
        n_sources: sources.len() as u64,
        n_without_person: n_without(|it| it.person.is_some()),
        n_without_source: n_without(|it| it.source.is_some()),
        angles: angles.into_iter().cloned().collect(),
    }
}
