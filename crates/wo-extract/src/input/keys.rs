//! What keeps videos together in a split: who is in them, where they came from; and from where they were filmed.

use wo_record::{Name, same_id};

/// What a table says of a video.
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
    /// Takes from `other` what is open here.
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

    /// Whether two files of one content cannot both be meant. What is said of one may be left open of the other.
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
