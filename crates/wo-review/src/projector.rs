//! Writes records and tables when people pause, so that no key waits for it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::projection::Projection;
use crate::server::Server;

/// How long nobody may have decided anything before it is written.
const PAUSE: Duration = Duration::from_millis(1500);
/// How long it is put off at most.
const AT_MOST: Duration = Duration::from_secs(30);
/// How long to wait where another run holds the folder, or where writing failed.
const AGAIN: Duration = Duration::from_secs(5);

/// What the writing thread waits for.
#[derive(Debug, Default)]
pub(crate) struct Projector {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the first and the last decision came that are not written yet.
    dirty: Option<(Instant, Instant)>,
    is_done: bool,
}

impl Projector {
    /// Something was decided.
    pub(crate) fn note(&self) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.dirty = Some((state.dirty.map_or(now, |(first, _)| first), now));
        self.changed.notify_all();
    }

    /// Nothing more will be decided.
    pub(crate) fn finish(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_done = true;
        self.changed.notify_all();
    }

    /// Starts the thread.
    pub(crate) fn start(server: &Arc<Server>) -> JoinHandle<()> {
        let server = Arc::clone(server);
        thread::spawn(move || {
            while server.projector.wait() {
                let projection = Projection::of(&server.store());
                match projection.write() {
                    Ok(true) => continue,
                    Ok(false) => wo_cli::info!("another run works on the folder"),
                    Err(e) => wo_cli::warn!("records and tables are not up to date: {e:#}"),
                }
                thread::sleep(AGAIN);
                server.projector.note();
            }
        })
    }

    /// Waits until it is time to write. False when nothing more will come.
    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.is_done {
                return false;
            }
            let left = state.dirty.map(|(first, last)| {
                let due = (last + PAUSE).min(first + AT_MOST);
                due.saturating_duration_since(Instant::now())
            });
            state = match left {
                Some(Duration::ZERO) => {
                    state.dirty = None;
                    return true;
                }
                Some(left) => self
                    .changed
                    .wait_timeout(state, left)
                    .map_or_else(|e| e.into_inner().0, |(state, _)| state),
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
