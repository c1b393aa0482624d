//! seccomp: the system calls that decoding needs, with the arguments that it needs. All others are answered as by a
//! kernel that does not have them, so libraries take what they took before those were there, and what a newer kernel adds
//! is refused too.
//!
//! A decode of each test file runs under this list, so a call that is missing shows in the tests. A call goes on it only
//! where no argument of it reaches a file by name, another process, or what outlives this one.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

/// Allowed with any arguments. The kernel notes such calls once and runs no filter for them, so those that decoding
/// makes most often are here.
const FREE: &[i64] = &[
    // Files and sockets that are open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_recvmsg,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // What threads wake each other with.
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_futex,
    // Memory. ORC, which GStreamer scales with, writes code into it.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Time.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    // Signals to itself.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Threads.
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // What machine this is.
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];
/// What only this machine has: the forefathers of calls above.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[libc::SYS_poll, libc::SYS_select, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

/// What `clone` must be told, so that a thread comes of it, and what it may be told. A namespace is in neither.
const THREAD: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM) as u64;
const OF_THREADS: u64 = (libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_SETTID
    | libc::CLONE_CHILD_CLEARTID
    | libc::CLONE_DETACHED) as u64;
/// What `fcntl` may do, beside setting flags: copy a descriptor and ask.
const FCNTL: [i32; 4] = [
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
];
/// The flags of an open file that may be set: whether it waits. The others say how it was opened, and are not changed.
const FILE_FLAGS: u64 = (libc::O_NONBLOCK | libc::O_ACCMODE) as u64 | LARGE_FILE;
/// Set on each file of a 64-bit system; the C library calls it 0.
const LARGE_FILE: u64 = if cfg!(target_arch = "aarch64") {
    0o400_000
} else {
    0o100_000
};

/// Refuses all other system calls from here on, in all threads.
pub(super) fn restrict() -> anyhow::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    // As by a kernel without the call: the C library then takes an older one, as it does for `clone3`, whose flags lie in
    // memory and out of sight.
    let refusal = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(allowed()?, refusal, SeccompAction::Allow, arch)?;
    let program = BpfProgram::try_from(filter)?;
    Ok(apply_filter_all_threads(&program)?)
}

/// By call: the rules one of which must hold; none where all arguments are allowed.
fn allowed() -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    let free = FREE.iter().chain(OLD);
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> =
        free.map(|&call| (call, Vec::new())).collect();
    let own_id = u64::from(std::process::id());
    let no_address = rule(&[is_null(4)?])?;
    let commands = FCNTL.map(|command| rule(&[is(1, command as u64)?]));
    let mut fcntl = commands.into_iter().collect::<Result<Vec<_>, _>>()?;
    fcntl.push(rule(&[
        is(1, libc::F_SETFL as u64)?,
        has(2, Dword, !FILE_FLAGS, 0)?,
    ])?);
    let flags_of_sockets = (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u64;
    allowed.extend([
        (
            libc::SYS_clone,
            vec![rule(&[has(0, Qword, !OF_THREADS, THREAD)?])?],
        ),
        // A thread's number may be looked at and a signal sent only within this process.
        (libc::SYS_tgkill, vec![rule(&[is(0, own_id)?])?]),
        (
            libc::SYS_sched_getaffinity,
            vec![rule(&[is(0, 0)?])?, rule(&[is(0, own_id)?])?],
        ),
        // Limits of its own are asked for and not set.
        (libc::SYS_prlimit64, vec![rule(&[is(0, 0)?, is_null(2)?])?]),
        (
            libc::SYS_prctl,
            vec![
                rule(&[is(0, libc::PR_SET_NAME as u64)?])?,
                rule(&[is(0, libc::PR_GET_NAME as u64)?])?,
            ],
        ),
        (libc::SYS_fcntl, fcntl),
        // GStreamer wakes its threads through nameless pairs, which lead nowhere else. Those that carry datagrams can be
        // sent to any name.
        (
            libc::SYS_socketpair,
            vec![rule(&[
                is(0, libc::AF_UNIX as u64)?,
                has(1, Dword, !flags_of_sockets, libc::SOCK_STREAM as u64)?,
                is(2, 0)?,
            ])?],
        ),
        // Over a socket that is connected, without an address. `sendmsg` could pass on open files.
        (libc::SYS_sendto, vec![no_address.clone()]),
        (libc::SYS_recvfrom, vec![no_address]),
    ]);
    Ok(allowed)
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

/// The argument is `value`, which is an `int`: the kernel looks at 32 bits, and libraries may leave anything in the others.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// The argument is an address that leads nowhere.
fn is_null(argument: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

/// The bits of the argument that are in `mask` are those of `value`.
fn has(
    argument: u8,
    length: SeccompCmpArgLen,
    mask: u64,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    let operator = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(argument, length, operator, value)
}
