//! A report with everything in it, of an evaluation that never took place: `cargo run -p wo-report --example sample --
//! report.html`. It shows what the page looks like; none of its figures is real.

#[path = "sample/mod.rs"]
mod sample;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let path = env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("report.html"), PathBuf::from);
    fs::write(path, wo_report::html(&sample::pages::report()))
}
