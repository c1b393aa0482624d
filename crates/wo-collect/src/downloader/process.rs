//! A guarded process, watched until it ends: by time, by the size of what it leaves, and by whether we are to stop.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use wo_cli::Stop;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// What is kept of each output. The description of a long playlist has some megabytes.
const MAX_OUTPUT: u64 = 64 << 20;

/// What reads an output.
type Output = JoinHandle<Vec<u8>>;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, and well or not.
    Itself { is_ok: bool },
    /// It took too long.
    TooLong,
    /// It left more than is allowed.
    TooLarge,
    /// This tool was asked to stop.
    Stopped,
}

/// What a process left.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) ended: Ended,
    /// The name of the program.
    pub(super) program: String,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// What a process may use.
#[derive(Debug)]
pub(super) struct Allowed<'a> {
    /// The folder that it works in; also its folder for temporary files.
    pub(super) folder: &'a Path,
    pub(super) max_bytes: u64,
    pub(super) time: Duration,
    pub(super) stop: &'a Stop,
}

/// Runs a program to its end.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    allowed: &Allowed<'_>,
) -> anyhow::Result<Finished> {
    let own = "/proc/self/exe";
    let name = program.file_name().unwrap_or_default();
    let mut child = Command::new(own)
        .arg("guard")
        .arg(format!("--parent={}", std::process::id()))
        .arg(format!("--max-file-bytes={}", allowed.max_bytes))
        .arg("--")
        .arg(program)
        .args(arguments)
        .current_dir(allowed.folder)
        .env("TMPDIR", allowed.folder)
        .env("PYTHONUTF8", "1")
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // With a group of its own all that it started ends with it, and Ctrl-C reaches only us.
        .process_group(0)
        .spawn()
        .with_context(|| format!("start {own}"))?;
    let outputs = [
        child.stdout.take().map(gather),
        child.stderr.take().map(gather),
    ];
    let (ended, [stdout, stderr]) = to_the_end(&mut child, outputs, allowed);
    Ok(Finished {
        ended: ended?,
        program: name.to_string_lossy().into_owned(),
        stdout,
        stderr,
    })
}

/// Watches a process, ends all that it started, and gives its outputs.
fn to_the_end(
    child: &mut Child,
    outputs: [Option<Output>; 2],
    allowed: &Allowed<'_>,
) -> (anyhow::Result<Ended>, [String; 2]) {
    let ended = watch(child, allowed);
    // Also where it ended by itself: what it started may go on and hold its outputs open.
    end_group(child);
    (ended, outputs.map(gathered))
}

fn watch(child: &mut Child, allowed: &Allowed<'_>) -> anyhow::Result<Ended> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("wait for the program")? {
            let is_ok = status.success();
            return Ok(Ended::Itself { is_ok });
        }
        if allowed.stop.is_asked() {
            return Ok(Ended::Stopped);
        }
        if since.elapsed() > allowed.time {
            return Ok(Ended::TooLong);
        }
        if n_bytes(allowed.folder) > allowed.max_bytes {
            return Ok(Ended::TooLarge);
        }
        thread::sleep(LOOK);
    }
}

fn end_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended in between.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// How much lies in a folder and below.
fn n_bytes(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let sizes = files.filter_map(|file| file.metadata().ok());
    sizes.filter(fs::Metadata::is_file).map(|it| it.len()).sum()
}

/// Reads on a thread of its own, since a full pipe would hold the process up.
fn gather(mut pipe: impl Read + Send + 'static) -> Output {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        bytes
    })
}

fn gathered(reader: Option<Output>) -> String {
    let bytes = reader.and_then(|reader| reader.join().ok());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

/// An argument vector of texts.
pub(super) fn arguments<A: AsRef<OsStr>>(texts: impl IntoIterator<Item = A>) -> Vec<OsString> {
    texts.into_iter().map(|it| it.as_ref().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_leaves_behind_ends_with_it() {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "sleep 600 & echo $!; exit 3"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(gather);
        let since = Instant::now();
        let stop = Stop::default();
        let allowed = Allowed {
            folder: Path::new("/none"),
            max_bytes: 1,
            time: Duration::from_mins(1),
            stop: &stop,
        };
        let (ended, outputs) = to_the_end(&mut child, [stdout, None], &allowed);
        assert_eq!(ended.unwrap(), Ended::Itself { is_ok: false });
        let [stdout, _] = outputs;
        assert!(stdout.trim().parse::<u32>().is_ok(), "{stdout}");
        assert!(since.elapsed() < Duration::from_mins(1));
    }
}
