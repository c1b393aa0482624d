//! What a question asks for, and how surely that is known.

use wo_record::Name;

use super::task::AnswerKind;
use crate::args::Role;

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
