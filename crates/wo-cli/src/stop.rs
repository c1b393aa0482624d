//! Signals that ask the process to stop.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::{Exit, Message, report};

/// How long a person waits at most for the answer to Ctrl-C.
const LOOK: Duration = Duration::from_millis(50);

/// What is done before the process ends in a wait.
type Tidy = Box<dyn FnOnce() -> Message + Send>;

/// Whether the process was asked to stop: with Ctrl-C (SIGINT), or with SIGTERM as systemd, Slurm and `kill` send it. A
/// second signal ends the process at once.
#[derive(Clone, Default)]
pub struct Stop {
    is_asked: Arc<AtomicBool>,
    /// There while the process waits for others.
    waiting: Arc<Mutex<Option<Tidy>>>,
}

impl Stop {
    /// Installs the signal handlers.
    pub fn listen() -> io::Result<Self> {
        let this = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order, so that the second signal finds the flag that the first one set.
            flag::register_conditional_default(signal, Arc::clone(&this.is_asked))?;
            flag::register(signal, Arc::clone(&this.is_asked))?;
        }
        Ok(this)
    }

    /// Whether a signal has arrived.
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }

    /// Does `work` that may wait for others without end, such as for input, and that loses nothing if it is cut off. A
    /// signal ends the process meanwhile: `tidy` is called, its message is printed, and the exit code is that of a run that
    /// was stopped.
    pub fn while_waiting<T>(
        &self,
        tidy: impl FnOnce() -> Message + Send + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        *lock(&self.waiting) = Some(Box::new(tidy));
        let this = self.clone();
        // A blocked read goes on behind a signal, so another thread looks for it.
        let watcher = thread::spawn(move || this.watch());
        let done = work();
        *lock(&self.waiting) = None;
        watcher.thread().unpark();
        done
    }

    /// Ends the process at a signal, for as long as it waits.
    fn watch(&self) {
        loop {
            // Held to the end, so that work that is done meanwhile does not go on.
            let mut waiting = lock(&self.waiting);
            if waiting.is_none() {
                return;
            }
            if self.is_asked()
                && let Some(tidy) = waiting.take()
            {
                let message = tidy();
                report::clear_progress();
                report::error_line(&message);
                // Not `exit`: it would take down libraries that the other threads still use.
                low_level::exit(Exit::Locked as i32);
            }
            drop(waiting);
            thread::park_timeout(LOOK);
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_asked = self.is_asked();
        f.debug_struct("Stop")
            .field("is_asked", &is_asked)
            .finish_non_exhaustive()
    }
}

fn lock(waiting: &Mutex<Option<Tidy>>) -> MutexGuard<'_, Option<Tidy>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
