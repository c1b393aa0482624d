//! The last words of a process, which the others repeat.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use wo_cli::Exit;

use crate::group::link::Store;

/// The key of why the first process that ended did.
const FAREWELL: &str = "ended/";
/// How long is waited for the words of a process that has ended.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(2);
/// Why a process ends that was stopped.
const STOPPED: &str = "it was stopped by a signal";

/// A word to the others from any thread: why this process ends.
#[derive(Clone, Debug, Default)]
pub struct Farewell(Option<(Arc<Store>, usize)>);

impl Farewell {
    /// Tells the others, if nobody has ended before.
    pub fn say(&self, why: &str) {
        let Some((store, rank)) = &self.0 else {
            return;
        };
        let line: String = why
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(400)
            .collect();
        // Where the store is gone, so are the others.
        if let Ok(1) = store.count("farewells") {
            let _ = store.set(
                &format!("{FAREWELL}0"),
                &format!("rank {rank} ended first: {line}"),
            );
        }
    }

    /// Tells the others that a signal ends this process, as [`Farewell::say`] does.
    pub fn say_stopped(&self) {
        self.say(STOPPED);
    }

    /// Of process `rank`.
    pub(crate) fn of(store: Arc<Store>, rank: usize) -> Self {
        Self(Some((store, rank)))
    }
}

/// What the first process that ended has said, and how a process ends that hears it.
pub(crate) fn last_words(store: &Arc<Store>) -> Option<(String, Exit)> {
    let (to, from) = channel();
    let store = Arc::clone(store);
    // On a thread of its own: where the network is gone, c10d waits for it longer than anybody wants to.
    thread::spawn(move || to.send(store.gather(FAREWELL, 1, LAST_WORDS)));
    let words = from.recv_timeout(2 * LAST_WORDS).ok()?;
    let words = words.ok()?.pop()??;
    let exit = if words.ends_with(STOPPED) {
        Exit::Locked
    } else {
        Exit::Io
    };
    Some((words, exit))
}
