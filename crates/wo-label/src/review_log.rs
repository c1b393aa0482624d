//! The lines of the review log and their hash chain. Opens no file.

use wo_record::{ErasedReview, LostReviews, Record, Review, ReviewsHead};

use crate::fitted_name::fit_names;

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

/// A line of a log.
#[derive(Debug, Clone, PartialEq)]
pub enum LogLine {
    /// A review.
    Review(Box<Review>),
    /// What is left of one that was erased. Its own hash cannot be checked any more; that it is in its place can.
    Erased(ErasedReview),
    /// That lines before it were lost.
    Lost(LostReviews),
}

impl LogLine {
    /// How many reviews its decision has.
    pub fn n_reviews(&self) -> u32 {
        match self {
            Self::Review(review) => review.n_reviews,
            Self::Erased(erased) => erased.n_reviews,
            Self::Lost(_) => 1,
        }
    }

    /// Its number, and the hash of the line before.
    fn place(&self) -> (u64, &str) {
        match self {
            Self::Review(review) => (review.sequence, &review.previous),
            Self::Erased(erased) => (erased.sequence, &erased.previous),
            Self::Lost(lost) => (lost.sequence, &lost.previous),
        }
    }
}

/// The line, with its end, that takes the place of a review that is erased: all lines of the log still follow each other.
pub fn erased(review: &Review) -> serde_json::Result<String> {
    let erased = ErasedReview {
        sequence: review.sequence,
        decision: review.decision,
        n_reviews: review.n_reviews,
        previous: review.previous.clone(),
        hash: review.hash.clone().unwrap_or_default(),
    };
    Ok(serde_json::to_string(&Record::ErasedReview(erased))? + "\n")
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

    /// The last line. `None` where there is none.
    pub fn head(&self) -> Option<ReviewsHead> {
        (self.n_lines > 0).then(|| ReviewsHead {
            sequence: self.n_lines,
            hash: self.last_hash.clone(),
        })
    }

    /// Makes `review` the next line: sets its `sequence`, `previous` and `hash`, and returns its text with the line end.
    pub fn seal(&mut self, review: &mut Review) -> serde_json::Result<String> {
        review.sequence = self.n_lines + 1;
        review.previous.clone_from(&self.last_hash);
        review.hash = None;
        let text = serde_json::to_string(&Record::Review(review.clone()))?;
        let line = self.add(&text);
        review.hash = Some(self.last_hash.clone());
        Ok(line)
    }

    /// Makes `lost` the next line, likewise.
    pub fn seal_lost(&mut self, lost: &mut LostReviews) -> serde_json::Result<String> {
        lost.sequence = self.n_lines + 1;
        lost.previous.clone_from(&self.last_hash);
        lost.hash = None;
        let text = serde_json::to_string(&Record::LostReviews(lost.clone()))?;
        let line = self.add(&text);
        lost.hash = Some(self.last_hash.clone());
        Ok(line)
    }

    /// Adds a record that ends with an empty hash, and returns the line.
    fn add(&mut self, text: &str) -> String {
        // The hash is the last field, so that it covers all bytes before it.
        let body = text.trim_end_matches(",\"hash\":null}");
        let hash = hash_of(body);
        let line = format!("{body}{HASH_FIELD}{hash}\"}}\n");
        self.n_lines += 1;
        self.last_hash = hash;
        line
    }

    /// Checks the next line, without its line end. Names that are too long, in logs of older versions, are made to fit.
    pub fn follow(&mut self, line: &str) -> Result<LogLine, ReviewLogError> {
        let mut line_read = match Record::parse(line) {
            Ok(Ok(Record::Review(review))) => LogLine::Review(Box::new(review)),
            Ok(Ok(Record::ErasedReview(erased))) => LogLine::Erased(erased),
            Ok(Ok(Record::LostReviews(lost))) => LogLine::Lost(lost),
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
        let hash = match &line_read {
            LogLine::Review(review) => checked_hash(line, review.hash.as_deref())?,
            LogLine::Lost(lost) => checked_hash(line, lost.hash.as_deref())?,
            LogLine::Erased(erased) => erased.hash.clone(),
        };
        if line_read.place() != (self.n_lines + 1, &self.last_hash) {
            return Err(ReviewLogError::Unchained);
        }
        self.n_lines += 1;
        self.last_hash = hash;
        if let LogLine::Review(review) = &mut line_read {
            fit_names(review);
        }
        Ok(line_read)
    }
}

/// The hash of a line, if its bytes are those that it was written with.
fn checked_hash(line: &str, written: Option<&str>) -> Result<String, ReviewLogError> {
    let (body, _) = line
        .rsplit_once(HASH_FIELD)
        .ok_or(ReviewLogError::Changed)?;
    let hash = hash_of(body);
    if written == Some(&hash) {
        Ok(hash)
    } else {
        Err(ReviewLogError::Changed)
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
        let read = Chain::default().follow(text.trim_end()).unwrap();
        assert_eq!(read, LogLine::Review(Box::new(first.clone())));
        assert_eq!((first.sequence, first.previous.as_str()), (1, ""));
    }

    /// A log of three, of which the second line is erased.
    fn with_a_gap() -> Vec<String> {
        let mut lines = log(3);
        let mut chain = Chain::default();
        chain.follow(lines[0].trim_end()).unwrap();
        let Ok(LogLine::Review(review)) = chain.follow(lines[1].trim_end()) else {
            panic!("a review");
        };
        lines[1] = erased(&review).unwrap();
        lines
    }

    #[test]
    fn an_erased_line_says_nothing_and_all_others_still_follow() {
        let lines = with_a_gap();
        assert_eq!(follow(&lines).unwrap(), 3);
        let Ok(Ok(Record::ErasedReview(left))) = Record::parse(&lines[1]) else {
            panic!("erased");
        };
        assert_eq!((left.sequence, left.n_reviews), (2, 1));
        for words in ["anna", "good", "note", "video", "2026"] {
            assert!(!lines[1].contains(words), "{}", lines[1]);
        }
        let mut chain = Chain::default();
        for line in &lines {
            chain.follow(line.trim_end()).unwrap();
        }
        let next = chain.seal(&mut review(9, "bad")).unwrap();
        assert_eq!(follow(&[lines, vec![next]].concat()).unwrap(), 4);
    }

    #[test]
    fn an_erased_line_hides_no_other_change() {
        let check = |lines: &[String]| {
            let result = follow(lines);
            assert!(
                matches!(result, Err(ReviewLogError::Unchained)),
                "{lines:?}"
            );
        };
        let lines = with_a_gap();
        check(&[lines[0].clone(), lines[2].clone()]);
        check(&[lines[1].clone(), lines[2].clone()]);
        let hash = |line: &str| line[line.rfind(':').unwrap()..].to_owned();
        let other = lines[1].replace(&hash(&lines[1]), &hash(&lines[0]));
        check(&[lines[0].clone(), other, lines[2].clone()]);
        let mut changed = lines;
        changed[2] = changed[2].replace("good_form", "bad_form");
        assert!(matches!(follow(&changed), Err(ReviewLogError::Changed)));
    }

    #[test]
    fn a_loss_that_was_accepted_is_a_line_of_the_chain() {
        let mut lines = log(2);
        let mut chain = Chain::default();
        for line in &lines {
            chain.follow(line.trim_end()).unwrap();
        }
        let hash = "0a1b".to_owned();
        let mut lost = LostReviews {
            sequence: 0,
            at: "2026-03-01T09:30:00Z".to_owned(),
            lost: vec![ReviewsHead { sequence: 7, hash }],
            previous: String::new(),
            hash: None,
        };
        lines.push(chain.seal_lost(&mut lost).unwrap());
        assert_eq!((lost.sequence, chain.head().unwrap().sequence), (3, 3));
        lines.push(chain.seal(&mut review(5, "bad")).unwrap());
        assert_eq!(follow(&lines).unwrap(), 4);
        let mut check = Chain::default();
        check.follow(lines[0].trim_end()).unwrap();
        check.follow(lines[1].trim_end()).unwrap();
        let read = check.follow(lines[2].trim_end()).unwrap();
        assert_eq!(read, LogLine::Lost(lost));
        lines[2] = lines[2].replace("\"sequence\":7", "\"sequence\":6");
        assert!(matches!(follow(&lines), Err(ReviewLogError::Changed)));
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
