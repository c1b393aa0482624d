//! The one watchdog: a worker that says nothing for too long, or takes too long, is not listened to any more.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wo_record::code;

use super::protocol::{self, Reply};
use crate::fault::Fault;

/// How long to wait for a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Without any progress.
    pub(super) stall: Duration,
    /// In all.
    pub(super) total: Duration,
}

/// The line from a worker, read with an eye on the clock.
pub(super) struct Watched<'a> {
    socket: &'a UnixStream,
    limits: Limits,
    cancelled: &'a AtomicBool,
    since: Instant,
    last_progress: Instant,
    stopped: Option<Fault>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(socket: &'a UnixStream, limits: Limits, cancelled: &'a AtomicBool) -> Self {
        Self {
            socket,
            limits,
            cancelled,
            since: Instant::now(),
            last_progress: Instant::now(),
            stopped: None,
        }
    }

    /// The next thing that it says.
    pub(super) fn reply(&mut self) -> io::Result<Reply> {
        protocol::read(self)
    }

    /// Why reading was given up, if it was.
    pub(super) fn stopped(self) -> Option<Fault> {
        self.stopped
    }

    /// Why nothing more should be waited for.
    fn end(&self) -> Option<Fault> {
        let Limits { stall, total } = self.limits;
        let what = if self.cancelled.load(Ordering::Relaxed) {
            "cancelled".to_owned()
        } else if self.last_progress.elapsed() >= stall {
            format!("no progress for {} s", stall.as_secs())
        } else if self.since.elapsed() >= total {
            "the file took longer than --file-timeout allows".to_owned()
        } else {
            return None;
        };
        Some(Fault::new(code::STALLED, what))
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(fault) = self.end() {
                self.stopped = Some(fault);
                return Err(ErrorKind::TimedOut.into());
            }
            match (&mut &*self.socket).read(buffer) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Ok(n_bytes) => {
                    self.last_progress = Instant::now();
                    return Ok(n_bytes);
                }
                Err(e) => return Err(e),
            }
        }
    }
}
