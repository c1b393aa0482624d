//! Landlock: takes away all access to files, ports and other processes by what they are, not by system calls.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError,
    RulesetStatus, Scope,
};
use serde::{Deserialize, Serialize};

/// How much of Landlock is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Landlock {
    /// Whether any of it is.
    #[serde(rename = "landlock")]
    is_on: bool,
    /// Whether this kernel knows less of it than the tool asks for.
    #[serde(default, rename = "landlock_is_partial")]
    is_partial: bool,
}

impl Landlock {
    pub(super) fn is_on(self) -> bool {
        self.is_on
    }

    /// Its name among the parts that hold.
    pub(super) fn name(self) -> Option<&'static str> {
        match (self.is_on, self.is_partial) {
            (false, _) => None,
            (true, true) => Some("landlock-partial"),
            (true, false) => Some("landlock"),
        }
    }
}

/// Refuses all access from here on.
pub(super) fn restrict() -> Result<Landlock, RulesetError> {
    // The newest that this was written for; older kernels enforce what they know.
    let abi = ABI::V10;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(Landlock {
        is_on: status.ruleset != RulesetStatus::NotEnforced,
        is_partial: status.ruleset == RulesetStatus::PartiallyEnforced,
    })
}
