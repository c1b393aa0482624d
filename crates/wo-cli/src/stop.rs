//! Signals that ask the process to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether the process was asked to stop: with Ctrl-C (SIGINT), or with SIGTERM as systemd, Slurm and `kill` send it. A second
/// signal ends the process at once.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Installs the signal handlers.
    pub fn listen() -> io::Result<Self> {
        let this = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order, so that the second signal finds the flag that the first one set.
            flag::register_conditional_default(signal, Arc::clone(&this.0))?;
            flag::register(signal, Arc::clone(&this.0))?;
        }
        Ok(this)
    }

    /// Whether a signal has arrived.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
