//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use crate::{Chain, LogLine};

/// Follows a log of reviews. No bytes panic, and a line that is taken is the one that sealing its review gives.
pub fn review_log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut chain = Chain::default();
    for line in text.lines() {
        let before = chain.clone();
        let Ok(followed) = chain.follow(line) else {
            assert_eq!(chain, before, "a line that is refused changes nothing");
            continue;
        };
        assert_eq!(chain.n_lines(), before.n_lines() + 1);
        if let LogLine::Review(review) = followed {
            assert_eq!(review.sequence, chain.n_lines());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_logs_stand() {
        wo_testkit::mutation::for_each_mutation("review_log", 5000, super::review_log);
    }
}
