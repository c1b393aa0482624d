//! What a question asks for, and how surely that is known.

use wo_record::Name;

use super::task::Kind;
use crate::args::Role;

/// How it is known what a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sureness {
    /// By its name, or from the command line.
    Said,
    /// Since no other question can.
    Guessed,
}

/// The role that the name of a question says.
pub(super) fn role_by_name(name: &str, kind: &Kind) -> Option<Role> {
    if matches!(kind, Kind::Other(_)) {
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
