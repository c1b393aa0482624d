//! The sandbox of a worker. Inside it no file can be opened, no socket made, no program started, no other process
//! touched; what was opened before stays open.
//!
//! It has two parts, since each has had holes: Landlock, which the kernel enforces where files and sockets are reached, and
//! seccomp, which refuses system calls. The system calls are a list of what is refused, not of what is allowed: libraries
//! take to new harmless ones all the time.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};
use serde::{Deserialize, Serialize};

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
    landlock: bool,
    seccomp: bool,
}

/// The most memory that a worker may map: twice what decoding 4K takes.
const MAX_MEMORY: u64 = 4 << 30;
/// The most files that it may have open.
const MAX_FILES: u64 = 64;

/// Opening, making and changing files.
const FILES: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_chroot,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_inotify_init1,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
];
/// Reaching other processes and the network.
const OTHERS: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_setpgid,
    libc::SYS_setsid,
];
/// Changing what the kernel is and does.
const KERNEL: &[i64] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_fsconfig,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_personality,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
];
/// What only this machine has: the forefathers of calls above.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_inotify_init,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_kexec_file_load,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

impl SandboxStatus {
    /// Puts this process into the sandbox. It must have one thread only: those that run already would stay outside of one
    /// of its parts.
    pub(super) fn enter() -> anyhow::Result<Self> {
        limit_resources().context("set limits")?;
        let n_threads = std::fs::read_dir("/proc/self/task")
            .context("count threads")?
            .count();
        anyhow::ensure!(n_threads == 1, "a plugin started {} threads", n_threads - 1);
        Ok(Self {
            landlock: restrict_access().context("set up Landlock")?,
            seccomp: filter_calls().is_ok(),
        })
    }

    /// The names of those that are missing.
    pub(super) fn missing(self) -> Option<&'static str> {
        match (self.landlock, self.seccomp) {
            (true, true) => None,
            (false, true) => Some("Landlock (Linux 5.13 or later)"),
            (true, false) => Some("seccomp"),
            (false, false) => Some("Landlock (Linux 5.13 or later) and seccomp"),
        }
    }
}

impl fmt::Display for SandboxStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.landlock, self.seccomp) {
            (true, true) => "landlock+seccomp",
            (true, false) => "landlock",
            (false, true) => "seccomp",
            (false, false) => "none",
        })
    }
}

fn limit_resources() -> rustix::io::Result<()> {
    let limit = |resource, most| {
        setrlimit(
            resource,
            Rlimit {
                current: Some(most),
                maximum: Some(most),
            },
        )
    };
    limit(Resource::As, MAX_MEMORY)?;
    limit(Resource::Nofile, MAX_FILES)?;
    limit(Resource::Core, 0)
}

/// Takes away all access to files, ports, and other processes. False where the kernel has no Landlock.
fn restrict_access() -> Result<bool, landlock::RulesetError> {
    // The newest that this was written for; older kernels enforce what they know.
    let abi = ABI::V10;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// Refuses system calls from here on, in all threads to come.
fn filter_calls() -> anyhow::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let always = [FILES, OTHERS, KERNEL, OLD].concat();
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        always.into_iter().map(|call| (call, Vec::new())).collect();
    // Threads may be started, processes not.
    let thread = libc::CLONE_THREAD as u64;
    let not_a_thread = condition(0, SeccompCmpOp::MaskedEq(thread), 0)?;
    refused.insert(libc::SYS_clone, not_a_thread);
    // Its own threads and limits are its own affair.
    let own_id = u64::from(std::process::id());
    refused.insert(libc::SYS_tgkill, condition(0, SeccompCmpOp::Ne, own_id)?);
    // GStreamer wakes its threads through nameless pairs of sockets, which lead nowhere else.
    let unix = libc::AF_UNIX as u64;
    refused.insert(libc::SYS_socketpair, condition(0, SeccompCmpOp::Ne, unix)?);
    refused.insert(libc::SYS_prlimit64, condition(0, SeccompCmpOp::Ne, 0)?);
    apply(refused, libc::EACCES, arch)?;
    // Its flags lie in memory, out of sight. Without it the C library takes the older call.
    apply(
        BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
        libc::ENOSYS,
        arch,
    )
}

/// A rule that holds where an argument of a call compares so with `value`.
fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

fn apply(
    refused: BTreeMap<i64, Vec<SeccompRule>>,
    error: i32,
    arch: TargetArch,
) -> anyhow::Result<()> {
    let action = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, action, arch)?;
    let program = BpfProgram::try_from(filter)?;
    Ok(apply_filter_all_threads(&program)?)
}
