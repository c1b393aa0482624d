//! When records and tables are written: after people pause, so that no key press waits for it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Decisions are written after a pause of this length.
const PAUSE: Duration = Duration::from_millis(1500);
/// Without a pause they are written after this time.
const AT_MOST: Duration = Duration::from_secs(30);

/// Decisions that are not in the records and tables yet.
#[derive(Debug, Default)]
pub(crate) struct WriteSignal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// When the first and the last of them came.
    dirty: Option<(Instant, Instant)>,
    /// Nothing is written before this time, since writing failed.
    not_before: Option<Instant>,
    is_done: bool,
}

impl WriteSignal {
    /// Somebody decided something.
    pub(crate) fn note(&self) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.dirty = Some((state.dirty.map_or(now, |(first, _)| first), now));
        self.changed.notify_all();
    }

    /// Writing failed; it is tried again after a while.
    pub(crate) fn note_again(&self, after: Duration) {
        self.note();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.not_before = Some(Instant::now() + after);
    }

    /// No decision will follow.
    pub(crate) fn finish(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_done = true;
        self.changed.notify_all();
    }

    /// Waits until it is time to write. False after [`Self::finish`].
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.is_done {
                return false;
            }
            let left = state.dirty.map(|(first, last)| {
                let due = (last + PAUSE).min(first + AT_MOST);
                let due = state.not_before.map_or(due, |it| it.max(due));
                due.saturating_duration_since(Instant::now())
            });
            state = match left {
                Some(Duration::ZERO) => {
                    (state.dirty, state.not_before) = (None, None);
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
