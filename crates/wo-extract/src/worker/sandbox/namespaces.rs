//! Namespaces: process ids, System V IPC, a network and mounts of the worker's own, in which there is nothing but itself.
//! They come on top of what refuses access; a system that gives none loses none of that.

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use serde::{Deserialize, Serialize};

use super::keeper;

/// Those that this process is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is had or not")]
pub(crate) struct Namespaces {
    user: bool,
    pid: bool,
    ipc: bool,
    net: bool,
    mount: bool,
}

/// A folder on each system, to put an empty one over.
const ANY_FOLDER: &str = "/proc";

impl Namespaces {
    /// Moves this process into all that the system gives it. It must have one thread. Where process ids are among them,
    /// this returns in a child.
    pub(crate) fn enter() -> anyhow::Result<Self> {
        let mut these = Self::default();
        these.take_all_but_user();
        if these == Self::default() {
            // An ordinary user gets the others in a user namespace. Root takes that one last: in it, root may read no
            // files of other users, and plugins may be such.
            these.user = unshare(UnshareFlags::NEWUSER);
            if these.user {
                these.take_all_but_user();
            }
        }
        if these.pid {
            keeper::split()?;
        }
        Ok(these)
    }

    fn take_all_but_user(&mut self) {
        let Self {
            user: _,
            pid,
            ipc,
            net,
            mount,
        } = self;
        for (has, flag) in [
            (pid, UnshareFlags::NEWPID),
            (ipc, UnshareFlags::NEWIPC),
            (net, UnshareFlags::NEWNET),
            (mount, UnshareFlags::NEWNS),
        ] {
            *has = unshare(flag);
        }
    }

    /// Leaves all files behind, now that no more are to be opened, and takes what [`Self::enter`] left.
    pub(super) fn close(&mut self) {
        self.mount = self.mount && empty_root().is_ok();
        self.user = self.user || unshare(UnshareFlags::NEWUSER);
    }

    /// The names of those that hold.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.user, "userns"),
            (self.pid, "pidns"),
            (self.ipc, "ipcns"),
            (self.net, "netns"),
            (self.mount, "mountns"),
        ];
        all.into_iter()
            .filter_map(|(holds, name)| holds.then_some(name))
    }
}

/// Makes `/` an empty folder.
fn empty_root() -> rustix::io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // Nothing of this may show in the namespace of the tool.
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    mount("none", ANY_FOLDER, "tmpfs", flags, c"size=4k,mode=555")?;
    chdir(ANY_FOLDER)?;
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    mount_remount("/", flags | MountFlags::RDONLY, c"")
}

#[expect(unsafe_code, reason = "rustix calls each use of it unsafe")]
fn unshare(what: UnshareFlags) -> bool {
    // SAFETY: only tables of open files that threads share are a danger, and none is asked for.
    unsafe { unshare_unsafe(what) }.is_ok()
}
