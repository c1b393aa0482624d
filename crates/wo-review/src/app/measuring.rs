//! How far the measuring of images is, and the signal that starts it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Thread;

use serde::Serialize;

/// Progress of the measuring thread.
#[derive(Debug, Default)]
pub(crate) struct Measuring {
    n_all: AtomicUsize,
    n_done: AtomicUsize,
    thread: OnceLock<Thread>,
}

/// The same, for the page.
#[derive(Debug, Serialize)]
pub(crate) struct MeasuringProgress {
    n_done: usize,
    n_all: usize,
}

impl Measuring {
    /// Wakes the thread. Later calls change nothing.
    pub(crate) fn begin(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// `None` if nothing is left to measure.
    pub(crate) fn progress(&self) -> Option<MeasuringProgress> {
        let n_all = self.n_all.load(Ordering::Relaxed);
        let n_done = self.n_done.load(Ordering::Relaxed);
        (n_done < n_all).then_some(MeasuringProgress { n_done, n_all })
    }

    /// How many images the thread will measure.
    pub(crate) fn expect(&self, n_all: usize) {
        self.n_all.store(n_all, Ordering::Relaxed);
    }

    /// The thread that waits for [`Self::begin`].
    pub(crate) fn set_thread(&self, thread: Thread) {
        let _ = self.thread.set(thread);
    }

    /// One more image is done.
    pub(crate) fn count_one(&self) {
        self.n_done.fetch_add(1, Ordering::Relaxed);
    }
}
