//! What a question asks for, and how surely that is known.

use wo_record::Name;

use super::task::AnswerKind;

/// The meaning of a Label Studio question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The label: one choice.
    Label,
    /// The faults: any number of choices.
    Faults,
    /// The description of the frame.
    Description,
    /// A note.
    Note,
    /// Ignored.
    Nothing,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Label,
        Self::Faults,
        Self::Description,
        Self::Note,
        Self::Nothing,
    ];

    /// Its word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Faults => "faults",
            Self::Description => "description",
            Self::Note => "note",
            Self::Nothing => "nothing",
        }
    }
}

/// How sure the role of a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sureness {
    /// From its name or the command line.
    Said,
    /// Guessed, since no other question fits.
    Guessed,
}

/// The role that the name of a question says.
pub(super) fn role_by_name(name: &str, kind: &AnswerKind) -> Option<Role> {
    if matches!(kind, AnswerKind::Other(_)) {
        return None;
    }
    match Name::new(name).as_str() {
        "label" => Some(Role::Label),
        "faults" | "fault" => Some(Role::Faults),
        "description" => Some(Role::Description),
        "note" => Some(Role::Note),
        _ => None,
    }
}

/// A role, as messages name it.
pub(super) fn words(role: Role) -> String {
    format!("the {}", role.word())
}
