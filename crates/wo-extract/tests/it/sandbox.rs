//! Attempts to break out of the process that decodes, and runs on machines that cannot lock it in.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::Path;

use seccompiler::{SeccompAction, SeccompFilter, apply_filter};

use crate::harness::{command, extract, read, test_worker, tool};
use crate::videos;

/// A user who owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// What must not be reached, and who would notice.
struct Canaries {
    tcp: TcpListener,
    udp: UdpSocket,
    unix: UnixListener,
    hidden: UnixDatagram,
    attempts: Vec<(&'static str, String)>,
}

impl Canaries {
    fn new(dir: &Path) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let unix = UnixListener::bind(dir.join("socket")).unwrap();
        let name = format!("wo-test-{}-{}", std::process::id(), dir.display());
        let hidden =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        unix.set_nonblocking(true).unwrap();
        hidden.set_nonblocking(true).unwrap();
        std::fs::write(dir.join("precious"), "precious").unwrap();
        let file = |name: &str| dir.join(name).display().to_string();
        let attempts = vec![
            ("read", "/etc/passwd".to_owned()),
            ("read", file("precious")),
            ("read", "/proc/self/environ".to_owned()),
            ("list", "/".to_owned()),
            ("write", file("precious")),
            ("write", file("new")),
            ("remove", file("precious")),
            ("truncate-input", String::new()),
            ("overwrite-input", String::new()),
            ("environment", String::new()),
            ("parent-memory", String::new()),
            ("parent-environment", String::new()),
            ("tcp", tcp.local_addr().unwrap().to_string()),
            ("udp", udp.local_addr().unwrap().to_string()),
            ("unix", file("socket")),
            ("unix-abstract", name),
            ("exec", String::new()),
            ("fork", String::new()),
            ("clone3", String::new()),
            ("memory-file", String::new()),
            ("trace", String::new()),
            ("kill-parent", String::new()),
            ("signal-parent", String::new()),
            ("limit-parent", String::new()),
            ("unshare", String::new()),
            ("mount", String::new()),
            ("io-uring", String::new()),
            ("bpf", String::new()),
        ];
        Self {
            tcp,
            udp,
            unix,
            hidden,
            attempts,
        }
    }

    /// A file for each attempt that `is_chosen`, in a folder of its own.
    fn write(&self, folder: &Path, is_chosen: impl Fn(&str) -> bool) {
        std::fs::create_dir(folder).unwrap();
        for (number, (verb, argument)) in self.attempts.iter().enumerate() {
            if is_chosen(verb) {
                let file = folder.join(format!("{number:02}_{verb}.mp4"));
                std::fs::write(file, format!("wo-test {verb} {argument} {number}\n")).unwrap();
            }
        }
    }

    fn assert_untouched(&self, dir: &Path) {
        let mut byte = [0];
        assert!(self.tcp.accept().is_err());
        assert!(self.udp.recv(&mut byte).is_err());
        assert!(self.unix.accept().is_err());
        assert!(self.hidden.recv(&mut byte).is_err());
        let precious = std::fs::read_to_string(dir.join("precious")).unwrap();
        assert_eq!(precious, "precious");
        assert!(!dir.join("new").exists());
    }
}

/// What came of each attempt, by file.
fn outcomes(stdout: &str) -> BTreeMap<String, String> {
    let stream = read(stdout);
    let name = |path: &serde_json::Value| {
        let path = Path::new(path.as_str().unwrap());
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    };
    let errors = stream.errors.into_iter();
    errors
        .map(|error| (name(&error.path.unwrap()), error.what))
        .collect()
}

#[test]
fn nothing_breaks_out_of_the_sandbox() {
    let dir = wo_testkit::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let canaries = Canaries::new(dir.path());
    canaries.write(&dir.path().join("v"), |_| true);
    let worker = test_worker(dir.path(), "worker");
    let is_root = std::fs::metadata(dir.path()).is_ok_and(|it| {
        use std::os::unix::fs::MetadataExt;
        it.uid() == 0
    });
    let users = if is_root {
        vec![None, Some(NOBODY)]
    } else {
        vec![None]
    };
    for user in users {
        let mut command = command(dir.path(), &["v", "--worker", &worker]);
        command.env("HF_TOKEN", "secret");
        if let Some(user) = user {
            command.uid(user);
        }
        let output = match command.output() {
            Err(error) if user.is_some() => {
                wo_testkit::skip::not_available(&format!("user {user:?} ({error})"));
                continue;
            }
            output => output.unwrap(),
        };
        let outcomes = outcomes(std::str::from_utf8(&output.stdout).unwrap());
        assert_eq!(outcomes.len(), canaries.attempts.len());
        for (attempt, outcome) in outcomes {
            assert!(
                outcome.starts_with("denied: ") && !outcome.contains("NO VERB"),
                "{user:?} {attempt}: {outcome}"
            );
        }
        canaries.assert_untouched(dir.path());
    }
}

