//! The process edge that all tools share: start-up, exit codes, common flags and messages for people.
//!
//! Only this crate prints to stderr and chooses exit codes. It knows nothing of records.

mod captions_flag;
mod error;
mod escape;
mod exit;
mod flags;
mod ignore_broken_pipe;
mod input;
mod message;
mod open_file;
mod output_file;
mod process;
mod report;
mod stop;
mod terminal;
mod words;

pub use captions_flag::CaptionsFlag;
pub use error::{Error, ExitWith, Hint, cause, message_of};
pub use escape::escaped;
pub use exit::{Exit, Outcome};
pub use flags::{Common, OnError, Reading, Seed, ShowProgress, Threads};
pub use ignore_broken_pipe::IgnoreBrokenPipe;
pub use input::{
    Input, check_file, check_folder, open_input, open_named, open_stream, opened, read_file,
};
pub use message::Message;
pub use open_file::{ensure_file, open_file, open_own, read_bytes, read_given, read_text};
pub use output_file::{OutputFile, write_file};
pub use process::main;
pub use report::{Progress, info_line, say_line, speak_as_rank, warn_line};
pub use stop::Stop;
pub use terminal::refuse_terminal;
pub use words::{count, failed, named, shell_word, verb};

/// Prints a warning for a person on stderr, unless `--quiet`: a text and any number of hints, each formatted as
/// `format!` does. `warn!("{n} videos have no label"; "name their folders")`.
#[macro_export]
macro_rules! warn {
    ($text:literal $(, $arg:expr)* $(; $hint:literal $(, $hint_arg:expr)*)+ $(,)?) => {
        $crate::warn_line(&$crate::message!($text $(, $arg)* $(; $hint $(, $hint_arg)*)+))
    };
    ($($arg:tt)*) => { $crate::warn_line(&$crate::Message::new(format!($($arg)*))) };
}

/// Prints what the tool is doing on stderr, with `--verbose`.
#[macro_export]
macro_rules! info {
    ($($arg:tt)*) => { $crate::info_line(&$crate::Message::new(format!($($arg)*))) };
}

/// Prints a result for a person on stderr, unless `--quiet`.
#[macro_export]
macro_rules! say {
    ($($arg:tt)*) => { $crate::say_line(&$crate::Message::new(format!($($arg)*))) };
}
