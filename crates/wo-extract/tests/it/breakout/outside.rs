//! What is outside of the sandbox, for a plugin to attack: files, a socket, System V objects and a process.

#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "System V IPC has no safe form, and these are calls of tests"
)]

use std::fs::File;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// What the shared memory and the message hold.
const SECRET: [u8; 6] = *b"secret";
const SEMAPHORE: i32 = 3;
const MODE: i32 = 0o666;

pub(super) struct Outside {
    dir: PathBuf,
    socket: UnixDatagram,
    memory: i32,
    queue: i32,
    semaphore: i32,
    victim: Child,
}

/// All that an attack could have changed.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    names: Vec<String>,
    files: Vec<FileState>,
    n_received: usize,
    memory: [u8; 6],
    n_messages: u64,
    semaphore: i32,
    process: Vec<String>,
}

#[derive(Debug, PartialEq)]
struct FileState {
    content: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
    changed: (i64, i64),
    flags: Option<u32>,
}

#[repr(C)]
struct Message {
    kind: libc::c_long,
    text: [u8; 6],
}

fn checked(result: i32) -> i32 {
    assert!(result >= 0, "{}", std::io::Error::last_os_error());
    result
}

impl Outside {
    /// In the folder `dir`, where there is a video `a.mp4`; what can be `user`'s is.
    pub(super) fn new(dir: &Path, user: Option<u32>) -> Self {
        let socket = UnixDatagram::bind(dir.join("socket")).unwrap();
        socket.set_nonblocking(true).unwrap();
        std::fs::write(dir.join("precious"), "precious").unwrap();
        for name in ["precious", "a.mp4", "socket"] {
            chown(dir.join(name), user, None).unwrap();
        }
        let mut victim = Command::new("sleep");
        victim.arg("600");
        if let Some(user) = user {
            victim.uid(user);
        }
        let flags = libc::IPC_CREAT | MODE;
        let (memory, queue, semaphore) = unsafe {
            (
                checked(libc::shmget(libc::IPC_PRIVATE, 4096, flags)),
                checked(libc::msgget(libc::IPC_PRIVATE, flags)),
                checked(libc::semget(libc::IPC_PRIVATE, 1, flags)),
            )
        };
        let message = Message {
            kind: 1,
            text: SECRET,
        };
        unsafe {
            checked(libc::semctl(semaphore, 0, libc::SETVAL, SEMAPHORE));
            checked(libc::msgsnd(queue, (&raw const message).cast(), 6, 0));
        }
        let outside = Self {
            dir: dir.to_owned(),
            socket,
            memory,
            queue,
            semaphore,
            victim: victim.spawn().unwrap(),
        };
        outside.with_memory(|at| *at = SECRET);
        outside
    }

    /// What the plugin is told of it, as flags of a compiler.
    pub(super) fn defines(&self) -> Vec<String> {
        let path = |name: &str| format!("\"{}\"", self.dir.join(name).display());
        vec![
            format!("-DPRECIOUS={}", path("precious")),
            format!("-DSOCKET={}", path("socket")),
            format!("-DSHARED={}", self.memory),
            format!("-DQUEUE={}", self.queue),
            format!("-DSEMAPHORE={}", self.semaphore),
            format!("-DVICTIM={}", self.victim.id()),
        ]
    }

    pub(super) fn state(&self) -> State {
        let folder = std::fs::read_dir(&self.dir).unwrap().flatten();
        let mut names: Vec<String> = folder
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut queue: libc::msqid_ds = unsafe { std::mem::zeroed() };
        let semaphore = unsafe {
            checked(libc::msgctl(self.queue, libc::IPC_STAT, &raw mut queue));
            checked(libc::semctl(self.semaphore, 0, libc::GETVAL))
        };
        let mut memory = [0; 6];
        self.with_memory(|at| memory = *at);
        let mut byte = [0];
        State {
            names,
            files: ["precious", "a.mp4", "socket"]
                .map(|name| FileState::of(&self.dir.join(name)))
                .into(),
            n_received: self.socket.recv(&mut byte).unwrap_or(0),
            memory,
            n_messages: queue.msg_qnum,
            semaphore,
            process: self.process(),
        }
    }

    /// The victim's priority, policy, processors, limits and inputs and outputs.
    fn process(&self) -> Vec<String> {
        let id = self.victim.id();
        let text = |name: &str| std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap();
        let stat = text("stat");
        let fields: Vec<&str> = stat.split(' ').collect();
        let status = text("status");
        let processors = status.lines().find(|line| line.starts_with("Cpus_allowed"));
        let io_priority = unsafe { libc::syscall(libc::SYS_ioprio_get, 1, id) };
        vec![
            fields[17..19].join(" "),
            fields[39..41].join(" "),
            processors.unwrap().to_owned(),
            text("limits"),
            io_priority.to_string(),
        ]
    }

    fn with_memory(&self, use_it: impl FnOnce(&mut [u8; 6])) {
        unsafe {
            let at = libc::shmat(self.memory, std::ptr::null(), 0);
            assert!(at.addr() != usize::MAX);
            use_it(&mut *at.cast());
            checked(libc::shmdt(at));
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let none = std::ptr::null_mut::<u8>();
        unsafe {
            libc::shmctl(self.memory, libc::IPC_RMID, none.cast());
            libc::msgctl(self.queue, libc::IPC_RMID, none.cast());
            libc::semctl(self.semaphore, 0, libc::IPC_RMID);
        }
    }
}

impl FileState {
    fn of(path: &Path) -> Self {
        let metadata = path.metadata().unwrap();
        let file = File::open(path).ok();
        let flags = file.as_ref().map(rustix::fs::ioctl_getflags);
        Self {
            content: std::fs::read(path).unwrap_or_default(),
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            // Attributes change it too.
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            flags: flags.and_then(Result::ok).map(|flags| flags.bits()),
        }
    }
}
