//! What messages call a video.

use wo_record::{Name, RecordPath, Video};

/// What to call a video in a message.
pub(crate) fn name_of(video: &Video) -> String {
    named(video.path.as_ref(), &video.video_id)
}

/// The same of a video of which only this is at hand.
pub(crate) fn named(path: Option<&RecordPath>, video_id: &str) -> String {
    path.map_or_else(|| format!("video {video_id}"), ToString::to_string)
}

/// An exercise and a label in a message, as far as they are known.
pub(crate) fn exercise_and_label((exercise, label): (Option<Name>, Option<Name>)) -> String {
    let words: Vec<String> = [exercise, label]
        .into_iter()
        .flatten()
        .map(|it| it.to_string())
        .collect();
    words.join(" ")
}
