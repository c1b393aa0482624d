//! The sandbox of a worker. Inside it no file can be opened, no socket made, no program started, no other process
//! touched; what was opened before stays open.
//!
//! It has several parts, since each has had holes. seccomp allows the system calls that decoding needs and no others, so
//! what a newer kernel adds is refused too. Landlock refuses where files and sockets are reached. Namespaces leave nothing
//! to reach, where the kernel gives them. Rights of root and of other users are dropped.

mod calls;
mod files;
mod keeper;
mod namespaces;

use std::fmt;

use anyhow::Context;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
use serde::{Deserialize, Serialize};

use super::limits;
use files::Landlock;
pub(super) use namespaces::Namespaces;

/// Whether decoding without a sandbox is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Decode only in a whole sandbox.
    Require,
    /// Warn where a part of the sandbox is missing.
    Auto,
    /// No sandbox.
    Off,
}

/// The parts of the sandbox that hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SandboxStatus {
    #[serde(flatten)]
    landlock: Landlock,
    seccomp: bool,
    #[serde(default)]
    namespaces: Namespaces,
}

impl SandboxStatus {
    /// Puts this process, which is in `namespaces`, into the rest of the sandbox. It must have one thread only: those that
    /// run already would stay outside of parts of it.
    pub(super) fn enter(mut namespaces: Namespaces) -> anyhow::Result<Self> {
        let n_threads = std::fs::read_dir("/proc/self/task")
            .context("count threads")?
            .count();
        anyhow::ensure!(n_threads == 1, "a plugin started {} threads", n_threads - 1);
        limits::restrict().context("set limits")?;
        namespaces.close();
        drop_rights().context("drop the rights of this user")?;
        Ok(Self {
            landlock: files::restrict().context("set up Landlock")?,
            seccomp: calls::restrict().is_ok(),
            namespaces,
        })
    }

    /// Whether all of `other` holds that a decoder must have. Namespaces are not among it: a system may have run out of them.
    pub(super) fn is_as_tight_as(self, other: Self) -> bool {
        (self.landlock, self.seccomp) == (other.landlock, other.seccomp)
    }

    /// The names of those that are missing. Namespaces are not among them: many systems give none to ordinary users.
    pub(super) fn missing(self) -> Option<&'static str> {
        match (!self.landlock.is_on(), !self.seccomp) {
            (false, false) => None,
            (true, false) => Some("Landlock (Linux 5.13 or later)"),
            (false, true) => Some("seccomp"),
            (true, true) => Some("Landlock (Linux 5.13 or later) and seccomp"),
        }
    }
}

impl fmt::Display for SandboxStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seccomp = self.seccomp.then_some("seccomp");
        let own = self.landlock.name().into_iter().chain(seccomp);
        let parts: Vec<&str> = own.chain(self.namespaces.names()).collect();
        if parts.is_empty() {
            return f.write_str("none");
        }
        f.write_str(&parts.join("+"))
    }
}

/// Drops what root may do beside others, for good.
fn drop_rights() -> rustix::io::Result<()> {
    let none = CapabilitySet::empty();
    set_no_new_privs(true)?;
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_said_by_name() {
        let status = |json: &str| serde_json::from_str::<SandboxStatus>(json).unwrap();
        let nothing = status(r#"{"landlock":false,"seccomp":false}"#);
        assert_eq!(nothing.to_string(), "none");
        assert_eq!(
            nothing.missing(),
            Some("Landlock (Linux 5.13 or later) and seccomp")
        );
        let whole = status(r#"{"landlock":true,"seccomp":true}"#);
        assert_eq!(whole.to_string(), "landlock+seccomp");
        let all = r#"{"user":true,"pid":true,"ipc":true,"net":true,"mount":true}"#;
        let most = status(&format!(
            r#"{{"landlock":true,"landlock_is_partial":true,"seccomp":true,"namespaces":{all}}}"#
        ));
        assert_eq!(
            most.to_string(),
            "landlock-partial+seccomp+userns+pidns+ipcns+netns+mountns"
        );
        assert_eq!(most.missing(), None);
        let text = serde_json::to_string(&most).unwrap();
        assert_eq!(status(&text), most);
    }
}