/// The attempts are real ones: without a sandbox they succeed.
#[test]
fn the_attempts_succeed_where_there_is_no_sandbox() {
    const HARMLESS: [&str; 8] = [
        "read",
        "list",
        "tcp",
        "udp",
        "unix",
        "unix-abstract",
        "exec",
        "memory-file",
    ];
    let dir = wo_testkit::tempdir().unwrap();
    let canaries = Canaries::new(dir.path());
    canaries.write(&dir.path().join("v"), |verb| HARMLESS.contains(&verb));
    let worker = test_worker(dir.path(), "worker");
    let output = tool(dir.path(), &["v", "--worker", &worker, "--sandbox=off"]).run();
    for (attempt, outcome) in outcomes(&output.stdout) {
        assert_eq!(outcome, "ESCAPED", "{attempt}");
    }
    assert!(canaries.tcp.accept().is_ok() && canaries.unix.accept().is_ok());
}

/// Does something on a machine where these system calls do not exist.
pub(crate) fn on_kernel_without<T: Send>(calls: &[i64], run: impl FnOnce() -> T + Send) -> T {
    if calls.is_empty() {
        return run();
    }
    let rules = calls.iter().map(|&call| (call, Vec::new())).collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program = seccompiler::BpfProgram::try_from(filter.unwrap()).unwrap();
    std::thread::scope(|scope| {
        // The filter holds for this thread and what it starts.
        let run = scope.spawn(move || {
            apply_filter(&program).unwrap();
            run()
        });
        run.join().unwrap()
    })
}

#[test]
fn without_landlock_it_stops_or_warns_as_told() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 4, "ball");
    let run = |calls: &[i64], mode: &str| {
        let mode = format!("--sandbox={mode}");
        let tool = tool(dir.path(), &["a.mp4", "--size=64", &mode]);
        on_kernel_without(calls, || tool.run())
    };
    let landlock = libc::SYS_landlock_create_ruleset;
    let required = run(&[landlock], "require");
    assert_eq!(required.status, 4, "{}", required.stderr);
    assert!(required.stdout.is_empty());
    let message = &required.stderr;
    assert!(
        message.contains("Landlock") && message.contains("hint: "),
        "{message}"
    );
    let (seccomp, unshare) = (libc::SYS_seccomp, libc::SYS_unshare);
    for (calls, parts) in [
        (&[landlock, unshare][..], "seccomp"),
        (&[landlock, seccomp, unshare], "none"),
    ] {
        let output = run(calls, "auto");
        let stream = read(&output.stdout);
        assert_eq!(
            (stream.sandbox.as_str(), stream.frames.len()),
            (parts, 4),
            "{:?}",
            stream.errors
        );
        let message = &output.stderr;
        assert_eq!(
            message.matches("is not fully sandboxed").count(),
            1,
            "{message}"
        );
    }
    let off = run(&[landlock], "off");
    assert_eq!(read(&off.stdout).sandbox, "none");
    assert_eq!(off.stderr, "");
}

#[test]
fn the_frames_are_the_same_with_and_without_a_sandbox() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/a.mp4"), 20, "ball");
    videos::plain(&dir.path().join("v/b.mp4"), 11, "snow");
    let run = |args: &[&str]| {
        let output = tool(dir.path(), &[&["v"], args].concat()).run();
        output
            .stdout
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let frames = run(&["-j1"]);
    assert_eq!(frames.len(), 2 + 20 + 1);
    for args in [&["-j4"][..], &["--sandbox=off"], &["--sandbox=off", "-j4"]] {
        assert!(run(args) == frames, "{args:?}");
    }
}

#[test]
fn playlists_are_refused_under_any_name() {
    let dir = wo_testkit::tempdir().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    videos::plain(&dir.path().join("decoy.mp4"), 4, "ball");
    let address = format!("http://{}/a.mp4", tcp.local_addr().unwrap());
    let decoy = dir.path().join("decoy.mp4").display().to_string();
    let playlists = [
        format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\n{decoy}\n{address}\n#EXT-X-ENDLIST\n"),
        format!("<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>{address}</BaseURL></MPD>"),
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n".to_owned(),
        format!("<smil><body><video src=\"{address}\"/></body></smil>"),
        format!("[InternetShortcut]\r\nURL={address}\r\n"),
        format!("ffconcat version 1.0\nfile '{decoy}'\n"),
        format!("[playlist]\nFile1={address}\nNumberOfEntries=1\n"),
        format!("<asx version=\"3.0\"><entry><ref href=\"{address}\"/></entry></asx>"),
        format!("FILE \"{decoy}\" WAVE\n  TRACK 01 AUDIO\n"),
        format!("file '{decoy}'\nfile '{decoy}'\n"),
        format!("<?xml version=\"1.0\"?><SmoothStreamingMedia MajorVersion=\"2\"><!-- {address} --></SmoothStreamingMedia>"),
    ];
    std::fs::create_dir(dir.path().join("v")).unwrap();
    for (number, text) in playlists.iter().enumerate() {
        std::fs::write(dir.path().join(format!("v/{number:02}.mp4")), text).unwrap();
    }
    let stream = extract(dir.path(), &["v", "-q"], 3);
    assert!(stream.videos.is_empty());
    let codes: Vec<_> = stream.errors.iter().map(|error| &error.code).collect();
    assert_eq!(codes, vec!["unsupported_container"; playlists.len()]);
    assert!(tcp.accept().is_err());
}
