//! What people read on stderr: one line a message, the tool's name in front, control characters made visible.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Common;

struct Settings {
    tool: String,
    quiet: bool,
    verbose: bool,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();
static PROGRESS: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Fixes the name and the loudness for the rest of the process.
pub(crate) fn start(tool: &str, common: &Common) {
    // A second start, as in-process tests make, keeps the first settings.
    let _ = SETTINGS.set(Settings {
        tool: tool.to_owned(),
        quiet: common.quiet,
        verbose: common.verbose,
    });
}

/// Prints an error; always.
pub(crate) fn error_line(message: &str) {
    print(message);
}

/// Prints a warning, unless `--quiet`.
pub fn warn_line(message: &str) {
    if !SETTINGS.get().is_some_and(|s| s.quiet) {
        print(message);
    }
}

/// Prints a result for a person, without the tool's name, unless `--quiet`.
pub fn say_line(message: &str) {
    if !SETTINGS.get().is_some_and(|s| s.quiet) {
        print_raw(&escaped(message));
    }
}

/// Prints what the tool is doing, with `--verbose`.
pub fn info_line(message: &str) {
    if SETTINGS.get().is_some_and(|s| s.verbose) {
        print(message);
    }
}

fn print(message: &str) {
    let tool = SETTINGS.get().map_or("wo", |s| s.tool.as_str());
    print_raw(&format!("{tool}: {}", escaped(message)));
}

fn print_raw(text: &str) {
    let progress = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
    let write = || {
        // Nowhere is left to say that stderr itself is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    };
    match &*progress {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// `text` with control characters shown instead of obeyed: a file name must not be able to drive a terminal.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A progress line on stderr; shown only on a terminal, and gone when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts a line for `total` units of `what`.
    pub fn new(what: &str, total: u64) -> Self {
        let shown = io::stderr().is_terminal() && !SETTINGS.get().is_some_and(|s| s.quiet);
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        *PROGRESS.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self { bar }
    }

    /// One more unit is done.
    pub fn advance(&self) {
        self.bar.inc(1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_drive_the_terminal() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{9b}c\rd"), "a\\u{1b}[2Jb\\u{9b}c\\rd");
        assert_eq!(escaped("two\nlines, ä"), "two\nlines, ä");
    }
}
