//! The log of reviews, read as a whole: it is small beside what it is about.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_label::{Chain, ReviewLogError, Reviews};
use wo_record::Review;

/// Reads a log. What a crash cut off at its end was never acknowledged, and does not count.
pub fn read_reviews(path: &Path) -> anyhow::Result<Reviews> {
    let mut reviews = Reviews::default();
    let name = path.display();
    let file = wo_cli::opened(File::open(path), || format!("open {name}"))?;
    let mut input = BufReader::new(file);
    let mut chain = Chain::default();
    // A decision counts when all of its reviews are there.
    let mut decision: Vec<Review> = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let n = input
            .read_until(b'\n', &mut buffer)
            .with_context(|| format!("read {name}"))?;
        let text = std::str::from_utf8(&buffer).unwrap_or_default();
        let Some(text) = text.strip_suffix('\n').filter(|_| n > 0) else {
            return Ok(reviews);
        };
        match chain.follow(text) {
            Ok(review) => decision.push(review),
            Err(ReviewLogError::NoReview(_)) if input.fill_buf()?.is_empty() => return Ok(reviews),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{name}:{}", chain.n_lines() + 1))
                    .exit_with(Exit::Integrity);
            }
        }
        if decision
            .last()
            .is_some_and(|review| review.n_reviews as usize == decision.len())
        {
            for review in decision.drain(..) {
                reviews.add(review);
            }
        }
    }
}
