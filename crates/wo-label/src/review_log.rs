//! The lines of the review log and their hash chain. Opens no file.

use wo_record::{Record, Review};

/// Hexadecimal digits of a hash that are kept: 128 bits.
const HASH_DIGITS: usize = 32;
/// The text before the hash of a line.
const HASH_FIELD: &str = ",\"hash\":\"";

/// Why a line cannot be the next one of a log.
#[derive(Debug, thiserror::Error)]
pub enum ReviewLogError {
    /// It is not a review.
    #[error("not a review: {0}")]
    NotAReview(String),
    /// Its bytes changed after it was written.
    #[error("the line was changed after it was written: its hash does not match")]
    Changed,
    /// A line before it was changed, removed or inserted.
    #[error("the line does not follow the one before it: a line is missing or was inserted")]
    Unchained,
}

/// The state of the hash chain after the last line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    n_lines: u64,
    last_hash: String,
}

impl Chain {
    /// How many lines there are.
    pub fn n_lines(&self) -> u64 {
        self.n_lines
    }

    /// Makes `review` the next line: sets its `sequence`, `previous` and `hash`, and returns its text with the line end.
    pub fn seal(&mut self, review: &mut Review) -> serde_json::Result<String> {
        review.sequence = self.n_lines + 1;
        review.previous.clone_from(&self.last_hash);
        review.hash = None;
        let text = serde_json::to_string(&Record::Review(review.clone()))?;
        // The hash is the last field, so that it covers all bytes before it.
        let body = text.trim_end_matches(",\"hash\":null}");
        let hash = hash_of(body);
        let line = format!("{body}{HASH_FIELD}{hash}\"}}\n");
        review.hash = Some(hash.clone());
        self.n_lines += 1;
        self.last_hash = hash;
        Ok(line)
    }

    /// Checks the next line, without its line end, and returns its review.
    pub fn follow(&mut self, line: &str) -> Result<Review, ReviewLogError> {
        let review = match Record::parse(line) {
            Ok(Ok(Record::Review(review))) => review,
            Ok(Ok(other)) => {
                return Err(ReviewLogError::NotAReview(format!(
                    "a `{}` record",
                    other.kind()
                )));
            }
            Ok(Err(kind)) => {
                return Err(ReviewLogError::NotAReview(format!("a `{}` record", kind.0)));
            }
            Err(e) => return Err(ReviewLogError::NotAReview(e.to_string())),
        };
        let Some((body, _)) = line.rsplit_once(HASH_FIELD) else {
            return Err(ReviewLogError::Changed);
        };
        let hash = hash_of(body);
        if review.hash.as_deref() != Some(&hash) {
            return Err(ReviewLogError::Changed);
        }
        if review.sequence != self.n_lines + 1 || review.previous != self.last_hash {
            return Err(ReviewLogError::Unchained);
        }
        self.n_lines += 1;
        self.last_hash = hash;
        Ok(review)
    }
}

fn hash_of(body: &str) -> String {
    let mut hash = blake3::hash(body.as_bytes()).to_hex().to_string();
    hash.truncate(HASH_DIGITS);
    hash
}

#[cfg(test)]
pub(crate) mod tests {
    use wo_record::{Judgement, Name};

    use super::*;

    pub(crate) fn review(index: u32, label: &str) -> Review {
        Review {
            sequence: 0,
            at: "2026-03-01T09:30:00Z".to_owned(),
            reviewer: "anna".to_owned(),
            decision: 0,
            n_reviews: 1,
            video_id: "v".to_owned(),
            index,
            pts_ms: None,
            path: None,
            blake3: None,
            exercise: None,
            says: vec!["label".to_owned()],
            old: Judgement::default(),
            new: Judgement {
                label: Some(Name::label(label)),
                note: Some(r#"she said ","hash":" twice"#.to_owned()),
                ..Judgement::default()
            },
            undoes: None,
            is_repeat: false,
            request: None,
            previous: String::new(),
            hash: None,
        }
    }

    fn log(n: u32) -> Vec<String> {
        let mut chain = Chain::default();
        (0..n)
            .map(|i| chain.seal(&mut review(i, "good")).unwrap())
            .collect()
    }

    fn follow(lines: &[String]) -> Result<u64, ReviewLogError> {
        let mut chain = Chain::default();
        for line in lines {
            chain.follow(line.trim_end())?;
        }
        Ok(chain.n_lines())
    }

    #[test]
    fn a_log_is_read_as_it_was_written() {
        assert_eq!(follow(&log(3)).unwrap(), 3);
        let mut chain = Chain::default();
        let mut first = review(7, "bad");
        let text = chain.seal(&mut first).unwrap();
        assert_eq!(Chain::default().follow(text.trim_end()).unwrap(), first);
        assert_eq!((first.sequence, first.previous.as_str()), (1, ""));
    }

    #[test]
    fn a_changed_a_missing_and_a_foreign_line_are_noticed() {
        let mut changed = log(3);
        changed[1] = changed[1].replace("good_form", "bad_form");
        assert!(matches!(follow(&changed), Err(ReviewLogError::Changed)));
        let mut missing = log(3);
        missing.remove(1);
        assert!(matches!(follow(&missing), Err(ReviewLogError::Unchained)));
        let mut twice = log(2);
        twice.push(twice[1].clone());
        assert!(matches!(follow(&twice), Err(ReviewLogError::Unchained)));
        let foreign = [r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#.to_owned()];
        assert!(matches!(
            follow(&foreign),
            Err(ReviewLogError::NotAReview(_))
        ));
    }
}
