//! The two steps of `scripts/demo` that are no tool's: deciding frames over the API of wo-review, and the last lines.

mod review;
mod summary;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["review", folder, screenshot] => {
            review::decide_frames(Path::new(folder), Path::new(screenshot));
        }
        ["summary", folder] => summary::print(Path::new(folder)),
        _ => {
            let usage = "usage: wo-demo review FOLDER SCREENSHOT | wo-demo summary FOLDER";
            say(&mut std::io::stderr(), usage);
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Writes one line.
fn say(output: &mut dyn std::io::Write, line: &str) {
    writeln!(output, "{line}").expect("the demo's output takes a line");
}
