//! Who is in a video and where it is from, as far as that is known, and what of it the model has seen.

use serde::{Deserialize, Serialize};
use wo_clip::Manifest;
use wo_record::{Group, GroupBy, Video, keys_of};

/// What groups are made of, and what is known of the training.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// Its person and its source, as far as they are known.
    pub(crate) keys: Vec<Group>,
    /// What joins it to other videos of its group.
    pub(crate) joining: Vec<Group>,
    /// Those of its keys that the model has seen although the video is held out.
    pub(crate) seen_keys: Vec<Group>,
    /// Whether it is known if the model was trained or chosen on it.
    pub(crate) is_seen_known: bool,
}

impl Provenance {
    /// Of a video that a model judges.
    pub(crate) fn of(video: &Video, manifest: &Manifest) -> Self {
        Self {
            keys: keys_of(video),
            joining: manifest.joining(video),
            seen_keys: manifest.seen_keys(video),
            // Without a list of its videos nobody knows what a model was trained on.
            is_seen_known: !manifest.videos.is_empty(),
        }
    }

    /// The same where groups are made in this way, whatever the model knows.
    pub(crate) fn joined_by(self, by: GroupBy, video_id: &str) -> Self {
        Self {
            joining: by.joining(&self.keys, video_id),
            ..self
        }
    }

    /// Of a prediction, with the `video` record beside it.
    pub(crate) fn of_record(wire: &wo_record::Prediction, video: Option<&Video>) -> Self {
        let group = Some(wire.group.trim()).filter(|it| !it.is_empty());
        let mut joining: Vec<Group> = group.map(Group::of_text).into_iter().collect();
        let of_video = || video.map(keys_of).unwrap_or_default();
        let own = match &wire.keys[..] {
            [] => of_video(),
            keys => keys.to_vec(),
        };
        if wire.joining.is_empty() {
            joining.extend(own.iter().cloned());
        } else {
            joining.extend(wire.joining.iter().cloned());
        }
        // A group of whoever wrote the file may be all that is known of the person.
        let own = if own.is_empty() && wire.joining.is_empty() {
            joining.clone()
        } else {
            own
        };
        let known = own.iter().chain(&wire.seen_keys);
        let keys = known.filter(|it| it.is_known()).cloned().collect();
        if joining.is_empty() {
            joining.push(Group::of_video_id(&wire.video_id));
        }
        // One file under two ids is one video, whatever they say.
        let file = wire.path.as_ref().map(|it| format!("file {it}"));
        joining.extend(file.map(|it| Group::of_video_id(&it)));
        Self {
            keys,
            joining,
            seen_keys: wire.seen_keys.clone(),
            is_seen_known: wire.seen.is_some(),
        }
    }

    /// Its person, where known.
    pub(crate) fn person(&self) -> Option<&Group> {
        self.keys.iter().find(|it| it.is_person())
    }

    /// Its source, where known.
    pub(crate) fn source(&self) -> Option<&Group> {
        self.keys.iter().find(|it| it.is_source())
    }

    /// Whether its person is known.
    pub(crate) fn has_person(&self) -> bool {
        self.person().is_some()
    }

    /// Whether its source is known.
    pub(crate) fn has_source(&self) -> bool {
        self.source().is_some()
    }

    /// The group before others join it.
    pub(crate) fn first_group(&self) -> Option<&Group> {
        self.joining.first()
    }
}
