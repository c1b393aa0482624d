//! The person, source and camera angle of a video. A split keeps persons and sources together.

use wo_record::{Name, same_id};

/// The person, source and angle of a video, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Who is in the video.
    pub(crate) person_id: Option<String>,
    /// Where it came from.
    pub(crate) source_id: Option<String>,
    /// From where it was filmed.
    pub(crate) angle: Option<Name>,
}

impl Keys {
    /// Fills what is missing from `other`.
    pub(crate) fn fill_from(&mut self, other: &Self) {
        let fill = |open: &mut Option<String>, known: &Option<String>| {
            if open.is_none() {
                open.clone_from(known);
            }
        };
        fill(&mut self.person_id, &other.person_id);
        fill(&mut self.source_id, &other.source_id);
        if self.angle.is_none() {
            self.angle.clone_from(&other.angle);
        }
    }

    /// Whether two copies of a video contradict each other. A missing value contradicts nothing.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| {
            one.as_deref()
                .zip(other.as_deref())
                .is_some_and(|(a, b)| same_id(a) != same_id(b))
        };
        let angles = self.angle.as_ref().zip(other.angle.as_ref());
        differ(&self.person_id, &other.person_id)
            || differ(&self.source_id, &other.source_id)
            || angles.is_some_and(|(a, b)| a != b)
    }
}
