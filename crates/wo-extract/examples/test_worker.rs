//! A worker for tests: decodes as the real one does, but does what a file says that starts with `wo-test` and a word:
//! misbehaves, or tries to break out. Started under the name `refuse` it refuses all files.

#![allow(
    unsafe_code,
    clippy::disallowed_methods,
    clippy::exit,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    reason = "it does on purpose what nothing else may"
)]

use std::fs::File;
use std::io::{Error, Result, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use wo_extract::Sandbox;

fn main() {
    let mut args = std::env::args();
    let program = args.next().unwrap();
    let refuses = Path::new(&program).ends_with("refuse");
    let sandbox = match args.find(|arg| arg == "--sandbox=off") {
        Some(_) => Sandbox::Off,
        None => Sandbox::Auto,
    };
    let before = |file: &File, socket: &UnixStream| {
        if refuses {
            return Some("refused".to_owned());
        }
        let mut head = [0; 256];
        let n_read = file.read_at(&mut head, 0).unwrap();
        let text = String::from_utf8_lossy(&head[..n_read]);
        let mut words = text.strip_prefix("wo-test ")?.split_whitespace();
        let (verb, argument) = (words.next()?, words.next().unwrap_or_default());
        misbehave(verb, argument, socket);
        Some(match break_out(verb, argument, file) {
            Ok(()) => "ESCAPED".to_owned(),
            Err(error) => format!("denied: {error}"),
        })
    };
    wo_extract::serve(sandbox, before).unwrap();
}

fn misbehave(verb: &str, argument: &str, mut socket: &UnixStream) {
    match verb {
        "work" => {
            let until = Duration::from_millis(argument.parse().unwrap());
            while processor_time() < until {
                std::hint::spin_loop();
            }
        }
        "stop" => drop(unsafe { libc::raise(libc::SIGSTOP) }),
        "overflow" => drop(std::hint::black_box(deeper(1))),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(0),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "sleep" => loop {
            std::thread::sleep(Duration::from_mins(1));
        },
        "alloc" => drop(std::hint::black_box(vec![1u8; 8 << 30])),
        "garbage" => socket.write_all(&[0xff; 4096]).unwrap(),
        "babble" => say(socket, "{\"no_such\":1}"),
        "half" => {
            still(socket, 64, 64);
            socket.write_all(&[0; 100]).unwrap();
            std::process::exit(0);
        }
        "lie" => still(socket, 60_000, 64),
        "invent" => say(
            socket,
            "{\"taken\":{\"video\":{\"video_id\":\"\",\"path\":null},\"places\":[[7,{\"is_damaged\":false}]],\"notes\":[],\"fault\":null}}",
        ),
        "flood" => loop {
            still(socket, 64, 64);
            socket.write_all(&[0; 3 * 64 * 64]).unwrap();
        },
        "chatter" => loop {
            say(socket, "\"beat\"");
            std::thread::sleep(Duration::from_millis(50));
        },
        _ => {}
    }
}

/// How long this thread has been on a processor.
fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box([depth; 1024]);
    deeper(depth + 1) + 1
}

fn still(socket: &UnixStream, width: u32, height: u32) {
    say(
        socket,
        &format!("{{\"still\":{{\"time_ns\":0,\"width\":{width},\"height\":{height}}}}}"),
    );
}

fn say(mut socket: &UnixStream, text: &str) {
    socket
        .write_all(&(text.len() as u32).to_le_bytes())
        .and_then(|()| socket.write_all(text.as_bytes()))
        .unwrap();
}

fn break_out(verb: &str, argument: &str, file: &File) -> Result<()> {
    let parent = std::os::unix::process::parent_id().cast_signed();
    match verb {
        "read" => drop(File::open(argument)?),
        "write" => std::fs::write(argument, "escaped")?,
        "remove" => std::fs::remove_file(argument)?,
        "list" => drop(std::fs::read_dir(argument)?),
        "truncate-input" => file.set_len(0)?,
        "overwrite-input" => file.write_all_at(b"escaped", 0)?,
        "environment" => {
            let secret = std::env::vars().find(|(name, _)| name.contains("TOKEN"));
            secret.ok_or_else(|| Error::other("no such variable"))?;
        }
        "parent-memory" => drop(File::open(format!("/proc/{parent}/mem"))?),
        "parent-environment" => drop(File::open(format!("/proc/{parent}/environ"))?),
        "tcp" => drop(TcpStream::connect(argument)?),
        "udp" => {
            UdpSocket::bind("127.0.0.1:0")?.send_to(b"escaped", argument)?;
        }
        "unix" => drop(UnixStream::connect(argument)?),
        "unix-abstract" => {
            let address = SocketAddr::from_abstract_name(argument)?;
            UnixDatagram::unbound()?.send_to_addr(b"escaped", &address)?;
        }
        "exec" => drop(Command::new("/bin/true").status()?),
        "fork" => answer(unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) })?,
        "clone3" => answer(unsafe { libc::syscall(libc::SYS_clone3, std::ptr::null::<u8>(), 0) })?,
        "memory-file" => {
            answer(unsafe { libc::syscall(libc::SYS_memfd_create, c"x".as_ptr(), 0) })?;
        }
        "trace" => {
            let attach = libc::PTRACE_ATTACH;
            answer(unsafe { libc::ptrace(attach, parent, 0, 0) })?;
        }
        "kill-parent" => answer(unsafe { libc::kill(parent, libc::SIGKILL) }.into())?,
        "signal-parent" => {
            answer(unsafe { libc::syscall(libc::SYS_tgkill, parent, parent, libc::SIGKILL) })?;
        }
        "limit-parent" => {
            let limit = libc::rlimit {
                rlim_cur: 0,
                rlim_max: 0,
            };
            let old = std::ptr::null_mut();
            answer(
                unsafe { libc::prlimit(parent, libc::RLIMIT_NOFILE, &raw const limit, old) }.into(),
            )?;
        }
        "unshare" => answer(unsafe { libc::unshare(libc::CLONE_NEWUSER) }.into())?,
        "mount" => {
            let (from, to, kind) = (c"none".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr());
            answer(unsafe { libc::mount(from, to, kind, 0, std::ptr::null()) }.into())?;
        }
        "io-uring" => {
            let mut parameters = [0u8; 120];
            let at = parameters.as_mut_ptr();
            answer(unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, at) })?;
        }
        "bpf" => answer(unsafe { libc::syscall(libc::SYS_bpf, 0, std::ptr::null::<u8>(), 0) })?,
        other => return Err(Error::other(format!("NO VERB {other}"))),
    }
    Ok(())
}

fn answer(result: i64) -> Result<()> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(())
}
