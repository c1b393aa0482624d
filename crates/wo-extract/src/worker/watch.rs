//! The watchdog: kills a worker that stalls or takes too long.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wo_record::code;

use super::clock::{Doing, SilenceClock};
use super::limits;
use super::protocol::{self, Reply};
use crate::error::ExtractError;

/// How long one look for a message lasts before the clock is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// A look that took longer than this was none: this process did not run.
const LONGEST_LOOK: Duration = Duration::from_millis(200);

/// How long to wait for a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Without any progress.
    pub(crate) stall: Duration,
    /// In all.
    pub(crate) total: Duration,
}

/// The line from a worker, read with an eye on the clock.
pub(super) struct Watched<'a> {
    socket: &'a UnixStream,
    limits: Limits,
    cancelled: &'a AtomicBool,
    silence: SilenceClock,
    last_look: Instant,
    lasted: Duration,
    stopped: Option<Stopped>,
}

/// Why a worker is not listened to any more.
pub(super) struct Stopped {
    pub(super) error: ExtractError,
    /// Whether it may only have waited for a processor, which this machine does not tell.
    may_have_waited: bool,
}

impl<'a> Watched<'a> {
    /// Listens to the worker with the process id `pid`. Reads from `socket` end after [`LOOK`].
    pub(super) fn new(
        socket: &'a UnixStream,
        pid: u32,
        limits: Limits,
        cancelled: &'a AtomicBool,
    ) -> Self {
        Self {
            socket,
            limits,
            cancelled,
            silence: SilenceClock::new(pid, LONGEST_LOOK),
            last_look: Instant::now(),
            lasted: Duration::ZERO,
            stopped: None,
        }
    }

    /// The next thing that it says.
    pub(super) fn reply(&mut self) -> io::Result<Reply> {
        protocol::read(self)
    }

    /// Why reading was given up, if it was.
    pub(super) fn stopped(self) -> Option<Stopped> {
        self.stopped
    }

    /// Why nothing more should be waited for.
    fn end(&mut self) -> Option<Stopped> {
        self.lasted += self.last_look.elapsed().min(LONGEST_LOOK);
        self.last_look = Instant::now();
        let Limits { stall, total } = self.limits;
        let mut may_have_waited = false;
        let what = if self.cancelled.load(Ordering::Relaxed) {
            "cancelled".to_owned()
        } else if self.silence.has_lasted(stall) {
            let doing = self.silence.doing();
            may_have_waited = doing == Doing::Unknown;
            stalled(doing, stall)
        } else if self.lasted >= total {
            format!(
                "not finished after {} s; raise --file-timeout (with --out, add --retry-failed){}",
                total.as_secs(),
                limits::of_work()
            )
        } else {
            return None;
        };
        Some(Stopped {
            error: ExtractError::new(code::STALLED, what),
            may_have_waited,
        })
    }
}

impl Stopped {
    /// Whether it is worth another try while nothing else runs.
    pub(super) fn may_have_waited(&self) -> bool {
        self.may_have_waited
    }
}

/// What is said of a worker that was silent for `stall` while it was `doing` so.
fn stalled(doing: Doing, stall: Duration) -> String {
    let seconds = stall.as_secs();
    let limits = limits::of_work();
    match doing {
        Doing::Nothing => format!(
            "the decoder hangs: no progress for {seconds} s, and no work; if ffmpeg reads the file, convert it: ffmpeg -i IN OUT.mp4 (on a slow disk, raise --stall-timeout){limits}"
        ),
        Doing::Work | Doing::Unknown => format!(
            "no progress for {seconds} s; raise --stall-timeout (with --out, add --retry-failed){limits}"
        ),
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(stopped) = self.end() {
                self.stopped = Some(stopped);
                return Err(ErrorKind::TimedOut.into());
            }
            let look = Instant::now();
            match (&mut &*self.socket).read(buffer) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    self.silence.watched(look.elapsed());
                }
                Ok(n_bytes) => {
                    self.silence.restart();
                    return Ok(n_bytes);
                }
                Err(e) => return Err(e),
            }
        }
    }
}
