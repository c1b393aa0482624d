//! Messages on stderr: prefixed with the name of the tool, with names escaped.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{Common, Message, ShowProgress};

struct Settings {
    tool: String,
    quiet: bool,
    verbose: bool,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();
/// The number of this process among several that share stderr.
static RANK: OnceLock<usize> = OnceLock::new();
static PROGRESS: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Sets the name and the verbosity for the rest of the process.
pub(crate) fn start(tool: &str, common: &Common) {
    // A second call, as in-process tests make, keeps the first settings.
    let _ = SETTINGS.set(Settings {
        tool: tool.to_owned(),
        quiet: common.quiet,
        verbose: common.verbose,
    });
}

/// From here on this process is number `rank` of several that share stderr: the first one speaks for all of them, the
/// others only print errors, and each error says whose it is.
pub fn speak_as_rank(rank: usize) {
    let _ = RANK.set(rank);
}

/// Prints an error, even with `--quiet`.
pub(crate) fn error_line(message: &Message) {
    let Some(rank) = RANK.get() else {
        return print(message);
    };
    print_raw(&format!("{}: rank {rank}: {}", tool(), message.shown()));
}

/// Prints a warning, unless `--quiet`.
pub fn warn_line(message: &Message) {
    if !is_quiet() {
        print(message);
    }
}

/// Prints a result for a person, without the tool's name, unless `--quiet`.
pub fn say_line(message: &Message) {
    if !is_quiet() {
        print_raw(&message.shown());
    }
}

/// Prints what the tool is doing, with `--verbose`.
pub fn info_line(message: &Message) {
    if !is_another() && SETTINGS.get().is_some_and(|s| s.verbose) {
        print(message);
    }
}

/// Whether another process speaks for this one.
fn is_another() -> bool {
    RANK.get().is_some_and(|rank| *rank != 0)
}

fn is_quiet() -> bool {
    is_another() || SETTINGS.get().is_some_and(|s| s.quiet)
}

fn tool() -> &'static str {
    SETTINGS.get().map_or("wo", |s| s.tool.as_str())
}

fn print(message: &Message) {
    print_raw(&format!("{}: {}", tool(), message.shown()));
}

fn print_raw(text: &str) {
    let progress = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
    let write = || {
        // If stderr itself is gone, there is nowhere to report it.
        let _ = writeln!(io::stderr().lock(), "{text}");
    };
    match &*progress {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Time between two lines of plain progress.
const LINES: Duration = Duration::from_secs(5);

/// Progress on stderr: a bar on a terminal, removed in the end, or plain lines.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_plain: bool,
    what: (&'static str, &'static str),
    total: u64,
    since: Instant,
    done: Mutex<Done>,
}

/// What is done so far.
#[derive(Debug, Default)]
struct Done {
    n_units: u64,
    n_parts: u64,
    last_line: Option<Instant>,
}

impl Progress {
    /// Starts the progress of `total` units, each of which may have parts. `what` names both, such as videos and
    /// frames.
    pub fn new(how: ShowProgress, what: (&'static str, &'static str), total: u64) -> Self {
        let is_quiet = is_quiet();
        let is_bar = how == ShowProgress::Auto && io::stderr().is_terminal() && !is_quiet;
        let target = if is_bar {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {eta} left") {
            bar.set_style(style);
        }
        *PROGRESS.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        let progress = Self {
            bar,
            is_plain: how == ShowProgress::Plain && !is_quiet,
            what,
            total,
            since: Instant::now(),
            done: Mutex::default(),
        };
        progress.bar.set_message(progress.message(&Done::default()));
        progress
    }

    /// Counts one more unit with `n_parts` parts.
    pub fn advance(&self, n_parts: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.n_units += 1;
        done.n_parts += n_parts;
        let message = self.message(&done);
        let is_due = done.last_line.is_none_or(|last| last.elapsed() >= LINES);
        if self.is_plain && (is_due || done.n_units == self.total) {
            done.last_line = Some(Instant::now());
            let n_left = self.total.saturating_sub(done.n_units) as f64;
            let left = self.since.elapsed().as_secs_f64() / done.n_units as f64 * n_left;
            print(&Message::new(format!("{message}, {left:.0} s left")));
        }
        self.bar.set_message(message);
        self.bar.inc(1);
    }

    /// `12/40 videos, 120 frames, 35 frames/s`.
    fn message(&self, done: &Done) -> String {
        let (units, parts) = self.what;
        let one = |n: u64, of: &'static str| match n {
            1 => of.strip_suffix('s').unwrap_or(of),
            _ => of,
        };
        let units = one(self.total, units);
        let rate = done.n_parts as f64 / self.since.elapsed().as_secs_f64().max(1e-3);
        let whole = format!("{}/{} {units}", done.n_units, self.total);
        if done.n_parts == 0 {
            return whole;
        }
        let few = one(done.n_parts, parts);
        format!("{whole}, {} {few}, {rate:.0} {parts}/s", done.n_parts)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear_progress();
    }
}

pub(crate) fn clear_progress() {
    if let Some(bar) = PROGRESS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        bar.finish_and_clear();
    }
}
