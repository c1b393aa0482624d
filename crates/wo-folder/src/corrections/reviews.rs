//! Reads the log of reviews as a whole: it is small beside the frames.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith, Hint};
use wo_label::{Chain, LogLine, ReviewLogError, Reviews};
use wo_record::Review;

use crate::names::REVIEWS;
use crate::review_heads::{LOG_CURE, ReviewHeads};

/// Reads a log. Lines that are missing at its end are an error. What a crash cut off there was never acknowledged, and does
/// not count.
pub fn read_reviews(path: &Path) -> anyhow::Result<Reviews> {
    let mut reviews = Reviews::default();
    let name = path.display();
    if !path.exists() {
        ReviewHeads::of_anchor(path)?.check(path, 0)?;
    }
    let mut heads = ReviewHeads::read(path)?;
    let mut input = BufReader::new(opened(path)?);
    let mut chain = Chain::default();
    // A decision counts when all of its reviews are there.
    let mut decision: Vec<Review> = Vec::new();
    let mut n_lines = 0;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let n = input
            .read_until(b'\n', &mut buffer)
            .with_context(|| format!("read {name}"))?;
        if n == 0 {
            heads.check(path, chain.n_lines())?;
            say_cut(path, n_lines);
            return Ok(reviews);
        }
        let text = std::str::from_utf8(&buffer).unwrap_or_default();
        let followed = match text.strip_suffix('\n') {
            Some(text) => chain.follow(text),
            None => Err(ReviewLogError::NotAReview(
                "the line is not whole".to_owned(),
            )),
        };
        let is_whole;
        match followed {
            Ok(line) => {
                heads.see(&chain, &line);
                n_lines += 1;
                is_whole = line.n_reviews() as usize == n_lines;
                if let LogLine::Review(review) = line {
                    decision.push(*review);
                }
            }
            Err(ReviewLogError::NotAReview(_)) if input.fill_buf()?.is_empty() => {
                heads.check(path, chain.n_lines())?;
                say_cut(path, n_lines + 1);
                return Ok(reviews);
            }
            Err(error) => {
                let line = chain.n_lines() + 1;
                return Err(anyhow!("{name}:{line}: {error}"))
                    .hint(LOG_CURE)
                    .exit_with(Exit::Integrity);
            }
        }
        if is_whole {
            n_lines = 0;
            for review in decision.drain(..) {
                reviews.add(review);
            }
        }
    }
}

/// A log that the command line names may come through a pipe; that of a folder is a file.
fn opened(path: &Path) -> anyhow::Result<File> {
    let opened = if path.file_name() == Some(OsStr::new(REVIEWS)) {
        wo_cli::open_file(path)
    } else {
        File::open(path)
    };
    wo_cli::opened(opened, || format!("open {}", path.display()))
}

/// Says that the last decision of a log is not whole, where that many of its lines are there.
fn say_cut(path: &Path, n_lines: usize) {
    if n_lines > 0 {
        wo_cli::warn!(
            "{}: the last decision is cut off ({}) and is not read, but tables and records may have it",
            path.display(),
            wo_cli::count(n_lines, "line");
            "restore the file from a backup or from git; without one, start wo-review, which sets the rest aside, and look at the last frames again"
        );
    }
}
